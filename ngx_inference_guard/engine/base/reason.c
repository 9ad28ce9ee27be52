/*
 * The table of reasons.
 */

#include <inference_guard/reason.h>


typedef struct {
    ig_str_t  code;
    ig_str_t  text;
    unsigned  status;
    bool      retry;
} ig_reason_row_t;


#define IG_REASON_ROW(name, status, retry, text)                              \
    { { (const uint8_t *) #name, sizeof(#name) - 1 },                         \
      { (const uint8_t *) (text), sizeof(text) - 1 }, status, retry },

static const ig_reason_row_t  ig_reasons[] = {
    { { (const uint8_t *) "-", 1 }, { NULL, 0 }, 0, false },
    IG_REASONS(IG_REASON_ROW)
};


ig_str_t
ig_reason_code(ig_reason_t r)
{
    return ig_reasons[r].code;
}


ig_str_t
ig_reason_text(ig_reason_t r)
{
    return ig_reasons[r].text;
}


unsigned
ig_reason_status(ig_reason_t r)
{
    return ig_reasons[r].status;
}


bool
ig_reason_retry(ig_reason_t r)
{
    return ig_reasons[r].retry;
}
