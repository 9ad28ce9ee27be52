
/*
 * What differs between NGINX 1.22.1 and today, in one place.
 *
 * 1.23.0  header lines of one name are linked through ngx_table_elt_t.next
 * 1.25.0  HTTP/3 (nothing here depends on it)
 * 1.31.5  client_body_early_read: r->request_body may exist before any phase;
 *         ngx_http_read_client_request_body() then calls back at once, which
 *         the reading in ngx_http_inference_guard_request.c expects anyway
 */

#ifndef _NGX_HTTP_INFERENCE_GUARD_COMPAT_H_INCLUDED_
#define _NGX_HTTP_INFERENCE_GUARD_COMPAT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <nginx.h>

#if (NGX_THREADS)
#include <ngx_thread_pool.h>
#endif


#if (nginx_version < 1022001)
#error Inference Guard needs NGINX 1.22.1 or later
#endif


#if (nginx_version >= 1023000)
#define ngx_http_ig_header_single(h)  (h)->next = NULL
#else
#define ngx_http_ig_header_single(h)
#endif


#endif /* _NGX_HTTP_INFERENCE_GUARD_COMPAT_H_INCLUDED_ */
