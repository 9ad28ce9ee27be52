# inference-guard quota: what is used, for people and programs, and its reset,
# by TCP and by a unix socket; 1 for what is not there, 2 for what could not be
# asked.  Control: nothing but a reset that was answered changes anything.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Build;
use IG::Limits;
use IG::Nginx;
use IG::Standard;
use Test::More;

delete $ENV{$_} for qw(INFERENCE_GUARD_URL NO_COLOR http_proxy https_proxy);

my $t = limited(<<'END', server => <<'END2');
limits:
  - {of: tokens, per: day, max: 1000}
  - {of: requests, per: day, max: 10}
  - {of: cost, currency: USD, per: month, max: 2, enforcement: audit}
  - {of: requests, per: month, by: [model], max: 1000}
END
listen unix:%%DIR%%/guard.sock;
location = /closed { inference_guard_quota; deny all; }
location = /elsewhere { return 302 /quota; }
location = /html { default_type text/html; return 200 "<html>"; }
location = /echo { default_type application/json; return 200 '{"m": "$request_method"}'; }
END2
my $base = 'http://127.0.0.1:' . $t->port('http');
my $url  = "$base/quota";
sub quota (@args) { run(command(), 'quota', @args) }

# nothing is used yet
my ($status, $out) = quota('show', 'bank-us', '--url', $url);
is($status, 0, 'a tenant that has used nothing');
like($out, qr/^TENANT +LIMIT +OF +USED +MAX +PERCENT +RESETS IN\nbank-us +-/,
    'and says so') or diag $out;
($status, $out) = quota('show', 'bank-sa', '--url', $url);
is("$status $out", "0 no limits\n", 'a tenant without limits');

ask($t, us => take(600, 250));
settled($t);

# the table
($status, $out) = quota('show', '--url', $url);
is($status, 0, 'all tenants');
my ($title, @rows) = split /\n/, $out;
my %row = map { my @c = split / {2,}/; $c[1] => \@c } @rows;
is_deeply([ sort keys %row ], [ 'cost USD/month (audit)', 'requests/day',
    'requests/month by model', 'tokens/day' ], 'a row a counter') or diag $out;
is_deeply([ $row{'tokens/day'}->@[0, 2 .. 5] ],
    [ 'bank-us', '-', '850', '1000', '85%' ], 'used, of what, in per cent');
like($row{'tokens/day'}[6], qr/^(?:\d+h \d+m|\d+m \d+s|\d+s)$/, 'and until when');
is_deeply([ $row{'requests/day'}->@[2 .. 5] ], [ '-', '1', '10', '10%' ],
    'another');
is_deeply([ $row{'cost USD/month (audit)'}->@[2 .. 5] ],
    [ '-', '0.00085', '2.00', '0%' ], 'money');
is_deeply([ $row{'requests/month by model'}->@[2 .. 5] ],
    [ 'model=m-1', '1', '1000', '0%' ], 'what it is of');
my %at = map { length((split /%/)[0]) => 1 } @rows;
is(scalar keys %at, 1, 'numbers stand below one another') or diag $out;
unlike($out, qr/\e/, 'no color in a pipe');
is((quota('show', 'bank-us', '--url', $url))[1], $out, 'one tenant');

# a terminal
sub terminal (%env) {
    local @ENV{ keys %env } = values %env;
    local $ENV{TERM} = 'xterm';
    return (run('script', '-qec', command() . " quota show --url $url",
        '/dev/null'))[1];
}
like(terminal(), qr/\e\[33m85%\e\[0m/, 'above 80 per cent: yellow');
unlike(terminal(NO_COLOR => 1), qr/\e/, 'unless NO_COLOR');
like(terminal(), qr/ 10%/, 'what is below has no color');
ask($t, us => take(300, 10));
settled($t);
like(terminal(), qr/\e\[31m116%\e\[0m/, 'above 100: red');

# programs
($status, $out) = quota('show', 'bank-us', '--json', '--url', $url);
is($status, 0, '--json');
my %json = map { $_->{limit} => $_->{used} } grep { !$_->{of} }
    $t->json({ body => $out })->{tenants}{'bank-us'}->@*;
is_deeply(\%json, { map { $_ => counters($t)->{$_}{used} } 'tokens/day',
    'requests/day', 'cost USD/month', }, 'the document as it is') or diag $out;

# where to ask
{
    local $ENV{INFERENCE_GUARD_URL} = $url;
    is((quota('show', 'bank-us'))[0], 0, 'INFERENCE_GUARD_URL');
}
my @unix = ('--unix', $t->dir('guard.sock'), '--url', 'http://guard/quota');
is((quota('show', 'bank-us', @unix))[0], 0, 'a unix socket');

# reset
sub counts () { join ' ', used($t, 'tokens/day'), used($t, 'requests/day') }
is(counts, '1160 2', 'before');
is((quota('reset', 'nobody', '--url', $url))[0], 1, 'no such tenant: 1');
($status, $out) = quota('reset', 'bank-us', '--limit', 'none', '--url', $url);
is($status, 1, 'no such limit: 1');
like($out, qr/no tenant "bank-us" with a limit "none"/, 'and says so');
is((quota('reset', '--url', $url))[0], 2, 'a reset without a tenant: 2');
is((quota('reset', '', '--url', $url))[0], 2, 'or with an empty name');
is((quota('reset', 'bank-us', '--limit', '', '--url', $url))[0], 2,
    'or an empty limit');
is((quota('reset', 'bank-us', '--url', "$base/elsewhere"))[0], 2,
    'a redirect is not followed');
is((quota('reset', 'bank-us', '--url', "$base/closed"))[0], 2,
    'not allowed: 2');
is((quota('reset', 'bank-us', '--url', "$url#x"))[0], 2,
    'arguments never lost behind a fragment');
is(counts, '1160 2', 'nothing of it changed anything');
is((quota('reset', 'bank-us', '--json', '--url', "$base/echo"))[1],
    '{"m": "POST"}', 'a reset is a POST');

($status, $out) = quota('reset', 'bank-us', '--limit', 'tokens/day', '--url', $url);
is("$status $out", "0 tokens/day of bank-us: reset\n", 'one limit');
is(counts, '0 2', 'that one, not the other');
($status, $out) = quota('reset', 'bank-us', '--limit', 'cost USD/month', @unix);
is($status, 0, 'a name with a space, by the socket');
is(used($t, 'cost USD/month'), '0.000000000', 'is found');
is((quota('reset', 'bank-us', '--url', $url))[0], 0, 'all');
is(counts, '0 0', 'are unused');
is(scalar $t->wait_records(reset => 3), 3, 'three resets, three records');

# what could not be asked
is((quota('show', 'nobody', '--url', $url))[0], 1, 'show: no such tenant: 1');
for my $bad ([ "$base/nowhere", 'a wrong path' ],
    [ "$base/html", 'another page' ], [ "$base/echo", 'another document' ],
    [ "$base/closed", 'a closed location' ],
    [ "file://" . $t->dir('nginx.conf'), 'no HTTP' ], [ 'http://', 'no URL' ])
{
    ($status, $out) = quota('show', 'nobody', '--url', $bad->[0]);
    is($status, 2, "$bad->[1]: 2") or diag $out;
    like($out, qr/^inference-guard quota: \S/, 'and why');
}
is((quota('show', '--unix', $t->dir('no.sock')))[0], 2, 'no such socket');
my $mute = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1');
($status, $out) = quota('show', '--timeout', 1, '--url',
    'http://127.0.0.1:' . $mute->sockport . '/');
is($status, 2, 'a server that says nothing');
like($out, qr/timed out/i, 'is not waited for');
is((quota(@$_))[0], 2, "@$_: 2") for [ 'show', 'a', 'b' ], [ 'show', '--bogus' ],
    [ 'show', '--limit', 'x' ], [ 'show', '--timeout', 'soon' ], ['other'], [];
is((quota('--help'))[0], 0, 'help');
is((quota('show', '--help'))[0], 0, 'help of one');
$t->done;

# pages that are none, and text of a page on a terminal
sub page ($text) {
    $text =~ s/(["\\])/\\$1/g;
    my $n = IG::Nginx->new(workers => 1);
    $n->port('http');
    $n->start(<<"END");
server { listen %%PORT:http%%;
    location / { default_type application/json; return 200 "$text"; } }
END
    my @r = quota('show', '--url', 'http://127.0.0.1:' . $n->port('http') . '/');
    $n->done;
    return @r;
}
my $row = '{"limit": "l", "used": "5", "max": "10", "resets_s": 0, '
    . '"enforcement": "enforce"}';
my $whole = qq({"tenants": {"a": [$row], "b": []}, "more": true}\n);
($status, $out) = page($whole);
is($status, 0, 'a page that was cut');
like($out, qr/^a +l +- +5 +10 +50% +-$/m, 'is shown');
like($out, qr/there are more/, 'and said to be');
($status, $out) = page($whole =~ s/"l"/"l\\u001b[31m\\u009b"/r);
like($out, qr/l\?\[31m\?/, 'nothing of a page controls a terminal');
($status, $out) = page($whole =~ s/"10"/"0"/r);
is($status, 0, 'a maximum of nothing');
for my $bad (substr($whole, 0, 40), substr($whole, 0, -3), $whole . '{}',
    $whole =~ s/"10"/"x"/r, $whole =~ s/"used": "5", //r, '[]', '{"tenants": 1}')
{
    ($status, $out) = page($bad);
    is($status, 2, 'a page that is none: 2') or diag $bad;
    unlike($out, qr/TENANT/, 'nothing is printed of it');
}

done_testing;
