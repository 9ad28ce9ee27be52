/*
 * Every mistake is told with its place: a table of bad files and what must be
 * said about each.
 */

#include "policy_fixture.h"


/* beginnings that many files share; a place counts the lines of these too */

#define V      "version: 1\n"
#define SA     V "jurisdiction: SA\nlaw: {l: {title: t, article: a, source: s}}\n"
#define DET    "detectors: {sa.id: {pattern: x, score: {shape: 1}}}\n"
#define RULE   SA DET "rules:\n  - id: r\n    law: l\n"
#define END    V "endpoints:\n  e:\n"
#define ENDOK  "    upstream: u\n    country: SA\n    operators: [SA]\n"         \
               "    dialects: openai\n    addresses: 10.0.0.0/8\n"
#define TEN    V "tenants:\n  t:\n    home: SA\n    subjects: s\n"
#define POL    V "policy:\n"

#define D64    "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"


typedef struct {
    const char  *text;
    const char  *expected;     /* "line:column: part of the message"; "+2 " at
                                  the beginning: and two more in this file */
} ig_case_t;


static const ig_case_t  cases[] = {

    /* not a rule file at all */
    { "", "a.yaml: the file holds nothing" },
    { "# nothing\n", "a.yaml: the file holds nothing" },
    { "\xff\xfe" "v\0e\0", "a.yaml: the file is UTF-16" },
    { "\xef\xbb\xbf" V "jurisdiction: SA\n", "1:1: a byte order mark" },
    { V "jurisdiction: S\xef\xbb\xbf" "A\n", "2:16: a byte order mark" },
    { V "title: \"\xc3\xa9\xe9\"\n", "2:11: bytes that are not UTF-8" },
    { V "title: a\rb\n", "2:9: a carriage return without" },
    { V "title: a\x01\n", "2:9: a control character" },
    { V "title: a\xc2\x85\n", "2:9: a control character" },
    { V "title: a\xe2\x80\xa8\n", "2:9: a Unicode line separator" },
    { "- a\n", "1:1: a rule file must be a map (key: value), but this is a "
      "list" },
    { "version\n", "1:1: a rule file must be a map" },
    { V "law: [\n", "3:1: this is not YAML" },
    { V "law: {a: b\n\tc: d}\n", "3:1: this is not YAML" },
    { V "rules: [*]\n", "2:10: this is not YAML" },
    { V "jurisdiction: &a SA\n", "2:15: an anchor (&a) is not allowed" },
    { V "jurisdiction: *a\n", "2:15: an alias (*a) is not allowed" },
    { V "jurisdiction: !!str SA\n", "2:15: a tag (!...) is not allowed" },
    { V "law: !x {}\n", "+1 2:6: a tag (!...) is not allowed" },
    { V "law: &x {}\n", "+1 2:6: an anchor (&x) is not allowed" },
    { V "jurisdiction: SA\n---\n" V, "3:1: a second document begins here" },
    { "%YAML 1.1\n---\n" V "jurisdiction: SA\n", "1:1: a YAML directive" },
    { V "? {a: b}\n: c\n", "2:3: a key must be a word, not a map" },
    { V "? [a]\n: {x: {y: z}}\n", "2:3: a key must be a word, not a list" },
    { "a: [[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]\n", "1:19: nested more than 16" },

    /* keys */
    { V "juristiction: SA\n", "2:1: unknown key \"juristiction\" of a rule "
      "file; did you mean \"jurisdiction\"?" },
    { V "zzz: 1\njurisdiction: SA\n", "2:1: unknown key \"zzz\" of a rule file;"
      " known are: version, jurisdiction, title," },
    { V "jurisdiction: SA\njurisdiction: AE\n",
      "3:1: duplicate key \"jurisdiction\"; it is already in line 2" },
    { V "\"jurisdiction\": SA\njurisdiction: SA\n", "3:1: duplicate key" },
    { "jurisdiction: SA\n", "1:1: a rule file needs the key \"version\"" },
    { "version: 2\njurisdiction: SA\n", "1:10: version \"2\" is not known" },
    { "version: 1.0\njurisdiction: SA\n", "1:10: version \"1.0\" is not" },
    { "version:\njurisdiction: SA\n", "\"version\" is empty" },
    { V, "1:1: the file says nothing" },
    { V "title: x\n", "1:1: the file says nothing" },
    { V "rules: {}\n", "2:8: \"rules\" must be a list (- item), but this is a "
      "map" },
    { V "rules: []\n", "2:8: \"rules\" is empty" },
    { V "detectors: x\n", "2:12: \"detectors\" must be a map (key: value), but "
      "this is a single value" },
    { V "tenants:\n", "\"tenants\" must be a map (key: value), but this is "
      "nothing" },
    { V "jurisdiction: SA\ntitle: \"a\\u0007\"\n", "3:8: \"title\" must be one "
      "line without control" },

    /* columns count bytes: 2 of each letter here, as editors' offsets do */
    { V "jurisdiction: SA\nlaw: {\"\xc3\xa9\xc3\xa9\": {tile: x}}\n",
      "+3 3:16: unknown key \"tile\" of a law" },
    { "version: 1\r\njurisdiction: SA\r\ntile: x\r\n",
      "3:1: unknown key \"tile\"" },

    /* countries */
    { V "jurisdiction: UK\n", "2:15: unknown country or group \"UK\"; did you "
      "mean \"GB\"?" },
    { V "jurisdiction: sa\n", "2:15: unknown country or group \"sa\"; did you "
      "mean \"SA\"?" },
    { V "jurisdiction: eu\n", "did you mean \"EU\"?" },
    { V "jurisdiction: KSA\n", "did you mean \"SA\"?" },
    { V "jurisdiction: XX\n", "2:15: unknown country or group \"XX\"; write "
      "two capital letters of ISO 3166-1" },
    { V "jurisdiction: [SA]\n", "2:15: \"jurisdiction\" must be a single "
      "value, but this is a list" },
    { POL "  groups: {adequate: [CH]}\njurisdiction: adequat\n",
      "4:15: unknown country or group \"adequat\"; did you mean "
      "\"adequate\"?" },

    /* law */
    { V "jurisdiction: SA\nlaw: {l: {title: t, article: a}}\n",
      "3:7: a law needs the key \"source\"" },
    { V "jurisdiction: SA\nlaw: {l: {title: t, source: s}}\n",
      "3:7: a law needs the key \"article\"" },
    { V "jurisdiction: SA\nlaw: {l: {title: , article: a, source: s}}\n",
      "\"title\" is empty" },
    { V "jurisdiction: SA\nlaw: {\"a b\": {title: t, article: a, source: s}}\n",
      "3:7: \"a b\" is no name" },

    /* detectors */
    { SA "detectors: {sa.id: {title: x}}\n",
      "4:13: a detector needs the key \"pattern\"" },
    { SA "detectors: {sa.id: {pattern: \"\"}}\n", "4:30: the pattern is empty" },
    { SA "detectors: {ae.id: {pattern: x}}\n", "4:13: detector \"ae.id\" in "
      "the pack of SA; its id must begin with \"sa.\"" },
    { SA "detectors: {sa: {pattern: x}}\n", "its id must begin with \"sa.\"" },
    { V "detectors: {Iban: {pattern: x}}\n", "2:13: a detector's id has no "
      "capital letters" },
    { V "detectors: {x: {pattern: x, validator: lun}}\n",
      "2:40: unknown validator \"lun\"; did you mean \"luhn\"?" },
    { V "detectors: {x: {pattern: x, validator: qqqqqq}}\n",
      "2:40: unknown validator \"qqqqqq\"; known are: iban, luhn" },
    { V "detectors: {x: {pattern: x, validator: {unofficial: true}}}\n",
      "2:29: a validator needs the key \"name\"" },
    { V "detectors: {x: {pattern: x, validator: {name: luhn, unofficial: yes}}}"
      "\n", "2:65: unknown word \"yes\"; known are: false, true" },
    { V "detectors: {x: {pattern: x, score: {shape: 1.001}}}\n",
      "2:44: \"1.001\" is not a score" },
    { V "detectors: {x: {pattern: x, score: {shape: 0.1234}}}\n",
      "2:44: \"0.1234\" is not a score" },
    { V "detectors: {x: {pattern: x, score: {shape: -1}}}\n", "\"-1\" is not" },
    { V "detectors: {x: {pattern: x, score: {shape: 1e-1}}}\n",
      "\"1e-1\" is not a score" },
    { V "detectors: {x: {pattern: x, score: {shape: .5}}}\n", "\".5\" is not" },
    { V "detectors: {x: {pattern: x, score: 0.5}}\n",
      "2:36: a score must be a map" },
    { V "detectors: {x: {pattern: x, context: []}}\n",
      "2:38: \"context\" is an empty list" },
    { V "detectors: {x: {pattern: x, context: [a, b, a]}}\n",
      "2:45: the same value is already in this list, at 2:39" },
    { V "detectors: {x: {pattern: x, kind: secrets}}\n",
      "2:35: unknown word \"secrets\"; did you mean \"secret\"?" },
    { V "detectors: {x: {pattern: x, owner: me}}\n",
      "2:36: unknown word \"me\"; known are: pack, iban, phone" },
    { V "detectors: {x: {pattern: x, anchor: [digits, a]}}\n",
      "2:37: \"digits\" in a list is the literal word" },

    /* transfers */
    { V "law: {l: {title: t, article: a, source: s}}\n"
      "transfers: {allowed: [SA], law: l}\n",
      "3:1: transfers without a jurisdiction" },
    { V "transfers: {allowed: [SA], law: l}\n",
      "+1 2:33: unknown law \"l\"" },
    { SA "transfers: {law: l}\n", "4:1: transfers needs the key \"allowed\"" },
    { SA "transfers: {allowed: [SA]}\n",
      "4:1: transfers needs the key \"law\"" },
    { SA "transfers: {allowed: [SA], law: m}\n", "4:33: unknown law \"m\"" },
    { SA "transfers: {allowed: [], law: l}\n", "4:22: \"allowed\" is an empty "
      "list" },
    { SA "transfers: {allowed: [SA], of: all, law: l}\n",
      "4:32: unknown word \"all\"; known are: any, personal_data" },
    { SA "transfers: {allowed: [SA], of: personal_data, law: l}\n",
      "4:1: warning: transfers of personal_data, but no detector" },
    { SA "transfers: {allowed: [SA, AE, SA], law: l}\n",
      "4:31: the same value is already in this list" },

    /* rules */
    { SA "rules:\n  - when: {model: m}\n    then: {block: true}\n    law: l\n",
      "5:5: a rule needs the key \"id\"" },
    { RULE, "6:5: a rule needs the key \"then\"" },
    { RULE "    then: {}\n", "8:11: then is empty" },
    { RULE "    then: {blok: true}\n", "8:12: unknown key \"blok\" of an "
      "effect; did you mean \"block\"?" },
    { RULE "    then: {block: false}\n", "8:19: block can only be true" },
    { RULE "    then: {transform: redact}\n", "8:12: transform is not there "
      "yet" },
    { RULE "    then: {destinations: []}\n", "8:26: \"destinations\" is an "
      "empty list" },
    { RULE "    then: {models: [\"*\"]}\n", "8:20: \"*\" permits every model" },
    { RULE "    then: {models: [a, \"**\"]}\n", "permits every model" },
    { RULE "    then: {flag: \"a b\"}\n", "8:18: \"a b\" is no name" },
    { RULE "    then: {block: true}\n    enforcement: warn\n",
      "9:18: unknown word \"warn\"; known are: enforce, audit" },
    { RULE "    then: {block: true}\n    when: {}\n",
      "9:11: an empty condition" },
    { RULE "    then: {block: true}\n    when: {data: sa.di}\n",
      "9:18: unknown detector \"sa.di\"; did you mean \"sa.id\"?" },
    { RULE "    then: {block: true}\n    when: {data: [sa.id, \"eg.*\"]}\n",
      "9:26: no detector matches \"eg.*\", so this can never hold" },
    { RULE "    then: {block: true}\n    when: {data: [sa.id, sa.id]}\n",
      "9:26: the same value is already in this list" },
    { RULE "    then: {block: true}\n    when: {data: []}\n",
      "9:18: \"data\" is an empty list" },
    { RULE "    then: {block: true}\n    when: {data: sa.id, score: 1.5}\n",
      "9:32: \"1.5\" is not a score that a finding can reach" },
    { RULE "    then: {block: true}\n    when: {data: sa.id, score: 0.0}\n",
      "9:32: score 0 asks for nothing" },
    { RULE "    then: {block: true}\n    when: {model: m, score: 0.5}\n",
      "9:22: score without data has no effect" },
    { RULE "    then: {block: true}\n    when: {tenant: acme}\n",
      "9:20: unknown tenant \"acme\"" },
    { RULE "    then: {block: true}\n    when: {dialect: opanai}\n",
      "9:21: unknown word \"opanai\"; did you mean \"openai\"?" },
    { RULE "    then: {block: true}\n    when: {path: v1/chat}\n",
      "9:18: a path begins with '/'" },
    { RULE "    then: {block: true}\n    when: {client_country: UK}\n",
      "9:28: unknown country or group \"UK\"; did you mean \"GB\"?" },
    { RULE "    then: {block: true}\n    when: {models: m}\n",
      "9:12: unknown key \"models\" of a condition; did you mean \"model\"?" },
    { SA "rules:\n  - id: r\n    then: {block: true}\n",
      "5:9: a rule of a jurisdiction needs the key \"law\"" },
    { SA "rules:\n  - id: r\n    then: {block: true}\n    law: k\n",
      "7:10: unknown law \"k\"" },
    { SA "rules:\n  - id: sa-transfers\n    then: {block: true}\n    law: l\n",
      "5:9: \"sa-transfers\" is the id of the rule made from" },
    { V "rules:\n  - {id: a, then: {block: true}}\n"
      "  - {id: a, then: {flag: f}}\n",
      "4:10: rule \"a\" is already defined at a.yaml:3:10" },

    /* rules that can never match, or never matter */
    { RULE "    then: {block: true}\n    when: {data: sa.id}\n"
      "    unless: {data: \"sa.*\"}\n", "6:9: the rule can never apply" },
    { RULE "    then: {block: true}\n"
      "    when: {data: sa.id, score: 0.9, model: [gpt-4*]}\n"
      "    unless: {data: sa.id, score: 0.8, model: \"gpt-*\"}\n",
      "6:9: the rule can never apply" },
    { RULE "    then: {block: true}\n    when: {client_country: [AE, SA]}\n"
      "    unless: {client_country: GCC}\n", "6:9: the rule can never apply" },
    { RULE "    then: {block: true}\n    when: {client_country: [AE, SA]}\n"
      "    unless: {client_country: EU}\n",
      "6:9: the exception can never hold" },
    { RULE "    then: {block: true}\n    when: {dialect: openai}\n"
      "    unless: {dialect: ollama}\n", "6:9: the exception can never hold" },
    { V "rules:\n  - {id: a, when: {model: m}, then: {block: true}}\n"
      "  - {id: b, when: {model: m}, then: {block: true}}\n",
      "4:10: the rule says the same as \"a\" in line 3" },
    { SA "rules:\n  - {id: a, then: {destinations: SA}, law: l}\n",
      "the rule says the same as \"sa-transfers\"" },

    /* endpoints */
    { END "    upstream: u\n",
      "+2 3:3: an endpoint needs the key \"country\"" },
    { END "    upstream: u\n",
      "+2 3:3: an endpoint needs the key \"operators\"" },
    { END "    upstream: u\n",
      "+2 3:3: an endpoint needs the key \"dialects\"" },
    { END "    country: SA\n",
      "+2 3:3: an endpoint needs the key \"upstream\"" },
    { END ENDOK "    tier: onprem\n", "9:11: unknown word \"onprem\"; known "
      "are: edge, on-premises, cloud" },
    { END ENDOK "    scheme: htps\n", "9:13: unknown word \"htps\"; did you "
      "mean \"http" },
    { END ENDOK "    host: https://x\n", "9:11: \"https://x\" is no host" },
    { END ENDOK "    credential: {header: host, file: f}\n",
      "9:26: the header host frames the request" },
    { END ENDOK "    credential: {header: \"x y\", file: f}\n",
      "9:26: \"x y\" is no name of a header" },
    { END ENDOK "    credential: {header: x}\n",
      "9:5: a credential needs the key \"file\"" },
    { END ENDOK "    price: {currency: usd, input: 1, output: 1}\n",
      "9:23: \"usd\" is no currency" },
    { END ENDOK "    price: {currency: USD, input: 0.1234567, output: 1}\n",
      "9:35: \"0.1234567\" is not a price" },
    { END ENDOK "    price: {currency: USD, input: 1000001, output: 1}\n",
      "9:35: \"1000001\" is not a price" },
    { END ENDOK "    price: {currency: USD, input: 1}\n",
      "9:5: a price needs the key \"output\"" },
    { END ENDOK "    models: []\n", "9:13: \"models\" is an empty list" },
    { END "    upstream: u\n    country: EU\n    operators: [SA]\n"
      "    dialects: openai\n",
      "5:14: EU is a group; one country is needed" },
    { END "    upstream: u\n    country: SA\n    operators: [SA]\n"
      "    dialects: openai\n    addresses: [10.0.0.5/8]\n",
      "8:17: \"10.0.0.5/8\" has bits beyond its prefix; did you mean "
      "10.0.0.0/8?" },
    { END "    upstream: u\n    country: SA\n    operators: [SA]\n"
      "    dialects: openai\n    addresses: [\"2001:db8::1/64\"]\n",
      "did you mean 2001:db8:0:0:0:0:0:0/64?" },
    { END "    upstream: u\n    country: SA\n    operators: [SA]\n"
      "    dialects: openai\n    addresses: [10.0.0.0/40]\n",
      "8:17: \"10.0.0.0/40\" is no network" },
    { END ENDOK "  f:\n    upstream: u\n    country: DE\n    operators: SA\n"
      "    dialects: openai\n",
      "10:15: upstream \"u\" is also of endpoint \"e\", with another" },

    /* tenants */
    { V "tenants:\n  t: {keys: []}\n",
      "+1 3:3: a tenant needs the key \"home\"" },
    { V "tenants:\n  refuse: {home: SA}\n", "3:3: no tenant can be named" },
    { TEN "    keys: [\"sha256:abc\"]\n", "6:12: a key is \"sha256:\" and 64 "
      "hexadecimal digits, made by: printf %s \"$TOKEN\" | sha256sum" },
    { TEN "    keys: [\"md5:" D64 "\"]\n", "6:12: a key is" },
    { TEN "    keys: [\"sha256:" D64 "0\"]\n", "6:12: a key is" },
    { TEN "    keys: [\"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934c"
      "a495991b7852b855\"]\n", "6:12: this is the digest of an empty token" },
    { TEN "    keys: [\"sha256:" D64 "\", \"sha256:" D64 "\"]\n",
      "6:87: the same value is already in this list, at 6:12" },
    { TEN "  u: {home: AE, subjects: [x, s]}\n",
      "6:31: the same subject as of tenant \"t\" at a.yaml:5:15" },
    { TEN "    plan: gold\n", "6:11: unknown plan \"gold\"" },
    { TEN "    plan: gol\nplans: {gold: {limits: []}}\n",
      "6:11: unknown plan \"gol\"; did you mean \"gold\"?" },
    { V "plans: {p: {limits: [{of: request, max: 1}]}}\n",
      "2:27: unknown word \"request\"; did you mean \"requests\"?" },
    { V "plans: {p: {limits: [{of: requests, per: day}]}}\n",
      "2:22: a limit needs the key \"max\"" },
    { V "plans: {p: {limits: [{of: cost, max: many}]}}\n",
      "+2 2:38: \"many\" is not the max of a limit of cost" },

    /* stances */
    { POL "  jurisdictions_from: [tenants]\n",
      "3:24: unknown word \"tenants\"; did you mean \"tenant\"?" },
    { POL "  networks: {10.0.0.0/8: UK}\n", "3:26: unknown country \"UK\"; did "
      "you mean \"GB\"?" },
    { POL "  networks: {10.0.0.0: SA, 10.0.0.0/32: SA}\n",
      "3:3: the network 10.0.0.0/32 is twice" },
    { POL "  networks: {ten: SA}\n", "3:14: \"ten\" is no network" },
    { POL "  groups: {EU: [CH]}\n", "3:12: a group cannot be named \"EU\"" },
    { POL "  groups: {GCC: [CH]}\n", "3:12: a group cannot be named" },
    { POL "  groups: {all: []}\n", "3:17: \"all\" is an empty list" },
    { POL "  groups: {one: [CH], two: [one]}\n",
      "3:29: unknown country or group \"one\"" },
    { POL "  unknown_tenant: acme\n", "3:19: unknown tenant \"acme\"" },
    { POL "  unknown_tenant: refus\n", "did you mean \"refuse\"?" },
    { POL "  unknown_country: EU\n", "3:20: EU is a group" },
    { POL "  jurisdiction_without_pack: SA\n",
      "3:30: no rule file is the pack of SA" },
    { POL "  uninspectable: allow\n", "3:18: uninspectable is refuse, or" },
    { POL "  uninspectable: {endpoints: [e]}\n",
      "3:31: unknown endpoint \"e\"" },
    { POL "  uninspectable: {endpoints: []}\n",
      "3:30: \"endpoints\" is an empty list" },
    { POL "  tiers: [cloud, cloud]\n", "3:18: the same value is already in this list" },
    { POL "  tiers: [clout]\n", "3:11: unknown word \"clout\"; did you mean" },

    /* weak forms */
    { V "detectors: {x: {pattern: x, validator: luhn, weak: ''}}\n",
      "2:52: the pattern is empty" },
    { V "detectors: {x: {pattern: x, validator: luhn, weak: [a]}}\n",
      "2:52: a pattern of weak forms must be a single value" },
    { V "detectors: {x: {pattern: x, weak: a, context: y}}\n",
      "2:35: weak has no effect without a validator" },
    { V "detectors: {x: {pattern: x, validator: luhn, weak: a, "
      "score: {shape: 0.5}}}\n",
      "2:52: weak has no effect: score.shape, 0.500, is not below "
      "score.validated, 0.500" },
    { V "detectors: {x: {pattern: x, validator: lun, weak: a}}\n",
      "2:40: unknown validator \"lun\"" },

    /* nothing that only follows from a mistake is told */
    { V "juristiction: SA\nlaw: {l: {title: t, article: a, source: s}}\n"
      "transfers: {allowed: SA, law: l}\npolicy: "
      "{jurisdiction_without_pack: SA}\n",
      "2:1: unknown key \"juristiction\"" },
    { V "jurisdiction: SA\njurisdiction: AE\n"
      "detectors: {sa.x: {pattern: x}}\n",
      "3:1: duplicate key" },
    { V "jurisdiction: sa\npolicy: {jurisdiction_without_pack: SA}\n",
      "2:15: unknown country or group \"sa\"" },
    { "vesion: 1\njurisdiction: SA\n", "1:1: unknown key \"vesion\"" },
    { V "? [a]\n: b\n", "2:3: a key must be a word" },
    { V "detecters: {x: {pattern: x}}\n"
      "rules: [{id: r, when: {data: x}, then: {block: true}}]\n",
      "2:1: unknown key \"detecters\"" },
    { V "detectors: [x]\n"
      "rules: [{id: r, when: {data: [x, \"x.*\"]}, then: {block: true}}]\n",
      "2:12: \"detectors\" must be a map" },
    { V "detectors: {X.y: {pattern: x}}\n"
      "rules: [{id: r, when: {data: [x.y, \"x.*\"]}, then: {block: true}}]\n",
      "2:13: a detector's id has no capital letters" },
    { SA "detectors: {ae.id: {pattern: x}}\n"
      "rules: [{id: r, when: {data: [sa.id, \"sa.*\"]}, "
      "then: {block: true}, law: l}]\n",
      "4:13: detector \"ae.id\" in the pack of SA" },
    { V "detectors: {\"a b\": {pattern: x}}\n"
      "rules: [{id: r, when: {data: \"a b\"}, then: {block: true}}]\n",
      "2:13: \"a b\" is no name" },
    { SA DET "rules: [{id: r, when: {data: sa.id}, then: {block: true}, "
      "laws: l}]\n", "5:59: unknown key \"laws\" of a rule" },
    { V "jurisdiction: SA\nlow: {l: {title: t, article: a, source: s}}\n"
      "transfers: {allowed: SA, law: l}\n",
      "3:1: unknown key \"low\" of a rule file" },
    { V "jurisdiction: SA\nlaw: [l]\n"
      "transfers: {allowed: SA, law: l}\n",
      "3:6: \"law\" must be a map" },
    { RULE "    then: {block: true}\n    when: {dta: sa.id, score: 0.6}\n",
      "9:12: unknown key \"dta\" of a condition" },
    { RULE "    then: {block: true}\n    when: {client_country: *a}\n"
      "    unless: {client_country: SA}\n", "9:28: an alias" },
    { SA "transfers: {allowed: [SA, UK], law: l}\n"
      "rules: [{id: r, then: {destinations: SA}, law: l}]\n",
      "4:27: unknown country or group \"UK\"" },
    { END ENDOK "    scheme: htps\n  f:\n    scheme: https\n" ENDOK,
      "9:13: unknown word \"htps\"" },
    { END "    upstream: u\n    cuntry: SA\n    operators: SA\n"
      "    dialects: openai\n", "5:5: unknown key \"cuntry\"" },
    { POL "  group: {own: [CH]}\n  unknown_country: CH\n"
      "rules: [{id: r, then: {destinations: own}}]\n",
      "3:3: unknown key \"group\" of the policy" },
    { POL "  groups: {own: [UK]}\n"
      "rules: [{id: r, then: {destinations: own}}]\n",
      "3:18: unknown country or group \"UK\"" },
    { POL "  groups: [own]\n"
      "rules: [{id: r, then: {destinations: own}}]\n",
      "3:11: \"groups\" must be a map" },
    { V "tenant: {t: {home: SA}}\npolicy: {unknown_tenant: t}\n",
      "2:1: unknown key \"tenant\"" },
    { V "tenants: {\"a b\": {home: SA, subjects: s}}\n"
      "policy: {unknown_tenant: a b}\n", "2:11: \"a b\" is no name" },
    { V "endpoints: x\npolicy: {uninspectable: {endpoints: e}}\n",
      "2:12: \"endpoints\" must be a map" },
    { TEN "    plan: p\nplan: {p: {limits: []}}\n",
      "7:1: unknown key \"plan\" of a rule file" },

    /* and a mistake hides none of another kind */
    { V "jurisdiction: QQ\ntransfers: {allowed: SA, law: y}\n"
      "rules: [{id: r, when: {data: z}, then: {block: true}}]\n",
      "+3 4:30: unknown detector \"z\"" },
    { V "jurisdiction: QQ\ntransfers: {allowed: SA, law: y}\n"
      "rules: [{id: r, when: {data: z}, then: {block: true}}]\n",
      "+3 4:14: a rule of a jurisdiction needs the key \"law\"" },
    { V "jurisdiction: QQ\ntransfers: {allowed: SA, law: y}\n"
      "rules: [{id: r, when: {data: z}, then: {block: true}}]\n",
      "+3 3:31: unknown law \"y\"" },
    { V "tenants: [x]\nrules: [{id: r, when: {data: z}, "
      "then: {block: true}}]\n", "+1 3:30: unknown detector \"z\"" },
    { V "tenants: {\"a b\": {home: SA}}\npolicy: {unknown_tenant: tom}\n",
      "+1 3:26: unknown tenant \"tom\"" },
    { RULE "    then: {flag: [\"a b\", \"\"], models: [\"*\", \"\"]}\n",
      "+3 8:19: \"a b\" is no name" },
    { RULE "    then: {block: true}\n    when: {path: [\"\", v1]}\n",
      "+1 9:23: a path begins with '/'" },
    { TEN "  u: {home: AE, subjects: [\"\", s]}\n",
      "+1 6:32: the same subject as of tenant \"t\"" },

    /* warnings */
    { V "rules: [{id: a, then: {flag: f}}]\n",
      "-: warning: no rule file has a jurisdiction" },
    { SA, "3:7: warning: no rule rests on the law \"l\"" },
    { SA "transfers: {allowed: [AE], law: l}\n",
      "4:1: warning: the allowed transfers leave out the jurisdiction" },
    { END "    upstream: u\n    country: SA\n    operators: [SA]\n"
      "    dialects: openai\n",
      "3:3: warning: endpoint \"e\" has no addresses" },
    { V "tenants: {t: {home: SA}}\n",
      "2:11: warning: tenant \"t\" has neither keys nor subjects" },
    { V "detectors: {x: {pattern: x}}\n",
      "2:13: warning: a finding scores at most 0.300" },
    { V "plans: {p: {limits: [{of: calls, per: task, max: 1}]}}\n",
      "2:9: warning: no tenant has the plan \"p\"" },
};


/* the message must follow a line's beginning, a file's name or both */

static bool
said(const char *text, const char *expected)
{
    size_t       len;
    const char  *line;

    len = strlen(expected);

    for (line = text; *line; line = strchr(line, '\n') + 1) {

        if (strncmp(line, expected, len) == 0
            || (strncmp(line, "a.yaml:", 7) == 0
                && strncmp(line + 7, expected, len) == 0))
        {
            return true;
        }

        /* no place expected: somewhere in the line */

        if ((expected[0] < '0' || expected[0] > '9') && expected[0] != '-'
            && strstr(line, expected)
            && strstr(line, expected) < strchr(line, '\n'))
        {
            return true;
        }
    }

    return false;
}


static void
bad_files(void **state)
{
    char            text[8192];
    size_t          i, failed;
    unsigned        more;
    const char     *expected;
    ig_policy_t    *p;
    ig_source_t     s;
    ig_mistakes_t  *m;

    (void) state;

    failed = 0;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        expected = cases[i].expected;
        more = 0;

        if (expected[0] == '+') {
            more = (unsigned) (expected[1] - '0');
            expected += 3;
        }

        m = ig_mistakes_new();
        s = fixture_source("a.yaml", cases[i].text);
        p = ig_policy_read(&s, 1, m);

        fixture_print(m, text, sizeof(text));

        /* the mistake, and nothing that only follows from it */

        if (p == NULL || !said(text, expected)
            || ig_mistakes_errors(m)
               != (strstr(expected, "warning") ? 0
                   : 1u + more))
        {
            print_error("----\n%s---- expected: %s\n---- said:\n%s",
                        cases[i].text, cases[i].expected, text);
            failed++;
        }

        ig_policy_free(p);
        ig_mistakes_free(m);
    }

    assert_int_equal(failed, 0);
}


static void
all_in_one_run(void **state)
{
    char            text[8192];
    ig_policy_t    *p;
    ig_source_t     s[3];
    ig_mistakes_t  *m;

    (void) state;

    m = ig_mistakes_new();

    s[0] = fixture_source("b.yaml",
        V "jurisdiction: SA\n"
        "tile: x\n"
        "detectors: {ae.x: {pattern: x, validator: none}}\n"
        "rules:\n"
        "  - {id: a, when: {data: q.*}, then: {}, law: z}\n"
        "  - {id: b, when: {client_country: SA},"
        " unless: {client_country: SA}, then: {flag: f}, law: z}\n");
    s[1] = fixture_source("a.yaml", V "endpoints: {e: {country: UK}}\n");
    s[2] = fixture_source("c.yaml", V "policy: {unknown_tenant: x}\n");

    p = ig_policy_read(s, 3, m);
    assert_non_null(p);
    ig_policy_free(p);
    fixture_print(m, text, sizeof(text));

    assert_string_equal(text,
        "a.yaml:2:13: an endpoint needs the key \"dialects\"\n"
        "a.yaml:2:13: an endpoint needs the key \"operators\"\n"
        "a.yaml:2:13: an endpoint needs the key \"upstream\"\n"
        "a.yaml:2:26: unknown country \"UK\"; did you mean \"GB\"?\n"
        "b.yaml:3:1: unknown key \"tile\" of a rule file; did you mean "
        "\"title\"?\n"
        "b.yaml:4:13: detector \"ae.x\" in the pack of SA; its id must begin "
        "with \"sa.\"\n"
        "b.yaml:4:43: unknown validator \"none\"; known are: iban, luhn\n"
        "b.yaml:6:26: no detector matches \"q.*\", so this can never hold\n"
        "b.yaml:6:38: then is empty, so the rule does nothing; it needs block, "
        "destinations, operators, models or flag\n"
        "b.yaml:6:47: unknown law \"z\"; define it under \"law\" of this file\n"
        "b.yaml:7:93: unknown law \"z\"; define it under \"law\" of this file\n"
        "c.yaml:2:26: unknown tenant \"x\"; no rule file defines it\n");

    ig_mistakes_free(m);
}


/* a file that cannot be read is one mistake, not one for each name in it */

static void
unreadable_file_hides_names(void **state)
{
    char            text[8192];
    ig_policy_t    *p;
    ig_source_t     s[2];
    ig_mistakes_t  *m;

    (void) state;

    m = ig_mistakes_new();

    s[0] = fixture_source("a.yaml", V "policy: {unknown_tenant: x}\n"
                          "rules: [{id: r, when: {data: d}, "
                          "then: {block: true}}]\n");
    s[1] = fixture_source("b.yaml", V "tenants: [\n");

    p = ig_policy_read(s, 2, m);
    assert_non_null(p);
    ig_policy_free(p);
    fixture_print(m, text, sizeof(text));

    assert_non_null(strstr(text, "b.yaml:3:1: this is not YAML"));
    assert_int_equal(ig_mistakes_count(m), 1);

    ig_mistakes_free(m);
}


static void
across_files(void **state)
{
    size_t          i, k;
    char            text[4096];
    ig_policy_t    *p;
    ig_source_t     s[2];
    ig_mistakes_t  *m;

    static const char *const  pairs[][3] = {
        { V "detectors: {x: {pattern: x}}\n",
          V "detectors: {x: {pattern: y}}\n",
          "b.yaml:2:13: detector \"x\" is already defined at a.yaml:2:13" },
        { V "tenants: {x: {home: SA}}\n", V "tenants: {x: {home: AE}}\n",
          "b.yaml:2:11: tenant \"x\" is already defined at a.yaml:2:11" },
        { V "endpoints: {x: {}}\n", V "endpoints: {x: {country: SA}}\n",
          "b.yaml:2:13: endpoint \"x\" is already defined at a.yaml:2:13" },
        { V "plans: {x: {limits: []}}\n",
          V "plans: {x: {limits: []}}\npolicy: {}\n",
          "b.yaml:2:9: plan \"x\" is already defined at a.yaml:2:9" },
        { V "rules: [{id: x, then: {block: true}}]\n",
          V "rules: [{id: x, then: {flag: f}}]\n",
          "b.yaml:2:14: rule \"x\" is already defined at a.yaml:2:14" },
        { V "jurisdiction: SA\n", V "jurisdiction: SA\ntitle: x\n",
          "b.yaml:2:15: SA already has a pack at a.yaml:2; a jurisdiction" },
        { V "policy: {unknown_country: SA}\n",
          V "policy: {unknown_country: AE}\n",
          "b.yaml:2:1: policy is already at a.yaml:2" },
        { V "tenants: {x: {home: SA, keys: \"sha256:" D64 "\"}}\n",
          V "tenants: {y: {home: SA, keys: \"sha256:" D64 "\"}}\n",
          "b.yaml:2:31: the same key as of tenant \"x\" at a.yaml:2:31" },
        { V "jurisdiction: SA\n", V "jurisdiction: SA\n",
          "b.yaml: the same file as a.yaml" },
    };

    (void) state;

    for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        for (k = 0; k < 2; k++) {

            m = ig_mistakes_new();
            s[k] = fixture_source("a.yaml", pairs[i][0]);
            s[1 - k] = fixture_source("b.yaml", pairs[i][1]);

            p = ig_policy_read(s, 2, m);
            assert_non_null(p);
            ig_policy_free(p);
            fixture_print(m, text, sizeof(text));

            if (strstr(text, pairs[i][2]) == NULL) {
                fail_msg("expected: %s\nsaid:\n%s", pairs[i][2], text);
            }

            ig_mistakes_free(m);
        }
    }
}


/* a token that was written where its digest belongs is not printed */

static void
no_token_in_a_message(void **state)
{
    char            text[4096];
    ig_policy_t    *p;
    ig_source_t     s;
    ig_mistakes_t  *m;

    (void) state;

    m = ig_mistakes_new();
    s = fixture_source("a.yaml", TEN "    keys: [sk-very-secret]\n");

    p = ig_policy_read(&s, 1, m);
    assert_non_null(p);
    ig_policy_free(p);
    fixture_print(m, text, sizeof(text));
    assert_non_null(strstr(text, "a.yaml:6:12: a key is"));
    assert_null(strstr(text, "sk-very-secret"));

    ig_mistakes_free(m);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(bad_files),
        cmocka_unit_test(all_in_one_run),
        cmocka_unit_test(unreadable_file_hides_names),
        cmocka_unit_test(across_files),
        cmocka_unit_test(no_token_in_a_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
