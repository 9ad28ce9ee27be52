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
use List::Util qw(sum0);
use Test::More;
use Time::HiRes qw(time);

my $redis = IG::Redis->new;
my $proxy = IG::Fleet::Proxy->new($redis->port);
my $url = 'redis://127.0.0.1:' . $proxy->port . ' timeout=300ms';

# Statuses of n requests at a node, and that none waited for longer.
sub quick ($t, $n, $most, $name) {
    my ($worst, %s) = (0);
    for (1 .. $n) {
        my $at = time;
        $s{ status($t) }++;
        my $took = time - $at;
        $worst = $took if $took > $worst;
    }
    cmp_ok($worst, '<', $most, "$name: none waits");
    return \%s;
}

# Every worker knows that the store is gone: a run of quick refusals at each node.
sub noticed ($what, @t) {
    for my $t (@t) {
        my $run = 0;
        $t->wait_for("$what is noticed", sub {
            my $at = time;
            $run = status($t) == 503 && time - $at < 0.2 ? $run + 1 : 0;
            return $run == 25;
        });
    }
}

my @t = fleet(2, $url, <<'END');
exact: true
limits:
  - {of: requests, per: day, max: 10000}
END
$t[0]->wait_for('the store is used', sub { status($_) == 200 or return 0 for @t; 1 });

# --- killed ---

$redis->kill;
noticed('its end', @t);
is_deeply(quick($_, 10, 0.25, 'killed'), { 503 => 10 }, 'refused') for @t;
my $r = ask($t[0], us => 'hello');
is($t[0]->json($r)->{error}{code}, 'limits_unavailable', 'the client hears why');
$redis->start;
wait_ready(@t);
is_deeply(quick($_, 5, 1, 'back'), { 200 => 5 }, 'served again') for @t;

# --- paused: it takes bytes, and says nothing ---

$redis->pause;
my $at = time;
is(status($t[0]), 503, 'a request in flight is refused');
cmp_ok(time - $at, '<', 1.2, 'after the timeout');
noticed('the pause', @t);
is_deeply(quick($_, 10, 0.25, 'paused'), { 503 => 10 }, 'refused') for @t;
$redis->resume;
wait_ready(@t);
is_deeply(quick($_, 5, 1, 'resumed'), { 200 => 5 }, 'served again') for @t;

# --- cut off, then swallowed by the network ---

$proxy->cut;
noticed('the cut', @t);
is_deeply(quick($_, 10, 0.25, 'cut off'), { 503 => 10 }, 'refused') for @t;
$proxy->mend;
wait_ready(@t);
is_deeply(quick($_, 5, 1, 'mended'), { 200 => 5 }, 'served again') for @t;

$proxy->swallow;
noticed('silence', @t);
is_deeply(quick($_, 10, 0.25, 'swallowed'), { 503 => 10 }, 'refused') for @t;
$proxy->mend;
wait_ready(@t);
is_deeply(quick($_, 5, 1, 'mended'), { 200 => 5 }, 'served again') for @t;

# what was leased by requests that were refused for want of an answer, comes back
my ($key) = $redis->call('KEYS', '*')->@*;
my $knows;
eval {
    $t[0]->wait_for('the store knows', sub {
        ($knows = $redis->call('HGET', $key, 't')) == $IG::Fleet::served
    }, 20);
};
is($knows, $IG::Fleet::served, 'the store knows of all that were admitted, and of no more');
IG::Fleet::finish(@t);

# --- emptied: a restart does not hand out a new month ---

for my $lease ('exact: true', 'exact: false') {
    $redis->call('FLUSHALL');
    @t = fleet(3, 'redis://' . $redis->address, <<"END");
$lease
limits:
  - {of: requests, per: month, max: 120, lease: 8}
END
    wait_ready(@t);
    my $spent = 3 * 12;
    $spent += sum0 map { statuses(16, $_)->{200} } @t;
    $redis->kill;
    $redis->start;
    is($redis->call('DBSIZE'), 0, 'the store has lost everything');
    $t[0]->wait_for('all have reported', sub {
        my ($key) = $redis->call('KEYS', '*')->@* or return 0;
        my %h = $redis->call('HGETALL', $key)->@*;
        return 3 == grep { /^n/ } keys %h;
    });
    my $more = 0;
    $t[0]->wait_for('there is no more', sub {
        my $n = sum0 map { statuses(4, $_)->{200} // 0 } @t;
        $more += $n;
        return $spent + $more >= 120 || (!$n && $lease =~ /true/);
    });
    $more += sum0 map { statuses(10, $_)->{200} // 0 } @t;
    is($spent + $more, 120, "$lease: the month's budget is the same");
    IG::Fleet::finish(@t);
}

done_testing;
