/*
 * Patterns to PCRE2's code, and what PCRE2 says about bad ones.
 */

#include "detect.h"

#include <stdlib.h>
#include <string.h>


/* characters that are not bytes */

static bool
ig_code_utf(ig_str_t pattern)
{
    size_t  i;

    for (i = 0; i < pattern.len; i++) {

        if (pattern.data[i] >= 0x80) {
            return true;
        }

        if (pattern.data[i] == '\\' && i + 1 < pattern.len) {
            i++;

            if (pattern.data[i] == 'p' || pattern.data[i] == 'P'
                || pattern.data[i] == 'X'
                || (pattern.data[i] == 'x' && i + 1 < pattern.len
                    && pattern.data[i + 1] == '{'))
            {
                return true;
            }
        }
    }

    return false;
}


static pcre2_code *
ig_code_compile(ig_code_source_t *s, ig_str_t pattern, uint32_t options)
{
    int          error;
    PCRE2_SIZE   offset;
    pcre2_code  *code;
    PCRE2_UCHAR  message[128];

    s->utf = ig_code_utf(pattern);

    options |= PCRE2_USE_OFFSET_LIMIT | PCRE2_NEVER_BACKSLASH_C
               | (s->utf ? PCRE2_UTF | PCRE2_MATCH_INVALID_UTF : 0);

    code = pcre2_compile(pattern.data, pattern.len, options, &error, &offset,
                         NULL);

    if (code) {
        return code;
    }

    if (error == PCRE2_ERROR_HEAP_FAILED) {
        s->nomem = true;
        return NULL;
    }

    message[0] = '\0';
    (void) pcre2_get_error_message(error, message, sizeof(message));

    ig_mistakes_error(s->mistakes, s->place,
                      "bad regular expression, at offset %zu: %s", offset,
                      (const char *) message);

    return NULL;
}


static pcre2_code *
ig_code_jit(ig_code_source_t *s, ig_str_t pattern, uint32_t options)
{
    pcre2_code  *code;

    code = ig_code_compile(s, pattern, options);

    if (code) {

        /* without a JIT the interpreter does the same, slower */

        (void) pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    }

    return code;
}


pcre2_code *
ig_code_new(ig_code_source_t *s, ig_str_t pattern)
{
    return ig_code_jit(s, pattern, 0);
}


/*
 * Where a match may end is not known to PCRE2 when it shall look ahead: so a
 * callout behind the pattern asks, and a wrong end is one more reason to try
 * the next way to match.  PCRE2 must not take its ways to be final, then, nor a
 * leading .* to stand at the start of a line.
 */

pcre2_code *
ig_code_new_whole(ig_code_source_t *s, ig_str_t pattern)
{
    char              *text;
    size_t             len;
    ig_code_source_t   alone;
    pcre2_code        *code;

    /* alone, for what is wrong with it, and where */

    code = ig_code_compile(s, pattern, 0);
    if (code == NULL) {
        return NULL;
    }

    pcre2_code_free(code);

    len = pattern.len + sizeof("(?:)(?C" IG_CODE_END_TEXT ")") - 1;

    text = malloc(len + 1);
    if (text == NULL) {
        s->nomem = true;
        return NULL;
    }

    memcpy(text, "(?:", 3);
    memcpy(text + 3, pattern.data, pattern.len);
    memcpy(text + 3 + pattern.len, ")(?C" IG_CODE_END_TEXT ")",
           len - 3 - pattern.len + 1);

    alone = *s;
    alone.mistakes = ig_mistakes_new();
    code = NULL;

    if (alone.mistakes) {
        code = ig_code_jit(&alone, (ig_str_t) { (const uint8_t *) text, len },
                           PCRE2_NO_AUTO_POSSESS | PCRE2_NO_DOTSTAR_ANCHOR);
        ig_mistakes_free(alone.mistakes);
    }

    s->nomem = alone.nomem || alone.mistakes == NULL;
    free(text);

    if (code == NULL && !s->nomem) {
        ig_mistakes_error(s->mistakes, s->place,
                          "this pattern cannot be a part of another; it must "
                          "not begin with (*...), and not end within \\Q or "
                          "a comment");
    }

    return code;
}
