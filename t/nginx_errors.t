# NGINX's own errors in a guarded location take the dialect's format; no live
# endpoint is 503; an error of the endpoint itself passes as it is.
# Control: the same server without the guard answers with NGINX's page.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $t = standard(start => 0,
    upstreams => { virginia => 'server 127.0.0.1:%%PORT:nobody%%;' },
    server => 'client_max_body_size 1k;', location => 'proxy_read_timeout 300ms;',
    handlers => {
        riyadh => sub ($r, $c) { $c->json(429, { error => { message => 'own',
            code => 'own_code' } }, 'Retry-After: 7') },
        frankfurt => sub ($r, $c) { $c->wait_file('/nonexistent', 2) },
    }, http => <<'END');
server {
    listen %%PORT:bare%%;
    client_max_body_size 1k;
    location / { proxy_pass http://virginia; }
}
END
$t->start($t->{conf});

sub error ($r, $status, $name) {
    is($r->{status}, $status, "$name: $status");
    like($r->{headers}{'content-type'} // '', qr{^application/json},
        "$name: JSON") or return {};
    unlike($r->{body}, qr/<html/, "$name: no page");
    my $e = $t->json($r)->{error};
    ok(ref $e eq 'HASH' && $e->{code} && $e->{message}, "$name: an error");
    return $e // {};
}

error(ask($t, us => 'x' x 2000), 413, 'too large');
my $e = error(ask($t, us => 'hello'), 503, 'no live endpoint');
is($e->{code}, 'endpoints_down', 'no live endpoint: its code');
isnt(ask($t, us => 'hello')->{headers}{'x-should-retry'} // '', 'false',
    'no live endpoint: a retry may help');
error(ask($t, de => 'hello', from 'DE'), 504, 'a slow endpoint');

my $r = ask($t, sa => 'hello', from 'SA');
is($r->{status}, 429, "the endpoint's own error");
is($t->json($r)->{error}{code}, 'own_code', "the endpoint's own body");
is($r->{headers}{'retry-after'}, 7, "the endpoint's own header");

# an Anthropic client gets its own form
$r = $t->post('/v1/messages', { model => 'm', max_tokens => 1, messages => [
    { role => 'user', content => 'x' x 2000 } ] }, 'X-Api-Key: tok-us',
    'anthropic-version: 2023-06-01');
is($r->{status}, 413, 'Anthropic, too large');
is($t->json($r)->{type} // '', 'error', 'Anthropic, too large: its form');
is($t->json($r)->{error}{type} // '', 'request_too_large',
    'Anthropic, too large: its type');

# what NGINX cannot even read has a body of NGINX, and leaves no byte
$r = $t->http("POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n"
    . "Content-Length: x\r\n\r\n");
is($r->{status}, 400, 'a broken head');

$r = $t->http($t->request('POST', '/v1/x', 'a' x 2000), port => 'bare');
is($r->{status}, 413, 'without the guard: 413');
like($r->{body}, qr/<html/, "without the guard: NGINX's page");

$t->done;
done_testing;
