
/*
 * Request headers: what each is to the guard, and the list that an endpoint
 * gets.  NGINX's upstream modules copy r->headers_in.headers while they make
 * the request; just for that call the list is another one, without the
 * tenant's credentials and our own names and with the endpoint's credential.
 * Afterwards the request is again what the client sent, for logs and for
 * another leg.
 */


#include "ngx_http_inference_guard.h"


typedef struct {
    ngx_str_t             name;       /* a trailing '*': a prefix */
    ngx_http_ig_header_e  kind;
} ngx_http_ig_header_name_t;


static ngx_int_t ngx_http_ig_sent_headers(ngx_http_request_t *r,
    ngx_http_ig_endpoint_t *ep, ngx_list_t *list, ngx_table_elt_t **credential);
static ngx_int_t ngx_http_ig_check_uri(ngx_http_request_t *r,
    ngx_http_ig_request_t *req);
static ngx_int_t ngx_http_ig_forget_variables(ngx_http_request_t *r,
    ngx_http_ig_main_conf_t *mcf);
static ngx_uint_t ngx_http_ig_same_secret(u_char *a, size_t alen, u_char *b,
    size_t blen);


/*
 * Names that are not listed are text.  A client may fill them, an endpoint may
 * store them: they are inspected.
 */

static ngx_http_ig_header_name_t  ngx_http_ig_header_names[] = {

    { ngx_string("authorization"), NGX_HTTP_IG_HEADER_CREDENTIAL },
    { ngx_string("proxy-authorization"), NGX_HTTP_IG_HEADER_CREDENTIAL },
    { ngx_string("x-api-key"), NGX_HTTP_IG_HEADER_CREDENTIAL },
    { ngx_string("api-key"), NGX_HTTP_IG_HEADER_CREDENTIAL },
    { ngx_string("cookie"), NGX_HTTP_IG_HEADER_CREDENTIAL },

    { ngx_string("x-inference-guard*"), NGX_HTTP_IG_HEADER_OURS },
    { ngx_string("inference-guard*"), NGX_HTTP_IG_HEADER_OURS },

    { ngx_string("content-encoding"), NGX_HTTP_IG_HEADER_CONTENT_ENCODING },
    { ngx_string("content-type"), NGX_HTTP_IG_HEADER_CONTENT_TYPE },
    { ngx_string("content-md5"), NGX_HTTP_IG_HEADER_ENCODING },
    { ngx_string("content-digest"), NGX_HTTP_IG_HEADER_ENCODING },
    { ngx_string("repr-digest"), NGX_HTTP_IG_HEADER_ENCODING },
    { ngx_string("digest"), NGX_HTTP_IG_HEADER_ENCODING },
    { ngx_string("anthropic-version"), NGX_HTTP_IG_HEADER_ANTHROPIC },

    { ngx_string("accept-encoding"), NGX_HTTP_IG_HEADER_ANSWER },
    { ngx_string("range"), NGX_HTTP_IG_HEADER_ANSWER },
    { ngx_string("upgrade"), NGX_HTTP_IG_HEADER_ANSWER },
    { ngx_string("accept*"), NGX_HTTP_IG_HEADER_TRANSPORT },
    { ngx_string("anthropic-beta"), NGX_HTTP_IG_HEADER_TRANSPORT },
    { ngx_string("cache-control"), NGX_HTTP_IG_HEADER_TRANSPORT },
    { ngx_string("cdn-loop"), NGX_HTTP_IG_HEADER_TRANSPORT },
    { ngx_string("connection"), NGX_HTTP_IG_HEADER_TRANSPORT },
    { ngx_string("content-length"), NGX_HTTP_IG_HEADER_TRANSPORT },
    { ngx_string("date"), NGX_HTTP_IG_HEADER_TRANSPORT },
    { ngx_string("dnt"), NGX_HTTP_IG_HEADER_TRANSPORT },
    { ngx_string("expect"), NGX_HTTP_IG_HEADER_TRANSPORT },
    { ngx_string("forwarded"), NGX_HTTP_IG_HEADER_TRANSPORT },
    { ngx_string("host"), NGX_HTTP_IG_HEADER_TRANSPORT },
    { ngx_string("if-*"), NGX_HTTP_IG_HEADER_TRANSPORT },
    { ngx_string("keep-alive"), NGX_HTTP_IG_HEADER_TRANSPORT },
    { ngx_string("origin"), NGX_HTTP_IG_HEADER_TRANSPORT },
    { ngx_string("pragma"), NGX_HTTP_IG_HEADER_TRANSPORT },
    { ngx_string("priority"), NGX_HTTP_IG_HEADER_TRANSPORT },
    { ngx_string("sec-*"), NGX_HTTP_IG_HEADER_TRANSPORT },
    { ngx_string("te"), NGX_HTTP_IG_HEADER_TRANSPORT },
    { ngx_string("traceparent"), NGX_HTTP_IG_HEADER_TRACE },
    { ngx_string("trailer"), NGX_HTTP_IG_HEADER_TRANSPORT },
    { ngx_string("transfer-encoding"), NGX_HTTP_IG_HEADER_TRANSPORT },
    { ngx_string("upgrade-insecure-requests"), NGX_HTTP_IG_HEADER_TRANSPORT },
    { ngx_string("via"), NGX_HTTP_IG_HEADER_TRANSPORT },
    { ngx_string("x-forwarded-*"), NGX_HTTP_IG_HEADER_TRANSPORT },
    { ngx_string("x-real-ip"), NGX_HTTP_IG_HEADER_TRANSPORT },
    { ngx_string("x-stainless-*"), NGX_HTTP_IG_HEADER_TRANSPORT },

    { ngx_null_string, NGX_HTTP_IG_HEADER_TEXT }
};


ngx_http_ig_header_e
ngx_http_ig_header_kind(ngx_str_t *name)
{
    size_t                      i, n;
    u_char                      ch;
    ngx_uint_t                  prefix;
    ngx_http_ig_header_name_t  *known;

    if (name->len == 0) {
        return NGX_HTTP_IG_HEADER_TEXT;
    }

    for (known = ngx_http_ig_header_names; known->name.len; known++) {

        /* most of them differ here; no name begins with '-' */

        if (known->name.data[0] != name->data[0]) {
            continue;
        }

        n = known->name.len;
        prefix = (known->name.data[n - 1] == '*');

        if (prefix) {
            n--;
        }

        if (name->len < n || (name->len > n && !prefix)) {
            continue;
        }

        for (i = 0; i < n; i++) {

            /* frameworks do not tell '_' from '-': nor may we */

            ch = (name->data[i] == '_') ? '-' : name->data[i];

            if (ch != known->name.data[i]) {
                break;
            }
        }

        if (i == n) {
            return known->kind;
        }
    }

    return NGX_HTTP_IG_HEADER_TEXT;
}


/* a value that names the tenant here, wherever the client put it as well */

ngx_uint_t
ngx_http_ig_is_credential(ngx_http_request_t *r, ngx_str_t *value)
{
    ngx_int_t                  *index;
    ngx_uint_t                  i;
    ngx_http_ig_loc_conf_t     *lcf;
    ngx_http_variable_value_t  *v;

    lcf = ngx_http_get_module_loc_conf(r, ngx_http_inference_guard_module);

    if (lcf->tenant == NULL) {
        return 0;
    }

    index = lcf->tenant->elts;

    for (i = 0; i < lcf->tenant->nelts; i++) {
        v = ngx_http_ig_variable(r, index[i]);

        if (v && ngx_http_ig_same_secret(v->data, v->len, value->data,
                                         value->len))
        {
            return 1;
        }
    }

    return 0;
}


/* two secrets, each with or without its "Bearer " */

static ngx_uint_t
ngx_http_ig_same_secret(u_char *a, size_t alen, u_char *b, size_t blen)
{
    if (alen > 7 && ngx_strncasecmp(a, (u_char *) "Bearer ", 7) == 0) {
        a += 7;
        alen -= 7;
    }

    if (blen > 7 && ngx_strncasecmp(b, (u_char *) "Bearer ", 7) == 0) {
        b += 7;
        blen -= 7;
    }

    return alen == blen && alen != 0 && ngx_memcmp(a, b, alen) == 0;
}


ngx_int_t
ngx_http_ig_create_request(ngx_http_request_t *r)
{
    ngx_int_t                rc;
    ngx_list_t               headers, sent;
    ngx_table_elt_t         *authorization, *credential;
    ngx_http_ig_leg_t       *leg;
    ngx_http_ig_request_t   *req;
    ngx_http_ig_endpoint_t  *ep;

    leg = ngx_http_get_module_ctx(r, ngx_http_inference_guard_module);

    if (leg == NULL || leg->endpoint == IG_NONE) {
        return NGX_ERROR;
    }

    req = leg->request;
    ep = &req->mcf->endpoints[leg->endpoint];

    if (ngx_http_ig_sent_headers(r, ep, &sent, &credential) != NGX_OK
        || ngx_http_ig_forget_variables(r, req->mcf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    headers = r->headers_in.headers;
    authorization = r->headers_in.authorization;

    r->headers_in.headers = sent;

    /* the only part was copied, and `last` points to where it was */
    if (sent.last == &sent.part) {
        r->headers_in.headers.last = &r->headers_in.headers.part;
    }

    r->headers_in.authorization = credential;

    rc = leg->create_request(r);

    r->headers_in.headers = headers;

    if (headers.last == &headers.part) {
        r->headers_in.headers.last = &r->headers_in.headers.part;
    }

    r->headers_in.authorization = authorization;

    if (ngx_http_ig_forget_variables(r, req->mcf) != NGX_OK) {
        return NGX_ERROR;
    }

    if (rc != NGX_OK) {
        return rc;
    }

    if (req->mode == NGX_HTTP_IG_ON && ngx_http_ig_check_uri(r, req) != NGX_OK)
    {
        leg->reason = IG_REASON_destination_not_permitted;
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_ig_sent_headers(ngx_http_request_t *r, ngx_http_ig_endpoint_t *ep,
    ngx_list_t *list, ngx_table_elt_t **credential)
{
    ngx_str_t               name;
    ngx_uint_t              i, n;
    ngx_list_part_t        *part;
    ngx_table_elt_t        *header, *h;
    ngx_http_ig_header_e    kind;
    ngx_http_ig_request_t  *req;

    req = ngx_http_ig_find(r);
    *credential = NULL;

    n = 1;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        n += part->nelts;
    }

    if (ngx_list_init(list, r->pool, n, sizeof(ngx_table_elt_t)) != NGX_OK) {
        return NGX_ERROR;
    }

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        header = part->elts;

        for (i = 0; i < part->nelts; i++) {

            name.data = header[i].lowcase_key;
            name.len = header[i].key.len;

            kind = ngx_http_ig_header_kind(&name);

            if (kind == NGX_HTTP_IG_HEADER_CREDENTIAL
                || kind == NGX_HTTP_IG_HEADER_ANSWER
                || kind == NGX_HTTP_IG_HEADER_OURS)
            {
                continue;
            }

            if ((req->content_decoded || req->spliced.len)
                && (kind == NGX_HTTP_IG_HEADER_ENCODING
                    || kind == NGX_HTTP_IG_HEADER_CONTENT_ENCODING))
            {
                continue;
            }

            if (ep->credential_header.len == name.len
                && ngx_strncmp(ep->credential_header.data, name.data, name.len)
                   == 0)
            {
                continue;
            }

            if (ngx_http_ig_is_credential(r, &header[i].value)) {
                continue;
            }

            h = ngx_list_push(list);
            if (h == NULL) {
                return NGX_ERROR;
            }

            *h = header[i];
        }
    }

    if (ep->credential_header.len == 0) {
        return NGX_OK;
    }

    h = ngx_list_push(list);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->key = ep->credential_header;
    h->value = ep->credential;
    h->lowcase_key = ep->credential_header.data;
    h->hash = ngx_hash_key(h->key.data, h->key.len);
    ngx_http_ig_header_single(h);

    if (h->key.len == 13
        && ngx_strncmp(h->key.data, "authorization", 13) == 0)
    {
        *credential = h;
    }

    return NGX_OK;
}


/*
 * Values of $http_... variables are cached in the request: the tenant's key
 * must not come out of that cache into a proxy_set_header, nor the endpoint's
 * into a log.
 */

static ngx_int_t
ngx_http_ig_forget_variables(ngx_http_request_t *r,
    ngx_http_ig_main_conf_t *mcf)
{
    ngx_uint_t                  i, *index;
    ngx_http_variable_t        *v;
    ngx_http_core_main_conf_t  *cmcf;

    if (mcf->http_variables == NULL) {

        cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);

        mcf->http_variables = ngx_array_create(ngx_cycle->pool, 4,
                                               sizeof(ngx_uint_t));
        if (mcf->http_variables == NULL) {
            return NGX_ERROR;
        }

        v = cmcf->variables.elts;

        for (i = 0; i < cmcf->variables.nelts; i++) {

            if ((v[i].name.len > 5
                 && ngx_strncmp(v[i].name.data, "http_", 5) == 0)
                || (v[i].name.len == 11
                    && ngx_strncmp(v[i].name.data, "remote_user", 11) == 0))
            {
                index = ngx_array_push(mcf->http_variables);
                if (index == NULL) {
                    return NGX_ERROR;
                }

                *index = i;
            }
        }
    }

    index = mcf->http_variables->elts;

    for (i = 0; i < mcf->http_variables->nelts; i++) {
        r->variables[index[i]].valid = 0;
        r->variables[index[i]].not_found = 0;
    }

    return NGX_OK;
}


/*
 * What goes out must ask for what was inspected.  An operator may put a prefix
 * before the path (proxy_pass https://host/openai/), nothing else.  Modules
 * that do not say what they send (u->uri) send r->uri.
 */

static ngx_int_t
ngx_http_ig_check_uri(ngx_http_request_t *r, ngx_http_ig_request_t *req)
{
    ngx_str_t  *sent;

    sent = &r->upstream->uri;

    if (sent->len == 0) {
        return NGX_OK;
    }

    /* with nothing before it but a path */

    if (sent->len < req->uri.len
        || ngx_memcmp(sent->data + sent->len - req->uri.len, req->uri.data,
                      req->uri.len)
           != 0
        || ngx_strlchr(sent->data, sent->data + sent->len - req->uri.len, '?')
           != NULL)
    {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "inference guard: the path that \"proxy_pass\" would "
                      "send is not the one that was inspected");
        return NGX_ERROR;
    }

    return NGX_OK;
}
