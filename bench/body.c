/*
 * See body.h.  The text is written as it stands in JSON, escapes included.
 */

#include "body.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>


static const char *const  pieces[] = {
    "Summarize the following notes for the operations team. Keep the tone "
    "calm, name what changed since last week, and end with the two questions "
    "that nobody has answered yet.\\n\\n",

    "The pump on the north line was replaced on Tuesday. Pressure rose from "
    "3.2 to 4.1 bar within the hour and has been steady since, though the "
    "night shift noted a faint hum above 2,900 turns a minute.\\n",

    "- order two spare seals, the old ones were worn on one side only\\n"
    "- ask the supplier whether the hum is known\\n"
    "- move the next inspection from week 50 to week 48\\n\\n",

    "Here is the function we use to smooth the readings; please check the "
    "boundary cases:\\n\\n```c\\nfor (i = 1; i < n - 1; i++) {\\n"
    "    out[i] = (in[i - 1] + 2 * in[i] + in[i + 1]) / 4;\\n}\\n"
    "printf(\\\"%d values\\\\n\\\", n);\\n```\\n\\n",

    "Customers mostly asked about delivery times. About 15 percent wrote in "
    "the evening, and the answers they liked best were short, said what would "
    "happen next, and gave one number to call.\\n",

    "A reader might object that the sample is small. It is: 48 letters over "
    "12 days. Still, the pattern held in each of the three regions, and the "
    "cost of acting on it is close to nothing.\\n\\n",

    "Chapter 7 describes how the river was led around the old town. The canal "
    "took nine years, cost more than the walls, and was finished just in time "
    "for the flood that everyone had said would never come.\\n\\n",

    "Translate the next paragraph into plain English, keep the figures as they "
    "are, and do not add an introduction: the committee notes with concern "
    "that of 1,204 requests only 311 were answered within the period.\\n"
};

static const char *const  roles[] = { "user", "assistant" };


char *
bench_body(size_t size, bool stream)
{
    char        *body;
    size_t       len, in_message, i, k, room;
    unsigned     turn;
    const char  *tail = "\"}]}";

    body = malloc(size + 1);

    if (body == NULL || size < 256) {
        fputs("no body of that size\n", stderr);
        exit(2);
    }

    len = (size_t) snprintf(body, size, "{\"model\":\"bench-model\",%s"
                            "\"temperature\":0.7,\"max_tokens\":512,"
                            "\"messages\":[{\"role\":\"system\",\"content\":"
                            "\"You are a careful assistant.\"},"
                            "{\"role\":\"user\",\"content\":\"",
                            stream ? "\"stream\":true," : "");
    turn = 0;
    in_message = 0;

    for (i = 0; ; i = (i + 1) % (sizeof(pieces) / sizeof(pieces[0]))) {
        room = size - len - strlen(tail);
        k = strlen(pieces[i]);

        if (room < k + 64) {
            break;
        }

        memcpy(body + len, pieces[i], k);
        len += k;
        in_message += k;

        if (in_message > 2000) {
            len += (size_t) sprintf(body + len, "\"},{\"role\":\"%s\","
                                    "\"content\":\"", roles[++turn % 2]);
            in_message = 0;
        }
    }

    memset(body + len, '.', room);
    len += room;
    memcpy(body + len, tail, strlen(tail) + 1);

    return body;
}
