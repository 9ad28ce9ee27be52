/*
 * What goes to a terminal.
 */

#include "cli.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>


bool
ig_cli_colors(void)
{
    const char  *no_color, *term;

    no_color = getenv("NO_COLOR");
    term = getenv("TERM");

    return isatty(STDOUT_FILENO) && (no_color == NULL || *no_color == '\0')
           && term && strcmp(term, "dumb") != 0;
}


size_t
ig_cli_plain(uint8_t *text, size_t len)
{
    size_t  i, n;

    n = 0;

    for (i = 0; i < len; i++) {

        if (text[i] < 0x20 || text[i] == 0x7f) {
            text[n++] = '?';

        } else if (text[i] == 0xc2 && i + 1 < len && text[i + 1] < 0xa0) {
            text[n++] = '?';
            i++;

        } else {
            text[n++] = text[i];
        }
    }

    return n;
}
