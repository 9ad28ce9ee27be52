/*
 * Any bytes, cut into spans as they come: no crash, no finding out of place,
 * and with and without Vectorscan the same.
 *
 *     clang -fsanitize=fuzzer,address,undefined ... t/fuzz/fuzz_detect.c
 *
 * The first byte says what kind of block it is; lines become spans.
 */

#include <inference_guard/finding.h>

#include <stdlib.h>
#include <string.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


#define FUZZ_SPANS  64


static const char *const  patterns[][3] = {
    { "[12]\\d{9}", "digits", "luhn" },
    { "\\d{13,19}", "digits", "luhn" },
    { "\\+?\\d{8,15}", "digits", NULL },
    { "[A-Z]{2}\\d{2}[A-Z0-9]{11,30}", NULL, "iban" },
    { "[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)+", "@", NULL },
    { "(?:AKIA|ASIA)[0-9A-Z]{4}", "AKIA", NULL },
    { "\\d{8}-?[A-HJ-NP-TV-Z]", "digits", NULL },
    { "[A-Z]{5}\\d{4}[A-Z]", "digits", NULL },
    { "\\d{1,3}(?:\\.\\d{1,3}){3}", "digits", NULL },
    { "\\d{3}-\\d{2}-\\d{4}", "digits", NULL },
    { "\\d{2}[A-Z]{2}\\d", "digits", NULL },
    { "[A-Z]\\d{7}", "digits", NULL },
    { "\\d{6}[ -]?[0-9X]{4}", "digits", NULL },
    { "(?<=<)[a-z]{3}[0-9](?=>)", NULL, NULL },
    { "\xd8\xa7\\d{3}", NULL, NULL }
};

#define FUZZ_DETECTORS  (sizeof(patterns) / sizeof(patterns[0]))


typedef struct {
    ig_detect_t         *d;
    ig_detect_worker_t  *w;
    ig_arena_t          *arena;
    ig_findings_t        found;
    ig_rc_t              rc;
} fuzz_side_t;


static fuzz_side_t    sides[2];
static ig_detector_t  detectors[FUZZ_DETECTORS];
static ig_str_t       literals[FUZZ_DETECTORS];
static ig_str_t       words[2];


static void
fuzz_init(void)
{
    size_t           i;
    ig_policy_t      policy;
    ig_detector_t   *d;
    ig_mistakes_t   *mistakes;

    words[0] = IG_STR("id");
    words[1] = IG_STR("\xd9\x87\xd9\x88");

    for (i = 0; i < FUZZ_DETECTORS; i++) {
        d = &detectors[i];
        d->id = IG_STR("fuzz");
        d->pattern = ig_str_from_c(patterns[i][0]);
        d->validator = ig_str_from_c(patterns[i][2]);
        d->context = (ig_strs_t) { words, 2 };
        d->score_shape = i % 2 || i == 0 ? 300 : 600;
        d->score_validated = 500;
        d->weak = i == 0 ? IG_STR("1[2-9].*|.*[^0-9].*|(?<=/).*")
                         : IG_NO_STR;
        d->score_context = 850;
        d->owner = i == 2 ? IG_OWNER_PHONE : i == 3 ? IG_OWNER_IBAN
                                                    : IG_OWNER_PACK;

        if (patterns[i][1] && strcmp(patterns[i][1], "digits") == 0) {
            d->anchor = IG_ANCHOR_DIGITS;

        } else if (patterns[i][1]) {
            literals[i] = ig_str_from_c(patterns[i][1]);
            d->anchor = IG_ANCHOR_LITERALS;
            d->literals = (ig_strs_t) { &literals[i], 1 };
        }
    }

    memset(&policy, 0, sizeof(policy));
    policy.detectors = detectors;
    policy.ndetectors = FUZZ_DETECTORS;

    mistakes = ig_mistakes_new();

    for (i = 0; i < 2; i++) {
        sides[i].d = ig_detect_compile(&policy, i ? IG_DETECT_NO_VECTORSCAN : 0,
                                       mistakes);
        sides[i].w = sides[i].d ? ig_detect_worker_new(sides[i].d) : NULL;
        sides[i].arena = ig_arena_new((size_t) 64 << 20, 1 << 20);

        if (sides[i].w == NULL || sides[i].arena == NULL
            || !ig_detect_keep_values(sides[i].w))
        {
            abort();
        }
    }

    ig_mistakes_free(mistakes);
}


static unsigned
fuzz_flags(ig_block_kind_t kind, const uint8_t *p, size_t len)
{
    size_t    i;
    unsigned  flags;

    flags = kind == IG_BLOCK_QUERY ? IG_SPAN_PERCENT : IG_SPAN_TEXT;

    for (i = 0; i < len; i++) {

        if (p[i] >= 0x80) {
            flags |= IG_SPAN_FOLD;
        }

        if (kind == IG_BLOCK_BODY && p[i] == '\\' && i + 1 < len) {
            i++;
            flags |= (p[i] == 'u' || p[i] == '/' || p[i] >= 0x80)
                     ? IG_SPAN_FOLD : IG_SPAN_ESCAPED;
        }
    }

    return flags;
}


static void
fuzz_spans(ig_block_t *b, ig_span_chunk_t *chunk)
{
    size_t          start, end;
    const uint8_t  *p;

    chunk->next = NULL;
    chunk->n = 0;
    p = b->bytes.data;

    for (start = 0; start < b->bytes.len; start = end + 1) {

        for (end = start; end < b->bytes.len && p[end] != '\n'; end++) {
            /* void */
        }

        if (chunk->n == FUZZ_SPANS) {
            break;
        }

        chunk->spans[chunk->n].start = (uint32_t) start;
        chunk->spans[chunk->n].len = (uint32_t) (end - start) & 0x3ffffff;
        chunk->spans[chunk->n].flags = fuzz_flags(b->kind, p + start,
                                                  end - start) & 0x3f;
        chunk->n++;
    }

    b->spans = chunk;
}


/* each finding has a row of its own, with what a validator can take */

static void
fuzz_values(const ig_findings_t *found)
{
    size_t             i;
    const ig_value_t  *v;
    static uint64_t    seen[IG_BIT_WORDS(UINT16_MAX + 1)];

    memset(seen, 0, sizeof(seen));

    for (i = 0; i < found->n; i++) {
        v = &found->values[found->items[i].value];

        if (v->len > IG_VALUE_MAX || ig_bit_get(seen, found->items[i].value)) {
            abort();
        }

        ig_bit_set(seen, found->items[i].value);
    }
}


static bool
fuzz_same_value(const ig_value_t *a, const ig_value_t *b)
{
    return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}


static bool
fuzz_same(const ig_finding_t *a, const ig_finding_t *b)
{
    return fuzz_same_value(&sides[0].found.values[a->value],
                           &sides[1].found.values[b->value])
           && a->detector == b->detector && a->score == b->score
           && a->owner == b->owner && a->block == b->block
           && a->joined == b->joined && a->start == b->start
           && a->end == b->end;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t           i, k;
    ig_reading_t     reading;
    ig_span_chunk_t  chunk;

    if (sides[0].d == NULL) {
        fuzz_init();
    }

    if (size < 1 || size > 100000) {
        return 0;
    }

    memset(&reading, 0, sizeof(reading));
    reading.nblocks = 1;
    reading.blocks[0].kind = (ig_block_kind_t) (data[0] % 3);
    reading.blocks[0].bytes = (ig_str_t) { data + 1, size - 1 };

    fuzz_spans(&reading.blocks[0], &chunk);

    for (i = 0; i < 2; i++) {
        ig_arena_reset(sides[i].arena);

        sides[i].rc = data[0] & 0x80
            ? ig_detect_text(sides[i].w, reading.blocks[0].bytes,
                             sides[i].arena, &sides[i].found)
            : ig_detect(sides[i].w, &reading, sides[i].arena,
                        &sides[i].found);

        for (k = 0; k < sides[i].found.n; k++) {
            if (sides[i].found.items[k].start >= sides[i].found.items[k].end
                || sides[i].found.items[k].end > size - 1)
            {
                abort();
            }
        }

        fuzz_values(&sides[i].found);
    }

    if (sides[0].rc != sides[1].rc || sides[0].found.n != sides[1].found.n) {
        abort();
    }

    for (k = 0; k < sides[0].found.n; k++) {
        if (!fuzz_same(&sides[0].found.items[k], &sides[1].found.items[k])) {
            abort();
        }
    }

    return 0;
}
