
/*
 * Who asks, from where, and under which id: good in every phase, before and
 * after a decision.
 */


#include "ngx_http_inference_guard.h"

#include <openssl/rand.h>


ngx_int_t
ngx_http_ig_identity(ngx_http_request_t *r, ngx_http_ig_main_conf_t *mcf,
    ig_identity_t *id)
{
    ig_str_t                   *values;
    ngx_int_t                  *index;
    ngx_uint_t                  i;
    ngx_http_ig_loc_conf_t     *lcf;
    ngx_http_variable_value_t  *v;

    lcf = ngx_http_get_module_loc_conf(r, ngx_http_inference_guard_module);

    ngx_memzero(id, sizeof(ig_identity_t));

    if (lcf->tenant) {
        values = ngx_pcalloc(r->pool, lcf->tenant->nelts * sizeof(ig_str_t));
        if (values == NULL) {
            return NGX_ERROR;
        }

        index = lcf->tenant->elts;

        for (i = 0; i < lcf->tenant->nelts; i++) {
            v = ngx_http_ig_variable(r, index[i]);

            if (v) {
                values[i].data = v->data;
                values[i].len = v->len;
            }
        }

        id->tenant_values = values;
        id->ntenant_values = lcf->tenant->nelts;
    }

    if (lcf->claim >= 0) {
        v = ngx_http_ig_variable(r, lcf->claim);

        if (v) {
            id->claim.data = v->data;
            id->claim.len = v->len;
        }
    }

    id->client_country = ngx_http_ig_client_country(r, mcf);

    return NGX_OK;
}


ngx_http_variable_value_t *
ngx_http_ig_variable(ngx_http_request_t *r, ngx_int_t index)
{
    ngx_http_variable_value_t  *v;

    v = ngx_http_get_flushed_variable(r, (ngx_uint_t) index);

    return (v == NULL || v->not_found || v->len == 0) ? NULL : v;
}


uint32_t
ngx_http_ig_tenant_row(ngx_http_request_t *r, ngx_http_ig_main_conf_t *mcf)
{
    uint32_t           row;
    ig_identity_t      id;
    ig_tenant_state_t  state;

    row = IG_NONE;

    if (ngx_http_ig_identity(r, mcf, &id) != NGX_OK) {
        return IG_NONE;
    }

    state = ig_facts_tenant(ig_guard_facts(mcf->guard), NULL, id.tenant_values,
                            id.ntenant_values, &row);

    if (state == IG_TENANT_KNOWN) {
        return row;
    }

    return (state == IG_TENANT_CONFLICT) ? IG_NONE
                                   : mcf->policy->stances.unknown_tenant;
}


ig_country_t
ngx_http_ig_client_country(ngx_http_request_t *r, ngx_http_ig_main_conf_t *mcf)
{
    uint8_t  address[16];

    ngx_http_ig_mapped(r->connection->sockaddr, address);

    return ig_facts_country(ig_guard_facts(mcf->guard), mcf->geo, address);
}


/* IPv4 as RFC 4291, 2.5.5.2 maps it; other families are the unspecified one */

void
ngx_http_ig_mapped(struct sockaddr *sa, uint8_t address[16])
{
    struct sockaddr_in   *sin;
#if (NGX_HAVE_INET6)
    struct sockaddr_in6  *sin6;
#endif

    ngx_memzero(address, 16);

    switch (sa->sa_family) {

    case AF_INET:
        sin = (struct sockaddr_in *) sa;
        address[10] = 0xff;
        address[11] = 0xff;
        ngx_memcpy(&address[12], &sin->sin_addr.s_addr, 4);
        break;

#if (NGX_HAVE_INET6)
    case AF_INET6:
        sin6 = (struct sockaddr_in6 *) sa;
        ngx_memcpy(address, sin6->sin6_addr.s6_addr, 16);
        break;
#endif

    default:
        break;
    }
}


/*
 * $request_id: NGINX's own takes 16 random bytes a request from OpenSSL, which
 * costs as much as a small decision.  Unless somebody has asked for it already,
 * it becomes eight random bytes of this process and a count.
 */

ngx_str_t
ngx_http_ig_request_id(ngx_http_request_t *r, ngx_http_ig_main_conf_t *mcf)
{
    u_char                     *p;
    ngx_str_t                   id;
    ngx_http_variable_value_t  *v;

    ngx_str_set(&id, "-");

    v = &r->variables[mcf->request_id];

    if (v->valid) {
        id.data = v->data;
        id.len = v->len;
        return id;
    }

    if (mcf->requests == 0
        && RAND_bytes(mcf->process, sizeof(mcf->process)) != 1)
    {
        return id;
    }

    p = ngx_pnalloc(r->pool, 4 * sizeof(mcf->process));
    if (p == NULL) {
        return id;
    }

    id.data = p;
    id.len = 4 * sizeof(mcf->process);

    p = ngx_hex_dump(p, mcf->process, sizeof(mcf->process));
    (void) ngx_sprintf(p, "%016xL", (int64_t) ++mcf->requests);

    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
    v->len = (unsigned) id.len & 0xfffffff;
    v->data = id.data;

    return id;
}


ig_record_head_t
ngx_http_ig_record_head(ngx_http_request_t *r, ngx_http_ig_main_conf_t *mcf)
{
    ngx_str_t         id;
    ngx_time_t       *tp;
    ig_record_head_t  head;

    tp = ngx_timeofday();
    id = ngx_http_ig_request_id(r, mcf);

    head.time_ms = (uint64_t) tp->sec * 1000 + tp->msec;
    head.request_id = ngx_http_ig_from_ngx(id);

    return head;
}
