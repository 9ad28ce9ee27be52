# error_page and its named location are a way out that must not cross a border:
# an unguarded fallback gets nothing, a guarded one is checked anew, and its
# $inference_guard_upstream is the next permitted endpoint.
# Control: a fallback inside the permitted set answers.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $dead = 'server 127.0.0.1:%%PORT:nobody%%;';
my %o = (upstreams => { virginia => $dead }, start => 0);

my $t = standard(%o,
    location => 'error_page 502 503 504 = @fallback;',
    server => 'location @fallback { proxy_pass http://127.0.0.1:%%PORT:out%%; }');
$t->upstream('out');
$t->start($t->{conf});
my $r = ask($t, us => 'hello');
like($r->{status}, qr/^(?:403|503)$/, 'unguarded: refused');
is($t->up('out')->bytes, 0, 'unguarded: not a byte');
got_nothing($t, 'unguarded');
$t->done;

# guarded, next permitted endpoint
my $fallback = <<"END";
location \@fallback { inference_guard on; ${\PROXY} }
END
$t = standard(%o, start => 1,
    location => 'error_page 502 503 504 = @fallback;', server => $fallback);
served($t, ask($t, us => 'hello'), 'frankfurt', 'guarded: the next endpoint');
my ($d) = $t->wait_records(redirect => 1);
ok($d, 'guarded: the second choice has its record');
my @order = map { $_->{type} } $t->wait_records(outcome => 1)
    ? $t->records : ();
is_deeply(\@order, [ qw(decision redirect outcome) ], 'guarded: in order');
$t->done;

# guarded, but where it leads is not permitted
$t = standard(start => 1, upstreams => { riyadh => $dead },
    location => 'error_page 502 503 504 = @fallback;',
    server => 'location @fallback { inference_guard on; '
        . 'proxy_pass http://virginia; }');
refused($t, ask($t, us => ID), 451, 'destination_not_permitted',
    'guarded, to a country not permitted');
served($t, ask($t, us => 'hello'), 'virginia', 'the control');
refused($t, ask($t, sa => 'hello', from 'SA'), 451,
    'destination_not_permitted', 'guarded, nothing else permitted');
$t->done;

$t = standard(%o, location => 'error_page 502 503 504 = @fallback;',
    server => 'location @fallback { inference_guard on; '
        . 'proxy_pass http://127.0.0.1:%%PORT:out%%; }');
$t->upstream('out');
$t->start($t->{conf});
refused($t, ask($t, us => 'hello'), 451, 'destination_not_permitted',
    'guarded, to a place undeclared');
$t->done;

# all of the permitted set tried: nothing is left
$t = standard(start => 1, upstreams => { riyadh => $dead },
    location => 'error_page 502 503 504 = @fallback;', server => $fallback);
refused($t, ask($t, us => ID), 503, 'endpoints_down',
    'guarded: no endpoint is left untried');
$t->done;

# error_page must not turn a refusal into something else
$t = standard(location => <<'END', start => 0, server => <<'END2');
error_page 400 401 403 404 405 413 415 451 = @out;
END
location @out { proxy_pass http://127.0.0.1:%%PORT:out%%; }
END2
$t->upstream('out');
$t->start($t->{conf});
refused($t, ask($t, us => SECRET), 403, 'blocked_by_rule', 'a refusal');
refused($t, ask($t, xx => 'hello'), 401, 'unknown_tenant', 'no tenant');
refused($t, ask($t, sa => 'hello', from 'DE'), 451,
    'no_permitted_destination', 'no destination');

$t->done;
done_testing;
