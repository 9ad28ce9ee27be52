/*
 * libFuzzer: streams of documents that nearly repeat, compared and walked: the
 * same is known of both.
 *
 *     clang -g -O1 -fsanitize=fuzzer,address,undefined ... fuzz_answer_repeat.c
 */

#include <stdio.h>

#include "../unit/answer_repeat.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char  *differs;

    differs = stream_of(data, size, NULL);

    if (differs) {
        fprintf(stderr, "another result: %s\n", differs);
        abort();
    }

    return 0;
}
