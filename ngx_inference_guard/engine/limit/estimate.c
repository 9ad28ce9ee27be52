/*
 * Tokens of text by its classes of characters.  bench/tokens/weights.mjs has
 * fitted the weights to current tokenizers, and makes the table of docs/limits.md
 * that says how far off they are.
 */

#include <inference_guard/estimate.h>


/* thousandths of a token for one character */

static const uint32_t  ig_token_weights[IG_TEXT_CLASSES] = {
    [IG_TEXT_LOWER]   = 250,
    [IG_TEXT_UPPER]   = 700,
    [IG_TEXT_DIGIT]   = 680,
    [IG_TEXT_SPACE]   = 250,
    [IG_TEXT_PUNCT]   = 380,
    [IG_TEXT_LATIN]   = 1300,
    [IG_TEXT_GREEK]   = 355,
    [IG_TEXT_SEMITIC] = 465,
    [IG_TEXT_INDIC]   = 800,
    [IG_TEXT_SYMBOL]  = 1000,
    [IG_TEXT_CJK]     = 800,
    [IG_TEXT_HANGUL]  = 720,
    [IG_TEXT_FOUR]    = 2000,
    [IG_TEXT_TAIL]    = 0
};

#define IG_TOKEN_ONE       1000

/*
 * What a provider puts around each message and each tool when it writes them
 * down for the model, and before the answer: the known formats take 3 to 5
 * tokens a message (OpenAI's Cookbook, "How to count tokens with tiktoken": 3,
 * and 3 for the answer), and about 10 a function beside its own text.
 */
#define IG_TOKENS_REQUEST  3
#define IG_TOKENS_MESSAGE  4
#define IG_TOKENS_TOOL     12

/* base64 from this length on is media, not text */
#define IG_MEDIA_MIN       1024


static uint64_t
ig_estimate_add(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}


uint64_t
ig_estimate_tokens(const ig_text_counts_t *c)
{
    size_t    i;
    uint64_t  whole, part, n;

    whole = 0;
    part = 0;

    for (i = 0; i < IG_TEXT_CLASSES; i++) {

        n = c->n[i] / IG_TOKEN_ONE;

        if (ig_token_weights[i] && n > UINT64_MAX / ig_token_weights[i]) {
            return UINT64_MAX;
        }

        whole = ig_estimate_add(whole, n * ig_token_weights[i]);
        part += c->n[i] % IG_TOKEN_ONE * ig_token_weights[i];
    }

    return ig_estimate_add(whole, (part + IG_TOKEN_ONE - 1) / IG_TOKEN_ONE);
}


/* letters and digits without a space, as no text is so long */

static bool
ig_estimate_media(const ig_text_counts_t *c, size_t len)
{
    uint64_t  letters;

    letters = c->n[IG_TEXT_LOWER] + c->n[IG_TEXT_UPPER] + c->n[IG_TEXT_DIGIT];

    return len >= IG_MEDIA_MIN && letters + c->n[IG_TEXT_PUNCT] == len
           && c->n[IG_TEXT_PUNCT] <= len / 16;
}


static void
ig_estimate_span(ig_text_counts_t *total, const ig_reading_t *r,
    const ig_block_t *b, const ig_span_t *s)
{
    ig_str_t          text;
    ig_text_counts_t  c = { { 0 } };

    text = (ig_str_t) { b->bytes.data + s->start, s->len };

    if (s->flags & (IG_SPAN_ESCAPED|IG_SPAN_FOLD)) {
        ig_text_count_json(&c, text);

    } else {
        ig_text_count(&c, text);
    }

    if (!(s->flags & IG_SPAN_TEXT)
        && (r->uninspectable & IG_UNINSPECTABLE_MEDIA)
        && ig_estimate_media(&c, s->len))
    {
        return;
    }

    ig_text_counts_add(total, &c);
}


uint64_t
ig_estimate_reading(const ig_reading_t *r)
{
    size_t                  i, k;
    uint64_t                messages;
    ig_text_counts_t        c = { { 0 } };
    const ig_block_t       *b;
    const ig_span_chunk_t  *chunk;

    messages = 0;

    for (i = 0; i < r->nblocks; i++) {

        b = &r->blocks[i];

        /* what stands in the path, the query and headers is not the model's */

        if (b->kind != IG_BLOCK_BODY) {
            continue;
        }

        for (chunk = b->spans; chunk; chunk = chunk->next) {
            for (k = 0; k < chunk->n; k++) {
                messages += (chunk->spans[k].flags & IG_SPAN_TEXT) != 0;
                ig_estimate_span(&c, r, b, &chunk->spans[k]);
            }
        }
    }

    return ig_estimate_add(ig_estimate_tokens(&c),
                           IG_TOKENS_REQUEST + messages * IG_TOKENS_MESSAGE
                           + r->tools.n * IG_TOKENS_TOOL);
}
