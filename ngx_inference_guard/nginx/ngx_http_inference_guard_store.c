
/*
 * Leases, and who waits for them.
 */


#include "ngx_http_inference_guard_store_parts.h"


static void ngx_http_ig_store_reply(ngx_http_ig_command_t *cmd,
    redisReply *reply);
static ngx_int_t ngx_http_ig_store_learned(ngx_http_ig_store_t *s,
    ngx_http_ig_command_t *cmd);
static void ngx_http_ig_store_give(ngx_http_ig_store_t *s,
    ngx_http_ig_counter_t *c);
static void ngx_http_ig_store_end(ngx_http_ig_command_t *cmd, ngx_int_t rc);
static void ngx_http_ig_store_log_error(ngx_http_ig_command_t *cmd,
    redisReply *error);


ngx_int_t
ngx_http_ig_store_init_worker(ngx_http_ig_main_conf_t *mcf, ngx_cycle_t *cycle)
{
    ngx_http_ig_store_t  *s;

    s = mcf->store;
    s->mcf = mcf;
    s->limits = mcf->limits;

    s->tick.handler = ngx_http_ig_store_tick;
    s->tick.data = s;
    s->tick.log = cycle->log;
    s->tick.cancelable = 1;

    ngx_add_timer(&s->tick, 1000);

    return ngx_http_ig_nodes_init(s);
}


void
ngx_http_ig_store_exit_worker(ngx_http_ig_store_t *s)
{
    if (s->tick.timer_set) {
        ngx_del_timer(&s->tick);
    }

    ngx_http_ig_nodes_exit(s);
}


ngx_uint_t
ngx_http_ig_store_available(ngx_http_ig_store_t *s)
{
    return ngx_http_ig_nodes_available(s);
}


ngx_int_t
ngx_http_ig_store_lease(ngx_http_ig_store_t *s, ngx_http_ig_lease_t *l)
{
    ngx_uint_t              i;
    ngx_http_ig_command_t  *cmd;

    l->command = NULL;

    if (l->n == 0 || l->n > IG_MAX_LIMITS || !ngx_http_ig_nodes_available(s)) {
        return NGX_ERROR;
    }

    cmd = ngx_http_ig_script_command(s, l->n);
    if (cmd == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < l->n; i++) {
        cmd->counters[i].lease = l->leases[i];
        ngx_http_ig_script_scale(&cmd->counters[i]);
    }

    cmd->lease = l;

    if (ngx_http_ig_store_call(s, cmd) != NGX_OK) {
        return NGX_ERROR;
    }

    l->command = cmd;

    return NGX_AGAIN;
}


void
ngx_http_ig_store_forget(ngx_http_ig_lease_t *l)
{
    if (l->command) {
        l->command->lease = NULL;
        l->command = NULL;
    }
}


static ngx_int_t
ngx_http_ig_store_send(ngx_http_ig_store_t *s, ngx_http_ig_command_t *cmd)
{
    ngx_uint_t  i;

    cmd->handler = ngx_http_ig_store_reply;

    for (i = 0; i < cmd->n; i++) {
        if (!cmd->reset && !cmd->resets) {
            ngx_http_ig_store_recall(s, &cmd->counters[i]);
        }
    }

    if (ngx_http_ig_script_format(cmd) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_ig_nodes_send(s, cmd);
}


ngx_int_t
ngx_http_ig_store_call(ngx_http_ig_store_t *s, ngx_http_ig_command_t *cmd)
{
    if (ngx_http_ig_store_send(s, cmd) != NGX_OK) {

        if (cmd->report) {
            ngx_http_ig_store_untold(s, cmd, 0);
        }

        ngx_http_ig_script_free(cmd);

        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_http_ig_store_reply(ngx_http_ig_command_t *cmd, redisReply *reply)
{
    ngx_int_t             rc;
    ngx_uint_t            i;
    ngx_http_ig_store_t  *s;

    s = cmd->store;

    if (reply && reply->type == REDIS_REPLY_ERROR) {

        if (ngx_strncmp(reply->str, "NOSCRIPT", 8) == 0 && !cmd->body) {
            cmd->body = 1;

            if (ngx_http_ig_script_format(cmd) == NGX_OK
                && ngx_http_ig_conn_send(cmd->conn, cmd) == NGX_OK)
            {
                return;
            }

        } else if (ngx_http_ig_nodes_redirect(s, cmd, reply) == NGX_OK) {
            return;

        } else {
            ngx_http_ig_store_log_error(cmd, reply);
        }

        /* it did not run */

        if (cmd->report) {
            ngx_http_ig_store_untold(s, cmd, 0);
        }

        ngx_http_ig_store_end(cmd, NGX_ERROR);
        return;
    }

    rc = reply ? ngx_http_ig_script_parse(cmd, reply) : NGX_ERROR;

    if (rc == NGX_ERROR) {

        /* what it did, nobody knows */

        if (cmd->report) {
            ngx_http_ig_store_untold(s, cmd, 1);
        }

        for (i = 0; i < cmd->n; i++) {
            if (!cmd->reset && !cmd->resets) {
                ngx_http_ig_store_doubt(s, &cmd->counters[i]);
            }
        }
    }

    if (rc == NGX_OK) {
        rc = ngx_http_ig_store_learned(s, cmd);

        if (rc == NGX_AGAIN) {
            return;
        }
    }

    ngx_http_ig_store_end(cmd, rc);
}


/*
 * NGX_AGAIN: one of the counters was set back meanwhile, as another worker has
 * heard, so what was granted of it is gone: all is given back, and asked anew.
 */

static ngx_int_t
ngx_http_ig_store_learned(ngx_http_ig_store_t *s, ngx_http_ig_command_t *cmd)
{
    ngx_uint_t              i, gone;
    ngx_http_ig_counter_t  *c;

    if (cmd->reset || cmd->resets) {
        ngx_http_ig_store_learn_resets(s, cmd);
        return NGX_OK;
    }

    gone = 0;

    for (i = 0; i < cmd->n; i++) {
        if (ngx_http_ig_store_learn(s, &cmd->counters[i], cmd->report)
            != NGX_OK)
        {
            gone = 1;
        }
    }

    if (!gone || cmd->report) {
        return NGX_OK;
    }

    for (i = 0; i < cmd->n; i++) {
        c = &cmd->counters[i];
        ngx_http_ig_store_give(s, c);

        c->lease.granted = 0;
        c->give = 0;
        c->told = 0;
    }

    if (cmd->lease == NULL || cmd->hops++ == NGX_HTTP_IG_STORE_HOPS
        || ngx_http_ig_store_send(s, cmd) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_AGAIN;
}


/* what was granted, and nobody waits for */

static void
ngx_http_ig_store_give(ngx_http_ig_store_t *s, ngx_http_ig_counter_t *c)
{
    ngx_http_ig_counter_t  back;

    back = *c;
    back.give = c->lease.granted;
    back.lease.granted = 0;
    back.lease.want = 0;

    ngx_http_ig_store_tell(s, &back);
}


static void
ngx_http_ig_store_end(ngx_http_ig_command_t *cmd, ngx_int_t rc)
{
    ngx_uint_t              i, n;
    ig_limit_lease_t       *lease;
    ngx_http_ig_lease_t    *l;
    ngx_http_ig_counter_t  *c;

    l = cmd->lease;

    if (l && cmd->reset) {
        l->command = NULL;

    } else if (l) {
        for (n = 0, i = 0; i < cmd->n; i++) {
            c = &cmd->counters[i];

            if (rc == NGX_DECLINED && !c->refused) {
                continue;
            }

            lease = &l->leases[n++];

            *lease = l->leases[i];
            lease->granted = 0;
            lease->used = 0;
            lease->retry_ns = 0;

            if (rc != NGX_ERROR) {
                lease->granted = c->lease.granted << c->shift;
                lease->used = c->lease.used << c->shift;
                lease->retry_ns = c->lease.retry_ns;
            }
        }

        l->n = n;
        l->command = NULL;

    } else if (!cmd->report && !cmd->reset && !cmd->resets && rc == NGX_OK) {

        for (i = 0; i < cmd->n; i++) {
            ngx_http_ig_store_give(cmd->store, &cmd->counters[i]);
        }
    }

    ngx_http_ig_script_free(cmd);

    if (l) {
        l->handler(l->data, rc);
    }
}


static void
ngx_http_ig_store_log_error(ngx_http_ig_command_t *cmd, redisReply *error)
{
    time_t  now;

    static time_t  logged;

    now = ngx_time();

    if (now - logged < 10) {
        return;
    }

    logged = now;

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "inference guard: the store at %V says: %*s",
                  &cmd->conn->server.name,
                  ngx_min(strcspn(error->str, "\r\n"), 200), error->str);
}
