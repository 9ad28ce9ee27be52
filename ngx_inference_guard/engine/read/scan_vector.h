/*
 * Strings, 64 bytes at a time: included by scan.c once for each vector size.
 *
 * IG_VEC(name)     the name of this instance
 * IG_VEC_TARGET    what the compiler is told for its functions
 * ig_vec_...       the vector and what can be done with it
 * IG_VECS          vectors in a block; ig_vec_all(f): one mask of f over all
 *
 * A block gives one mask of the bytes that need a look (quote, backslash,
 * control character).  They are taken from the mask one after another, so an
 * escape costs a few instructions and never a new start of the block.
 *
 * UTF-8 is checked by masks too.  Lead bytes, shifted, say where continuations
 * must be, and they must be there and nowhere else; that is all but for a few
 * lead bytes whose next byte has a narrower range.  Only a block that has one
 * of those is looked at more closely.
 *
 * The last bytes of the body are copied and filled with zeros.  A zero is a
 * control character: a string that does not end stops there.
 */


IG_VEC_TARGET static inline ig_vec_t
IG_VEC(special)(ig_vec_t v)
{
    ig_vec_t  quote, slash, control;

    quote = ig_vec_eq(v, ig_vec_set('"'));
    slash = ig_vec_eq(v, ig_vec_set('\\'));
    control = ig_vec_eq(ig_vec_min(v, ig_vec_set(0x1f)), v);

    return ig_vec_or(ig_vec_or(quote, slash), control);
}


/* signed comparison: 0x80 to 0xbf are the smallest numbers */

#define ig_vec_same(x)         (x)
#define ig_vec_cont(x)         ig_vec_gt(ig_vec_set(0xc0), x)
#define ig_vec_lead3(x)        ig_vec_gt(x, ig_vec_set(0xdf))
#define ig_vec_lead4(x)        ig_vec_gt(x, ig_vec_set(0xef))

#define ig_vec_quote(x)        ig_vec_eq(x, ig_vec_set('"'))
#define ig_vec_slash(x)        ig_vec_eq(x, ig_vec_set('\\'))
#define ig_vec_n(x)            ig_vec_eq(x, ig_vec_set('n'))


/* lead bytes of which not every continuation is good, but for f0 and above */

IG_VEC_TARGET static inline ig_vec_t
IG_VEC(narrow)(ig_vec_t v)
{
    ig_vec_t  c0, e0, ed;

    c0 = ig_vec_eq(ig_vec_and(v, ig_vec_set(0xfe)), ig_vec_set(0xc0));
    e0 = ig_vec_eq(v, ig_vec_set(0xe0));
    ed = ig_vec_eq(v, ig_vec_set(0xed));

    return ig_vec_or(ig_vec_or(c0, e0), ed);
}


/*
 * Bytes at p that may not follow the lead byte before them (Unicode 15, table
 * 3-7).
 */

IG_VEC_TARGET static inline uint64_t
IG_VEC(follow)(const uint8_t *p)
{
    ig_vec_t  v, lead, bad, below_a0, below_90;

    v = ig_vec_load(p);
    lead = ig_vec_load(p - 1);

    below_a0 = ig_vec_gt(ig_vec_set(0xa0), v);
    below_90 = ig_vec_gt(ig_vec_set(0x90), v);

    /* c0 and c1 could only be overlong; nothing is above f4 */

    bad = ig_vec_or(ig_vec_eq(ig_vec_and(lead, ig_vec_set(0xfe)),
                              ig_vec_set(0xc0)),
                    ig_vec_eq(ig_vec_max(lead, ig_vec_set(0xf5)), lead));

    /* overlong after e0 and f0, surrogates after ed, beyond 10ffff after f4 */

    bad = ig_vec_or(bad, ig_vec_and(below_a0,
                                    ig_vec_eq(lead, ig_vec_set(0xe0))));
    bad = ig_vec_or(bad, ig_vec_andnot(below_a0,
                                       ig_vec_eq(lead, ig_vec_set(0xed))));
    bad = ig_vec_or(bad, ig_vec_and(below_90,
                                    ig_vec_eq(lead, ig_vec_set(0xf0))));
    bad = ig_vec_or(bad, ig_vec_andnot(below_90,
                                       ig_vec_eq(lead, ig_vec_set(0xf4))));

    return ig_vec_mask(bad);
}


IG_VEC_TARGET static inline void
IG_VEC(utf8)(const uint8_t *b, const ig_vec_t *v, uint64_t carry,
    ig_block_masks_t *m)
{
    size_t    i;
    ig_vec_t  narrow;
    uint64_t  cont, lead2, lead3, lead4;

    m->high = ig_vec_all(ig_vec_same);

    cont = ig_vec_all(ig_vec_cont);
    lead2 = m->high & ~cont;
    lead3 = m->high & ig_vec_all(ig_vec_lead3);
    lead4 = m->high & ig_vec_all(ig_vec_lead4);

    m->bad = cont ^ (lead2 << 1 | lead3 << 2 | lead4 << 3 | carry);
    m->carry = lead2 >> 63 | lead3 >> 62 | lead4 >> 61;

    /* one byte earlier: before a string's first byte is its quote */

    narrow = IG_VEC(narrow)(ig_vec_load(b - 1));

    for (i = 1; i < IG_VECS; i++) {
        narrow = ig_vec_or(narrow,
                     IG_VEC(narrow)(ig_vec_load(b - 1 + i * sizeof(ig_vec_t))));
    }

    /* carry bit 2: the block before ends in f0 or above */

    if (lead4 | (carry & 4) | ig_vec_mask(narrow)) {
        for (i = 0; i < IG_SCAN_BLOCK; i += sizeof(ig_vec_t)) {
            m->bad |= IG_VEC(follow)(b + i) << i;
        }
    }
}


IG_VEC_TARGET static inline void
IG_VEC(masks)(const uint8_t *b, ig_block_masks_t *m)
{
    size_t    i;
    ig_vec_t  any;
    ig_vec_t  v[IG_VECS];
    uint64_t  carry;

    v[0] = ig_vec_load(b);
    any = v[0];

    for (i = 1; i < IG_VECS; i++) {
        v[i] = ig_vec_load(b + i * sizeof(ig_vec_t));
        any = ig_vec_or(any, v[i]);
    }

    m->special = ig_vec_all(IG_VEC(special));

    carry = m->carry;

    m->high = 0;
    m->bad = 0;
    m->carry = 0;

    if (carry | ig_vec_mask(any)) {
        IG_VEC(utf8)(b, v, carry, m);
    }
}


/*
 * Prompts and code are full of \n, \" and \\.  When a block has no other escape
 * before its closing quote, all of them leave the mask at once; else none does.
 *
 * Bytes that are escaped are those behind a backslash that is not itself one of
 * them: a run of backslashes is told from the parity of its first place by one
 * addition (Langdale, Lemire: Parsing Gigabytes of JSON per Second, 2019,
 * 3.1.1).  A block never begins with an escaped byte.
 */

IG_VEC_TARGET static inline void
IG_VEC(escapes)(ig_scan_t *s, const uint8_t *b, ig_block_masks_t *m)
{
    size_t    i;
    ig_vec_t  v[IG_VECS];
    uint64_t  slash, quote, n, escaped, end, inside, other;

    for (i = 0; i < IG_VECS; i++) {
        v[i] = ig_vec_load(b + i * sizeof(ig_vec_t));
    }

    slash = ig_vec_all(ig_vec_slash);
    quote = ig_vec_all(ig_vec_quote);
    n = ig_vec_all(ig_vec_n);

    escaped = slash & IG_ODD_BITS & ~(slash << 1);
    escaped = ((escaped + slash) << 1 ^ ~IG_ODD_BITS) & slash << 1;

    end = quote & ~escaped;
    inside = (end & (0 - end)) - 1;
    escaped &= inside;

    /* what may follow an escaped backslash and hides nothing: see below */

    other = (escaped & ~(quote | n | slash))
            | ((escaped & slash) << 1 & ~(quote | n))
            | (((slash & inside & ~escaped) | (escaped & slash)) >> 63);

    if (other == 0) {
        s->flags |= IG_SPAN_ESCAPED;
        m->special &= ~((slash | escaped) & inside);
    }
}


IG_VEC_TARGET static const uint8_t *
IG_VEC(string)(ig_scan_t *s, const uint8_t *p)
{
    size_t             used;
    const uint8_t     *b;
    ig_block_masks_t   m;
    uint8_t            copy[1 + IG_SCAN_DIRECT];

    m.carry = 0;

    for ( ;; ) {
        b = p;

        if (s->end - p < IG_SCAN_DIRECT) {
            b = ig_scan_copy(s, p, copy, sizeof(copy));
        }

        IG_VEC(masks)(b, &m);

        /* one or two bytes are quicker to walk */

        if (ig_above(ig_above(m.special))
            && b[__builtin_ctzll(m.special)] == '\\')
        {
            IG_VEC(escapes)(s, b, &m);
        }

        if (ig_scan_block(s, b, &m, &used)) {
            return p + used;
        }

        if (s->reason != IG_REASON_NONE) {
            used = used < (size_t) (s->end - p) ? used
                                                : (size_t) (s->end - p);
            return ig_scan_fail(s, s->reason, p + used);
        }

        p += used;
    }
}


#undef ig_vec_same
#undef ig_vec_cont
#undef ig_vec_lead3
#undef ig_vec_lead4
#undef ig_vec_quote
#undef ig_vec_slash
#undef ig_vec_n
