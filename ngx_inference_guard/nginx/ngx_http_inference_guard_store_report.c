
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
static void ngx_http_ig_report_amounts(ngx_http_ig_store_t *s,
    ngx_http_ig_counter_t *c);
static void ngx_http_ig_report_due(ngx_http_ig_store_t *s);


void
ngx_http_ig_store_tick(ngx_event_t *ev)
{
    ngx_http_ig_store_t *s = ev->data;

    if (ngx_http_ig_store_available(s) && ngx_http_ig_store_turn(s) == NGX_OK) {
        ngx_http_ig_report_returns(s);
        ngx_http_ig_report_due(s);
        ngx_http_ig_store_ask_resets(s);
    }

    if (!ngx_exiting) {
        ngx_add_timer(ev, 1000);
    }
}


void
ngx_http_ig_store_hand_in(ngx_http_ig_store_t *s)
{
    ngx_http_ig_store_doubt_all(s);

    ngx_http_ig_report_returns(s);
    ngx_http_ig_report_due(s);
}


static void
ngx_http_ig_report_returns(ngx_http_ig_store_t *s)
{
    ngx_uint_t                    i, n, more, round;

    static ngx_http_ig_counter_t  c[NGX_HTTP_IG_REPORT_RETURNS];

    more = 1;

    for (round = 0; more && round < NGX_HTTP_IG_REPORT_ROUNDS; round++) {

        n = ngx_http_ig_store_take(s, c, NGX_HTTP_IG_REPORT_RETURNS, &more);

        for (i = 0; i < n; i++) {
            ngx_http_ig_report_amounts(s, &c[i]);
        }
    }
}


void
ngx_http_ig_store_tell(ngx_http_ig_store_t *s, ngx_http_ig_counter_t *c)
{
    c->told = 1;

    if (ngx_http_ig_store_owe(s, c) != NGX_OK) {
        ngx_http_ig_report_amounts(s, c);
    }
}


static void
ngx_http_ig_report_amounts(ngx_http_ig_store_t *s, ngx_http_ig_counter_t *c)
{
    ngx_http_ig_command_t  *cmd;

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
    ngx_http_ig_counter_t  *c;

    c = &cmd->counters[0];

    if (c->lease.want == 0 && c->give == 0) {
        ngx_http_ig_store_doubt(s, c);
        return;
    }

    ngx_http_ig_store_untake(s, c, sent);
}
