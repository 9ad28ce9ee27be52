/*
 * Countries of addresses from a MaxMind DB file.
 *
 * Two shapes are read: MaxMind's own (GeoIP2 and GeoLite2 Country and City:
 * country.iso_code) and the flat one of freely licensed country databases
 * (country_code).  The file is mapped when it is opened; a look-up reads
 * memory only.
 */

#include "facts/table.h"

#include <maxminddb.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>


struct ig_geo_s {
    MMDB_s  db;
};


ig_geo_t *
ig_geo_open(const char *path, ig_buf_t *error)
{
    int        rc;
    ig_geo_t  *g;

    g = calloc(1, sizeof(ig_geo_t));
    if (g == NULL) {
        ig_buf_lit(error, "out of memory");
        return NULL;
    }

    rc = MMDB_open(path, MMDB_MODE_MMAP, &g->db);

    if (rc != MMDB_SUCCESS) {
        ig_buf_str(error, ig_str_from_c(MMDB_strerror(rc)));
        free(g);
        return NULL;
    }

    return g;
}


void
ig_geo_close(ig_geo_t *g)
{
    if (g) {
        MMDB_close(&g->db);
        free(g);
    }
}


static bool
ig_geo_lookup(const ig_geo_t *g, const uint8_t address[16],
    MMDB_lookup_result_s *result)
{
    int                   rc;
    struct sockaddr_in    in4;
    struct sockaddr_in6   in6;
    static const uint8_t  mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                         0xff, 0xff };

    if (memcmp(address, mapped, sizeof(mapped)) == 0) {
        memset(&in4, 0, sizeof(in4));
        in4.sin_family = AF_INET;
        memcpy(&in4.sin_addr, address + 12, 4);

        *result = MMDB_lookup_sockaddr(&g->db, (struct sockaddr *) &in4, &rc);

    } else {
        memset(&in6, 0, sizeof(in6));
        in6.sin6_family = AF_INET6;
        memcpy(&in6.sin6_addr, address, 16);

        *result = MMDB_lookup_sockaddr(&g->db, (struct sockaddr *) &in6, &rc);
    }

    return rc == MMDB_SUCCESS && result->found_entry;
}


ig_country_t
ig_geo_country(const ig_geo_t *g, const uint8_t address[16])
{
    int                       rc;
    MMDB_entry_data_s         data;
    MMDB_lookup_result_s      result;
    static const char *const  nested[] = { "country", "iso_code", NULL };
    static const char *const  flat[] = { "country_code", NULL };

    if (!ig_geo_lookup(g, address, &result)) {
        return IG_COUNTRY_UNKNOWN;
    }

    rc = MMDB_aget_value(&result.entry, &data, nested);

    if (rc != MMDB_SUCCESS || !data.has_data) {
        rc = MMDB_aget_value(&result.entry, &data, flat);
    }

    if (rc != MMDB_SUCCESS || !data.has_data
        || data.type != MMDB_DATA_TYPE_UTF8_STRING)
    {
        return IG_COUNTRY_UNKNOWN;
    }

    return ig_country_parse((ig_str_t) { (const uint8_t *) data.utf8_string,
                                         data.data_size });
}
