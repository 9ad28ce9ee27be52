
/*
 * What this node owns to or owes the store.  Of sums (calendar, task, slots) the
 * zone keeps what was granted and given back in all, and every second reports
 * those that have changed, whose last answer got lost, and that hold slots; all
 * of them when a connection is back.  Of rates and sliding windows amounts are
 * reported once: when it is not known whether that was heard, what was used is
 * said again, what was to be given back is not.
 */


#include "ngx_http_inference_guard_store_parts.h"


#define NGX_HTTP_IG_REPORT_RETURNS  64      /* asked of the engine at a time */
#define NGX_HTTP_IG_REPORT_ROUNDS   16
#define NGX_HTTP_IG_REPORT_ROWS     64      /* of the zone at a time */
#define NGX_HTTP_IG_REPORT_MAX      2048    /* in a second */


static void ngx_http_ig_report_returns(ngx_http_ig_store_t *s);
static void ngx_http_ig_report_due(ngx_http_ig_store_t *s);


void
ngx_http_ig_store_tick(ngx_event_t *ev)
{
    ngx_http_ig_store_t *s = ev->data;

    if (ngx_http_ig_store_available(s) && ngx_http_ig_store_turn(s) == NGX_OK) {
        ngx_http_ig_report_returns(s);
        ngx_http_ig_report_due(s);
    }

    if (!ngx_exiting) {
        ngx_add_timer(ev, 1000);
    }
}


static uint64_t
ngx_http_ig_report_now(void)
{
    ngx_time_t  *tp;

    tp = ngx_timeofday();

    return (uint64_t) tp->sec * 1000000000 + (uint64_t) tp->msec * 1000000;
}


static void
ngx_http_ig_report_returns(ngx_http_ig_store_t *s)
{
    size_t                    i, n;
    ngx_uint_t                round;
    ig_limit_lease_t         *l;
    ngx_http_ig_counter_t     c;

    static ig_limit_lease_t   returns[NGX_HTTP_IG_REPORT_RETURNS];

    if (s->limits == NULL) {
        return;
    }

    for (round = 0; round < NGX_HTTP_IG_REPORT_ROUNDS; round++) {

        n = ig_limit_returns(s->limits, returns, NGX_HTTP_IG_REPORT_RETURNS,
                             ngx_http_ig_report_now());

        for (i = 0; i < n; i++) {
            l = &returns[i];

            ngx_memzero(&c, sizeof(ngx_http_ig_counter_t));

            c.lease = *l;
            c.give = l->granted;
            c.lease.granted = 0;
            c.lease.size = 0;

            ngx_http_ig_script_scale(&c);
            ngx_http_ig_store_tell(s, &c);
        }

        if (n < NGX_HTTP_IG_REPORT_RETURNS) {
            return;
        }
    }
}


void
ngx_http_ig_store_tell(ngx_http_ig_store_t *s, ngx_http_ig_counter_t *c)
{
    ngx_http_ig_command_t  *cmd;

    if (ngx_http_ig_store_owe(s, c) == NGX_OK) {
        return;
    }

    cmd = ngx_http_ig_script_command(s, 1);
    if (cmd == NULL) {
        return;
    }

    cmd->report = 1;
    cmd->counters[0] = *c;

    (void) ngx_http_ig_store_call(s, cmd);
}


static void
ngx_http_ig_report_due(ngx_http_ig_store_t *s)
{
    ngx_uint_t                    i, n, row, sent;
    ngx_http_ig_command_t        *cmd;

    static ngx_http_ig_counter_t  due[NGX_HTTP_IG_REPORT_ROWS];

    row = 0;

    for (sent = 0; sent < NGX_HTTP_IG_REPORT_MAX; sent += n) {

        n = ngx_http_ig_store_due(s, &row, due, NGX_HTTP_IG_REPORT_ROWS);

        if (n == 0) {
            return;
        }

        for (i = 0; i < n; i++) {
            cmd = ngx_http_ig_script_command(s, 1);

            if (cmd == NULL) {
                ngx_http_ig_store_doubt(s, &due[i]);
                continue;
            }

            cmd->report = 1;
            cmd->counters[0] = due[i];

            /* on failure it is due again by ngx_http_ig_store_untold() */

            (void) ngx_http_ig_store_call(s, cmd);
        }
    }
}


void
ngx_http_ig_store_untold(ngx_http_ig_store_t *s, ngx_http_ig_command_t *cmd,
    ngx_uint_t sent)
{
    ig_limit_lease_t        l;
    ngx_http_ig_counter_t  *c;

    c = &cmd->counters[0];

    if (c->lease.want == 0 && c->give == 0) {
        ngx_http_ig_store_doubt(s, c);
        return;
    }

    l = c->lease;
    l.want <<= c->shift;
    l.granted = sent ? 0 : c->give << c->shift;

    if (s->limits && (l.want || l.granted)) {
        ig_limit_unreturn(s->limits, &l, 1, ngx_http_ig_report_now());
    }
}
