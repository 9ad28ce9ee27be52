# The store is killed, paused, cut off, emptied: requests are answered at once,
# nothing is admitted that the store does not know of, and nothing is handed out
# twice when it is back.
# Control: each part ends with requests that are served.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Fleet;
use IG::Limits;
use IG::Redis;
use IG::Standard;
use Test::More;
use Time::HiRes qw(time);

my $redis = IG::Redis->new;
my $proxy = IG::Fleet::Proxy->new($redis->port);
my $TIMEOUT = 2;
my $url = 'redis://127.0.0.1:' . $proxy->port . " timeout=${TIMEOUT}s";

# All are refused, and long before a store could have been waited for.
sub refused_at_once ($what, @t) {
    wait_gone(@t);
    for my $t (@t) {
        my $at = time;
        is_deeply(statuses(10, $t), { 503 => 10 }, "$what: refused");
        cmp_ok(time - $at, '<', 10 * $TIMEOUT / 2, "$what: none waits");
    }
}

sub served_again ($what, @t) {
    wait_ready(@t);
    is_deeply(statuses(20, $_), { 200 => 20 }, "$what: served again") for @t;
}

my @t = fleet(2, $url, <<'END');
exact: true
limits:
  - {of: requests, per: day, max: 10000}
END
wait_ready(@t);

# --- killed ---

$redis->kill;
refused_at_once('killed', @t);
my $r = ask($t[0], us => 'hello');
is($t[0]->json($r)->{error}{code}, 'limits_unavailable', 'the client hears why');
$redis->start;
served_again('killed', @t);

# --- paused: it takes bytes, and says nothing ---

$redis->pause;
is(status($t[0]), 503, 'a request in flight is refused');
refused_at_once('paused', @t);
$redis->resume;
served_again('paused', @t);

# --- cut off, then swallowed by the network ---

$proxy->cut;
refused_at_once('cut off', @t);
$proxy->mend;
served_again('cut off', @t);

$proxy->swallow;
refused_at_once('swallowed', @t);
$proxy->mend;
served_again('swallowed', @t);

# what was leased by requests that were refused for want of an answer, comes back
my ($key) = $redis->counters;
my $knows;
eval {
    $t[0]->wait_for('the store knows', sub {
        ($knows = $redis->call('HGET', $key, 't')) == $IG::Fleet::served
    });
};
is($knows, $IG::Fleet::served, 'the store knows of all that were admitted, and of no more');
IG::Fleet::finish(@t);

# --- emptied: a restart does not hand out a new month ---

for my $lease ('exact: true', 'exact: false') {
    $redis->call('FLUSHALL');
    $IG::Fleet::served = 0;
    @t = fleet(3, 'redis://' . $redis->address, <<"END");
$lease
limits:
  - {of: requests, per: month, max: 400, lease: 8}
END
    wait_ready(@t);
    statuses(16, $_) for @t;
    $redis->kill;
    wait_gone(@t);
    $redis->start;
    is($redis->call('DBSIZE'), 0, 'the store has lost everything');
    $t[0]->wait_for('all have reported', sub {
        my ($key) = grep { $redis->call('TYPE', $_) eq 'hash' } $redis->counters('*:1*') or return 0;
        my %h = $redis->call('HGETALL', $key)->@*;
        return 3 == grep { /^n/ } keys %h;
    });
    wait_ready(@t);
    $t[0]->wait_for('the budget is spent', sub {
        statuses(8, $_) for @t;
        return $IG::Fleet::served >= 400;
    });
    is_deeply(statuses(40, $_), { 429 => 40 }, "$lease: nothing more is admitted") for @t;
    is($IG::Fleet::served, 400, "$lease: the month's budget is the same");
    IG::Fleet::finish(@t);
}

done_testing;
