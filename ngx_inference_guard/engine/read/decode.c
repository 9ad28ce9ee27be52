/*
 * Content-Encoding, with bounds that hold while inflating.
 *
 * What goes on to an endpoint is the decoded body, so guard and endpoint cannot
 * differ in how they decode.  Still only one reading is allowed: one member of
 * gzip (RFC 1952 would allow more), one stream, nothing behind it.
 *
 * gzip names the decoded size at its end; it is believed as far as the bounds
 * go, and zlib checks it.  zlib and raw streams are inflated twice, the first
 * time only to count.  Either way the arena holds the decoded bytes and zlib's
 * own state, nothing that grows.
 */

#include <read/spans.h>

#include <string.h>
#include <zlib.h>


#define IG_DECODE_FREE         (64 * 1024)     /* beyond it the ratio counts */
#define IG_DECODE_SCRATCH      (16 * 1024)
#define IG_GZIP_MIN            18              /* header and trailer */

/* zlib's numbers for the kinds of a stream: inflateInit2() */
#define IG_WINDOW_GZIP         (MAX_WBITS + 16)
#define IG_WINDOW_ZLIB         MAX_WBITS
#define IG_WINDOW_RAW          (-MAX_WBITS)


typedef struct {
    ig_str_t      body;
    size_t        limit;       /* of the decoded size */
    int           window;
    ig_arena_t   *arena;
    ig_reason_t   reason;
} ig_decode_t;


/* a number of uInt size each, so that the product cannot wrap */

static voidpf
ig_decode_alloc(voidpf arena, uInt items, uInt size)
{
    return ig_arena_alloc(arena, (size_t) items * size);
}


static void
ig_decode_free(voidpf arena, voidpf p)
{
    (void) arena;
    (void) p;
}


static ig_rc_t
ig_decode_start(ig_decode_t *d, z_stream *z)
{
    memset(z, 0, sizeof(z_stream));

    z->zalloc = ig_decode_alloc;
    z->zfree = ig_decode_free;
    z->opaque = d->arena;
    z->next_in = (z_const Bytef *) d->body.data;
    z->avail_in = (uInt) d->body.len;

    switch (inflateInit2(z, d->window)) {

    case Z_OK:
        return IG_OK;

    case Z_MEM_ERROR:
        return ig_arena_status(d->arena);

    default:
        return IG_ERROR;
    }
}


/* the stream's end must be the body's: Z_STREAM_END, and nothing left */

static ig_rc_t
ig_decode_end(ig_decode_t *d, const z_stream *z, int rc)
{
    if (rc == Z_MEM_ERROR) {
        return ig_arena_status(d->arena) == IG_OK
               ? IG_NOMEM : ig_arena_status(d->arena);
    }

    if (rc != Z_STREAM_END || z->avail_in != 0) {
        d->reason = IG_REASON_invalid_encoding;
    }

    return IG_OK;
}


/* inflate to nowhere: the size, or a reason */

static ig_rc_t
ig_decode_count(ig_decode_t *d, size_t *size)
{
    int       zrc;
    ig_rc_t   rc;
    size_t    room;
    uint8_t  *scratch;
    z_stream  z;

    *size = 0;

    scratch = ig_arena_alloc(d->arena, IG_DECODE_SCRATCH);
    if (scratch == NULL) {
        return ig_arena_status(d->arena);
    }

    rc = ig_decode_start(d, &z);
    if (rc != IG_OK) {
        return rc;
    }

    do {
        z.next_out = scratch;
        z.avail_out = IG_DECODE_SCRATCH;

        zrc = inflate(&z, Z_NO_FLUSH);

        room = IG_DECODE_SCRATCH - z.avail_out;
        *size += room;

        if (*size > d->limit) {
            d->reason = IG_REASON_decoded_too_large;
            return IG_OK;
        }

        /* full to the last byte says nothing about the end */

    } while (zrc == Z_OK && (room || z.avail_in));

    return ig_decode_end(d, &z, zrc);
}


/* exactly `size` bytes, or the stream is not what it says */

static ig_rc_t
ig_decode_fill(ig_decode_t *d, size_t size, ig_str_t *decoded)
{
    int       zrc;
    ig_rc_t   rc;
    uint8_t  *p;
    z_stream  z;

    /* a byte more, so that an end at the last byte is seen, and for a NUL */

    p = ig_arena_alloc(d->arena, size + 1);
    if (p == NULL) {
        return ig_arena_status(d->arena);
    }

    rc = ig_decode_start(d, &z);
    if (rc != IG_OK) {
        return rc;
    }

    z.next_out = p;
    z.avail_out = (uInt) size + 1;

    zrc = inflate(&z, Z_FINISH);

    rc = ig_decode_end(d, &z, zrc);

    if (rc == IG_OK && d->reason == IG_REASON_NONE) {

        if (z.avail_out != 1) {
            d->reason = IG_REASON_invalid_encoding;
            return IG_OK;
        }

        p[size] = '\0';
        *decoded = (ig_str_t) { p, size };
    }

    return rc;
}


/*
 * RFC 9110, 8.4.1.2: "deflate" is a zlib stream; some clients send the bare
 * one.  No encoder begins a bare stream with what is a zlib header (RFC 1950,
 * 2.2): it would be a stored block whose padding is not zero.
 */

static int
ig_decode_deflate_window(ig_str_t body)
{
    unsigned  cmf, flg;

    if (body.len < 2) {
        return IG_WINDOW_ZLIB;
    }

    cmf = body.data[0];
    flg = body.data[1];

    if ((cmf & 0x0f) == Z_DEFLATED && cmf >> 4 <= 7
        && (cmf << 8 | flg) % 31 == 0)
    {
        return IG_WINDOW_ZLIB;
    }

    return IG_WINDOW_RAW;
}


/* RFC 1952, 2.3.1: the size modulo 2^32 is in the last four bytes */

static size_t
ig_decode_gzip_size(ig_str_t body)
{
    const uint8_t  *p;

    p = body.data + body.len - 4;

    return (size_t) p[0] | (size_t) p[1] << 8 | (size_t) p[2] << 16
           | (size_t) p[3] << 24;
}


static size_t
ig_decode_limit(size_t len, size_t max_size, unsigned max_ratio)
{
    size_t  limit;

    if (max_size > IG_MAX_BODY) {
        max_size = IG_MAX_BODY;
    }

    /* len is at most IG_MAX_BODY: no product below can wrap in 64 bits */

    limit = IG_DECODE_FREE + (size_t) max_ratio * len;

    return limit < max_size ? limit : max_size;
}


/* false: a coding that is not known, or more than one */

static bool
ig_decode_coding(ig_decode_t *d, ig_str_t name)
{
    if (ig_str_eq_nocase(name, IG_STR("gzip"))
        || ig_str_eq_nocase(name, IG_STR("x-gzip")))
    {
        d->window = IG_WINDOW_GZIP;
        return true;
    }

    if (ig_str_eq_nocase(name, IG_STR("deflate"))) {
        d->window = ig_decode_deflate_window(d->body);
        return true;
    }

    return false;
}


static ig_rc_t
ig_decode_inflate(ig_decode_t *d, ig_str_t *decoded)
{
    size_t   size;
    ig_rc_t  rc;

    if (d->window == IG_WINDOW_GZIP) {

        if (d->body.len < IG_GZIP_MIN) {
            d->reason = IG_REASON_invalid_encoding;
            return IG_OK;
        }

        size = ig_decode_gzip_size(d->body);

        if (size > d->limit) {
            d->reason = IG_REASON_decoded_too_large;
            return IG_OK;
        }

    } else {
        rc = ig_decode_count(d, &size);

        if (rc != IG_OK || d->reason != IG_REASON_NONE) {
            return rc;
        }
    }

    return ig_decode_fill(d, size, decoded);
}


ig_rc_t
ig_decode(ig_str_t encoding, ig_str_t body, size_t max_size,
    unsigned max_ratio, ig_arena_t *arena, ig_str_t *decoded,
    ig_reason_t *reason)
{
    ig_rc_t      rc;
    ig_decode_t  d;

    *decoded = IG_NO_STR;
    *reason = IG_REASON_NONE;

    encoding = ig_trim(encoding);

    if (body.len > IG_MAX_BODY) {
        *reason = IG_REASON_body_too_large;
        return IG_OK;
    }

    if (encoding.len == 0 || ig_str_eq_nocase(encoding, IG_STR("identity"))) {

        if (body.len > max_size) {
            *reason = IG_REASON_body_too_large;
            return IG_OK;
        }

        *decoded = body;
        return IG_OK;
    }

    d.body = body;
    d.limit = ig_decode_limit(body.len, max_size, max_ratio);
    d.arena = arena;
    d.reason = IG_REASON_NONE;

    if (!ig_decode_coding(&d, encoding)) {
        *reason = IG_REASON_unsupported_encoding;
        return IG_OK;
    }

    rc = ig_decode_inflate(&d, decoded);
    *reason = d.reason;

    return rc;
}
