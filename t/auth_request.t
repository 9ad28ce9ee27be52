# auth_request runs before the guard, its subrequest is no inference request,
# and a variable set from it can name the tenant.
# Control: without its yes nothing passes, with it the guard still decides.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $t = standard(server => <<'END', root => <<"END2", start => 0);
location = /auth {
    internal;
    proxy_pass http://127.0.0.1:%%PORT:auth%%;
    proxy_pass_request_body off;
    proxy_set_header Content-Length "";
}
END
location / {
    auth_request /auth;
    auth_request_set \$who \$upstream_http_x_subject;
    inference_guard on;
    inference_guard_tenant \$who;
    ${\PROXY}
}
END2
$t->upstream('auth', sub ($r, $c) {
    my $ok = ($r->{headers}{'x-pass'}[0] // '') eq 'yes';
    $c->respond($ok ? 204 : 401, [ 'X-Subject: CN=bank-sa' ], '');
});
$t->start($t->{conf});

sub auth ($text, @h) {
    my $r = $t->post('/v1/chat/completions', chat($text), @h);
    my $n = $t->up('auth')->connections;
    $t->up('auth')->reset;
    return ($r, $n);
}

my ($r, $n) = auth('hello', 'X-Pass: yes', from 'SA');
is($n, 1, 'asked once');
served($t, $r, 'riyadh', 'the subject names the tenant');
($r) = auth('hello', 'X-Pass: yes', from 'DE');
refused($t, $r, 451, 'no_permitted_destination', 'and its law holds');
($r) = auth('hello ' . SECRET, 'X-Pass: yes', from 'SA');
refused($t, $r, 403, 'blocked_by_rule', 'its yes does not skip the guard');
($r) = auth('hello', from 'SA');
is($r->{status}, 401, 'its no holds');
got_nothing($t, 'its no');

$t->done;
done_testing;
