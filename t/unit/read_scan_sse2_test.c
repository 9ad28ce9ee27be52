/*
 * The tests of read_scan_test.c, for processors without AVX2.
 */

#define IG_SCAN_NO_AVX2 1

#include "read_scan_test.c"
