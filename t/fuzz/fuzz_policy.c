/*
 * The loader of rule files under libFuzzer.  No corpus is needed: the first byte
 * of the input says which of the good beginnings below comes before the rest.
 *
 * Builds with clang's -fsanitize=fuzzer from this file, the engine's base and
 * policy folders and its validators, with -lyaml -lcrypto.
 */

#include <inference_guard/policy.h>

#include <stdlib.h>
#include <string.h>


static const char *const  fuzz_heads[] = {
    "",
    "version: 1\n",
    "version: 1\njurisdiction: SA\nlaw: {l: {title: t, article: a, source: s}}\n"
    "detectors: {sa.x: {pattern: x}}\n",
    "version: 1\njurisdiction: SA\nlaw: {l: {title: t, article: a, source: s}}\n"
    "rules:\n  - id: r\n    law: l\n    then: ",
    "version: 1\ndetectors:\n  x:\n    pattern: x\n    ",
    "version: 1\nendpoints:\n  e:\n    upstream: u\n    country: SA\n    "
    "operators: SA\n    dialects: openai\n    ",
    "version: 1\ntenants:\n  t:\n    home: SA\n    ",
    "version: 1\ntenants:\n  t:\n    home: SA\n    plan: p\nplans:\n"
    "  q: {extends: p, interactive: 20%, limits: [{of: concurrent, max: 9}]}\n"
    "  p:\n    ",
    "version: 1\nplans:\n  p:\n    timezone: Asia/Riyadh\n    limits: [{of: ",
    "version: 1\npolicy:\n  "
};

#define FUZZ_HEADS  (sizeof(fuzz_heads) / sizeof(fuzz_heads[0]))


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t          i, n, head;
    char           *text;
    const char     *before;
    ig_policy_t    *p;
    ig_source_t     s[2];
    ig_mistakes_t  *m;

    if (size == 0 || size > 64 * 1024) {
        return 0;
    }

    before = fuzz_heads[data[0] % FUZZ_HEADS];
    head = strlen(before);

    text = malloc(head + size);
    if (text == NULL) {
        abort();
    }

    memcpy(text, before, head);
    memcpy(text + head, data + 1, size - 1);

    s[0].name = "fuzz.yaml";
    s[0].text = (ig_str_t) { (uint8_t *) text, head + size - 1 };
    s[1].name = "other.yaml";
    s[1].text = IG_STR("version: 1\ndetectors: {iban: {pattern: x}}\n"
                       "tenants: {a: {home: SA}}\n");

    m = ig_mistakes_new();
    p = ig_policy_read(s, 2, m);

    /* it is there, with its mistakes */

    if (p == NULL) {
        abort();
    }

    ig_mistakes_sort(m);
    n = ig_mistakes_count(m);

    for (i = 0; i < n; i++) {
        if (ig_mistakes_get(m, i)->place.line == 0
            && ig_mistakes_get(m, i)->place.column != 0)
        {
            abort();
        }
    }

    /* rows are found by their names, in a policy without mistakes */

    for (i = 0; ig_mistakes_errors(m) == 0 && i < p->ndetectors; i++) {
        if (ig_policy_detector(p, p->detectors[i].id) != i) {
            abort();
        }
    }

    ig_policy_free(p);
    ig_mistakes_free(m);
    free(text);

    return 0;
}
