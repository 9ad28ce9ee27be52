/*
 * Three numbers, hidden in the ways that keep them readable for a model: each
 * must be found.  Through ig_read() and ig_detect(), as a request comes.
 *
 * Not here, as nobody promises them: letters of other alphabets that look
 * alike, base64, HTML.
 */

#include "detect_helper.h"


#define BS  "\\"


static const test_row_t  rows[] = {
    { "sa.id", "[12]\\d{9}", "digits", "luhn", NULL, 0, 0, false },
    { "card", "(?<![0-9])(?:4[0-9]{15}|4[0-9]{3}(?:[ ./-][0-9]{4}){3}"
      "|(?<![0-9][ ./-])4(?:[ ./-][0-9]){15}(?![ ./-][0-9]))(?![0-9])",
      "digits", "luhn", NULL, 0, 0, false },
    { "iban", "DE\\d{20}", "digits", "iban", NULL, 0, IG_OWNER_IBAN, false },
    { "mail", "[a-z]{2,9}@[a-z]{2,9}\\.[a-z]{2,3}", "@", NULL, NULL, 600, 0,
      false }
};

/* in the groups that people write */
static const char *const  numbers[][2] = {
    { "sa.id", "200 000 0006" },
    { "card", "4111 1111 1111 1111" },
    { "iban", "DE89 3704 0044 0532 0130 00" },
    { "iban", "de89 3704 0044 0532 0130 00" },
    { "iban", "De89 3704 0044 0532 0130 00" }
};

#define N_NUMBERS  (sizeof(numbers) / sizeof(numbers[0]))

static test_t  t;
static size_t  missed;


static int
setup(void **state)
{
    (void) state;

    assert_true(test_open(&t, rows, sizeof(rows) / sizeof(rows[0]), 0));
    missed = 0;

    return 0;
}


static int
teardown(void **state)
{
    (void) state;

    test_close(&t);

    return 0;
}


static size_t
utf8(unsigned c, char *out)
{
    if (c < 0x80) {
        out[0] = (char) c;
        return 1;
    }

    if (c < 0x800) {
        out[0] = (char) (0xc0 | c >> 6);
        out[1] = (char) (0x80 | (c & 0x3f));
        return 2;
    }

    if (c < 0x10000) {
        out[0] = (char) (0xe0 | c >> 12);
        out[1] = (char) (0x80 | (c >> 6 & 0x3f));
        out[2] = (char) (0x80 | (c & 0x3f));
        return 3;
    }

    out[0] = (char) (0xf0 | c >> 18);
    out[1] = (char) (0x80 | (c >> 12 & 0x3f));
    out[2] = (char) (0x80 | (c >> 6 & 0x3f));
    out[3] = (char) (0x80 | (c & 0x3f));
    return 4;
}


/* a way to write: 0 leaves a part as it is */
typedef struct {
    unsigned    zero;          /* of a script of digits */
    unsigned    between;       /* characters of a group */
    unsigned    separator;     /* of groups; 1: none */
    bool        each;          /* the separator stands between all */
} form_t;

static void
write_form(const char *number, const form_t *f, char *out)
{
    const char  *p;

    for (p = number; *p; p++) {

        if (*p == ' ') {
            if (f->separator != 1 && !f->each) {
                out += utf8(f->separator ? f->separator : ' ', out);
            }

            continue;
        }

        if (p > number && f->each) {
            out += utf8(f->separator, out);
        }

        if (p > number && f->between) {
            out += utf8(f->between, out);
        }

        out += utf8(f->zero && *p <= '9' ? f->zero + (unsigned) (*p - '0')
                                         : (unsigned) *p, out);
    }

    *out = '\0';
}


/* every character as an escape, `level` strings deep */

static void
write_escaped(const char *text, unsigned level, char *out)
{
    unsigned  i;

    for ( /* void */ ; *text; text++) {

        for (i = 0; i < 1u << level; i++) {
            *out++ = '\\';
        }

        out += sprintf(out, "u%04x", (unsigned) *text);
    }

    *out = '\0';
}


static bool
found(const ig_request_t *r, const char *id)
{
    size_t  i;

    ig_arena_reset(t.arena);

    if (ig_read(r, t.arena, &t.reading) != IG_OK
        || t.reading.reason != IG_REASON_NONE)
    {
        return false;
    }

    t.rc = ig_detect(t.w, &t.reading, t.arena, &t.found);

    for (i = 0; t.rc == IG_OK && i < t.found.n; i++) {
        if (ig_str_eq(t.detectors[t.found.items[i].detector].id,
                      ig_str_from_c(id)))
        {
            return true;
        }
    }

    return false;
}


static ig_request_t
request(const char *body)
{
    ig_request_t  r;

    memset(&r, 0, sizeof(r));
    r.method = IG_STR("POST");
    r.path = IG_STR("/v1/chat/completions");
    r.content_type = IG_STR("application/json");
    r.has_body = true;
    r.body = ig_str_from_c(body);

    return r;
}


static void
must(bool hit, const char *what, const char *id, const char *text)
{
    if (!hit) {
        missed++;
        print_error("missed: %s, %s: %.200s\n", what, id, text);
    }
}


static void
must_body(const char *body, const char *what, const char *id)
{
    ig_request_t  r;

    r = request(body);
    must(found(&r, id), what, id, body);
}


static void
must_text(const char *text, const char *what, const char *id)
{
    (void) snprintf(t.body, sizeof(t.body), "{\"model\":\"m\",\"messages\":["
                    "{\"role\":\"user\",\"content\":\"%s\"}]}", text);
    must_body(t.body, what, id);
}


static void
scripts_and_separators(void **state)
{
    char        text[2048], what[64];
    size_t      i, k, n;
    form_t      f;

    static const unsigned  zeros[] = {
        0, 0xff10, 0x0660, 0x06f0, 0x0966, 0x09e6, 0x0e50, 0x1040, 0x1d7ce,
        0x1d7ec, 0x1d7f6, 0x1fbf0
    };
    static const unsigned  between[] = {
        0, 0x200b, 0x200c, 0x200d, 0x2060, 0xfeff, 0x00ad, 0x200e, 0x200f,
        0x061c, 0x202a, 0x202c, 0x202e, 0x2066, 0x2069, 0x0301, 0x0332, 0x20dd,
        0x034f, 0xfe0f, 0x180e, 0x2061, 0xe0061, 0xe0100, 0x115f, 0x3164
    };
    static const unsigned  separators[] = {
        0, 1, '-', '.', '/', 0xa0, 0x1680, 0x2000, 0x2002, 0x2007, 0x2009,
        0x200a, 0x202f, 0x205f, 0x3000, 0x2010, 0x2011, 0x2012, 0x2013, 0x2014,
        0x2015, 0x2212, 0xfe58, 0xfe63, 0xff0d, 0xff0e, 0xff0f, 0x2024, 0x2044,
        0x2215, 0x058a, 0x301c
    };

    (void) state;

    for (n = 0; n < N_NUMBERS; n++) {
        for (i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++) {
            for (k = 0; k < sizeof(between) / sizeof(between[0]); k++) {
                f = (form_t) { zeros[i], between[k], k % 2, false };
                write_form(numbers[n][1], &f, text);
                (void) sprintf(what, "zero %x between %x", zeros[i],
                               between[k]);
                must_text(text, what, numbers[n][0]);
            }
        }

        for (k = 0; k < sizeof(separators) / sizeof(separators[0]); k++) {
            (void) sprintf(what, "separator %x", separators[k]);
            f = (form_t) { 0, 0, separators[k], false };
            write_form(numbers[n][1], &f, text);
            must_text(text, what, numbers[n][0]);

            if (separators[k] > 1) {
                (void) strcat(what, " each");
                f.each = true;
                write_form(numbers[n][1], &f, text);
                must_text(text, what, numbers[n][0]);
            }
        }
    }

    assert_int_equal(missed, 0);
}


static void
full_width_letters_of_ibans(void **state)
{
    (void) state;

    must_text("\xef\xbc\xa4\xef\xbc\xa5" "89370400440532013000", "full width",
              "iban");
    must_text("\xef\xbd\x84\xef\xbd\x85" "89370400440532013000", "full width",
              "iban");
    must_text("\xf0\x9d\x90\x83\xf0\x9d\x90\x84" "89 3704 0044 0532 0130 00",
              "bold", "iban");
    must_text("DE 89 3704 0044 0532 0130 00", "DE apart", "iban");
    must_text("DE-89-3704-0044-0532-0130-00", "DE apart", "iban");
    must_text("a" BS "nDE 89 3704 0044 0532 0130 00", "DE apart", "iban");
    must_text("a" BS BS "nde 89 3704 0044 0532 0130 00", "DE apart", "iban");
    must_text("D-E89370400440532013000", "D apart", "iban");
    must_text("IBAN:DE89370400440532013000.", "a word before", "iban");
    must_text("IBAN_DE89370400440532013000_", "underscores", "iban");
    must_text("\xd8\xa7" "2000000006\xd8\xa7", "letters of Arabic", "sa.id");

    assert_int_equal(missed, 0);
}


static void
escapes(void **state)
{
    char      text[8192], json[8192], what[64];
    size_t    n;
    unsigned  level;

    (void) state;

    for (n = 0; n < N_NUMBERS; n++) {
        for (level = 0; level < 4; level++) {
            (void) sprintf(what, "escapes, %u deep", level + 1);

            write_escaped(numbers[n][1], level, text);
            must_text(text, what, numbers[n][0]);

            /* one character, in the middle */

            (void) memcpy(json, numbers[n][1], 6);
            json[6] = '\0';
            write_escaped(numbers[n][1] + 6, level, json + 6);
            (void) strcpy(json + 6 + (1u << level) + 5, numbers[n][1] + 7);
            must_text(json, what, numbers[n][0]);

            (void) strcpy(text, "k" BS BS BS "\":\\n\\t");
            (void) strcat(text, json);
            must_text(text, what, numbers[n][0]);
        }

        /* "\n" right before it, as it stands and in JSON in JSON */

        (void) sprintf(text, "a\\n%s\\n", numbers[n][1]);
        must_text(text, "\\n", numbers[n][0]);
        (void) sprintf(text, "a" BS BS "n%s" BS BS "n", numbers[n][1]);
        must_text(text, "\\\\n", numbers[n][0]);
        (void) sprintf(text, "a" BS BS BS BS "n%s", numbers[n][1]);
        must_text(text, "\\\\\\\\n", numbers[n][0]);
        (void) sprintf(text, BS "/%s" BS "/", numbers[n][1]);
        must_text(text, "\\/", numbers[n][0]);
    }

    must_text("ab" BS "u0040example.org", "@", "mail");
    must_text("ab" BS BS "u0040example.org", "@", "mail");
    must_text("ab" BS BS BS BS "u0040example.org", "@", "mail");
    must_text("ab" BS "u005cu0040example.org", "@", "mail");

    assert_int_equal(missed, 0);
}


/* between two messages or parts, at every place; and one character each */

static void
split(void **state)
{
    char        *p;
    char         plain[64], second[512];
    size_t       n, at, len, style, i;

    static const char *const  between[] = {
        "\"},{\"role\":\"user\",\"content\":\"",
        "\"},{\"role\":\"user\",\"content\":\"\"},"
        "{\"role\":\"assistant\",\"content\":\"",
        "\"},{\"role\":\"user\",\"content\":\"\xe2\x80\x8b\"},"
        "{\"role\":\"assistant\",\"content\":\"",
        "\"}]},{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"",
        "\"},{\"type\":\"text\",\"text\":\""
    };

    (void) state;

    for (n = 0; n < N_NUMBERS; n++) {
        for (style = 0; style < 20; style++) {

            write_form(numbers[n][1], &(form_t) { 0, 0, style / 5 % 2, false },
                       plain);
            len = strlen(plain);

            for (at = 0; at <= len; at++) {

                /* at == len: one character a message */

                p = t.body;
                p += sprintf(p, "{\"model\":\"m\",\"messages\":[{\"role\":"
                             "\"user\",\"content\":%s",
                             style % 5 > 2
                             ? "[{\"type\":\"text\",\"text\":\"" : "\"");

                /* long texts, of which only the ends are read together */

                if (style >= 10) {
                    p += sprintf(p, "%0*d ", 1000, 0);
                }

                for (i = 0; i < len; i++) {
                    if (i && (i == at || at == len)) {
                        p += sprintf(p, "%s", between[style % 5]);
                    }

                    *p++ = plain[i];
                }

                if (style >= 10) {
                    p += sprintf(p, " %0*d", 1000, 0);
                }

                (void) sprintf(p, "\"%s}]}", style % 5 > 2 ? "}]" : "");

                must_body(t.body, "split", numbers[n][0]);
            }

            if (style % 5 < 3 && style < 10) {
                write_escaped(plain + 3, 0, second);
                (void) snprintf(t.body, sizeof(t.body), "{\"model\":\"m\","
                    "\"messages\":[{\"role\":\"user\",\"content\":\"%.3s%s%s"
                    "\"}]}", plain, between[style % 5], second);
                must_body(t.body, "split, escaped", numbers[n][0]);
            }
        }
    }

    assert_int_equal(missed, 0);
}


static void
places_in_bodies(void **state)
{
    char    text[512], plain[64];
    size_t  n, i, k;

    static const char *const  bodies[] = {
        "{\"%s\":1,\"model\":\"m\",\"messages\":[]}",
        "{\"model\":\"m\",\"messages\":[],\"x\":\"%s\"}",
        "{\"model\":\"m\",\"messages\":[],\"x\":[\"a\",\"%s\"]}",
        "{\"model\":\"m\",\"messages\":[],\"x\":{\"y\":{\"%s\":null}}}",
        "{\"model\":\"m\",\"messages\":[],\"user\":\"%s\"}",
        "{\"model\":\"m\",\"messages\":[],\"metadata\":{\"a\":\"%s\"}}",
        "{\"model\":\"m\",\"messages\":[],\"stop\":[\"%s\"]}",
        "{\"model\":\"%s\",\"messages\":[]}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\","
            "\"tool_calls\":[{\"id\":\"c\",\"type\":\"function\",\"function\":"
            "{\"name\":\"f\",\"arguments\":\"{" BS "\"a" BS "\":" BS "\"%s" BS
            "\"}\"}}]}]}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"tool\",\"tool_call_id\":"
            "\"c\",\"content\":\"[[" BS BS BS "\"%s" BS BS BS "\"]]\"}]}",
        "{\"model\":\"m\",\"messages\":[],\"tools\":[{\"type\":\"function\","
            "\"function\":{\"name\":\"f\",\"parameters\":{\"enum\":[\"%s\"]}}}]"
            "}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"name\":\"%s\","
            "\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":"
            "\"https://a.example/%s\"}}]}]}"
    };

    (void) state;

    for (n = 0; n < N_NUMBERS; n++) {
        write_form(numbers[n][1], &(form_t) { 0, 0, 1, false }, plain);

        for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
            for (k = 0; k < 2; k++) {
                write_escaped(plain, 0, text);
                (void) snprintf(t.body, sizeof(t.body), bodies[i],
                                k ? text : plain, plain);
                must_body(t.body, "place", numbers[n][0]);
            }
        }
    }

    /* numbers as numbers */

    must_body("{\"x\":2000000006,\"model\":\"m\",\"messages\":[]}", "number",
              "sa.id");
    must_body("{\"model\":\"m\",\"messages\":[],\"x\":[1,-2000000006]}",
              "number", "sa.id");
    must_body("{\"model\":\"m\",\"messages\":[],\"x\":4111111111111111}",
              "number", "card");

    assert_int_equal(missed, 0);
}


static void
queries_and_headers(void **state)
{
    char          text[512], percent[512];
    char         *p;
    size_t        n, i;
    ig_header_t   headers[2];
    ig_request_t  r;

    static const char *const  forms[] = { "%s", "a=%s", "a=b&%s=c", "%s=1",
                                          "a=%%22%s%%22", "x;y=%s&z" };

    (void) state;

    for (n = 0; n < N_NUMBERS; n++) {
        r = request("{\"model\":\"m\",\"messages\":[]}");

        for (i = 0; i < 2 * sizeof(forms) / sizeof(forms[0]); i++) {

            p = percent;

            for (const char *c = numbers[n][1]; *c; c++) {
                if (i % 2) {
                    p += sprintf(p, "%%%02x", (unsigned) *c);

                } else {
                    *p++ = (*c == ' ') ? '+' : *c;
                }
            }

            *p = '\0';

            (void) snprintf(text, sizeof(text), forms[i / 2], percent);
            r.args = ig_str_from_c(text);
            must(found(&r, numbers[n][0]), "query", numbers[n][0], text);
        }

        r.args = IG_NO_STR;
        headers[0] = (ig_header_t) { IG_STR("x-note"), IG_STR("a") };
        headers[1] = (ig_header_t) { IG_STR("x-client"),
                                     ig_str_from_c(numbers[n][1]) };
        r.headers = headers;
        r.nheaders = 2;
        must(found(&r, numbers[n][0]), "header", numbers[n][0],
             numbers[n][1]);
        headers[0].value = headers[1].value;
        headers[1].value = IG_STR("1");
        must(found(&r, numbers[n][0]), "header", numbers[n][0],
             numbers[n][1]);
    }

    assert_int_equal(missed, 0);
}


/* around the steps of 16, 32 and 64 bytes, and behind full chunks of spans */

static void
offsets(void **state)
{
    char    text[1024], escaped[512];
    char   *p;
    size_t  n, at, k, spans, i;

    static const size_t  many[] = { 509, 510, 511, 1019, 1020, 1021, 4095,
                                    4096, 4097 };

    (void) state;

    for (n = 0; n < N_NUMBERS; n++) {
        write_escaped(numbers[n][1], 1, escaped);

        for (at = 0; at <= 130; at++) {
            for (k = 0; k < 3; k++) {
                (void) sprintf(text, "%.*s%s%s%.*s", (int) at,
                    "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww"
                    "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww"
                    "wwwwwwwwwwwwwwwwwwwwwwww", k ? " " : "\\n",
                    k == 1 ? escaped : numbers[n][1], (int) (at % 3), "...");
                must_text(text, "offset", numbers[n][0]);
            }
        }

        for (i = 0; i < 2 * sizeof(many) / sizeof(many[0]); i++) {
            p = t.body;
            p += sprintf(p, "{\"model\":\"m\",\"messages\":[],\"xxxx\":[");

            for (spans = 0; spans < many[i / 2]; spans++) {
                p += sprintf(p, "\"%s\",", i % 2 ? "a" BS "nbcd" : "abcd");
            }

            (void) sprintf(p, "\"%s%s\"]}", i % 2 ? BS "n" : "",
                           numbers[n][1]);
            must_body(t.body, "spans before", numbers[n][0]);
        }
    }

    assert_int_equal(missed, 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(scripts_and_separators, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(full_width_letters_of_ibans, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(escapes, setup, teardown),
        cmocka_unit_test_setup_teardown(split, setup, teardown),
        cmocka_unit_test_setup_teardown(places_in_bodies, setup, teardown),
        cmocka_unit_test_setup_teardown(queries_and_headers, setup, teardown),
        cmocka_unit_test_setup_teardown(offsets, setup, teardown)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
