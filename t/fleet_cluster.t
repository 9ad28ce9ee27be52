# A cluster of three: counters of a tenant are in one slot; when the slot moves,
# ASK and MOVED are followed; when its server is gone, that tenant waits for none.
# Control: requests are served before, during and after.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Fleet;
use IG::Redis;
use IG::Standard;
use Test::More;

my @nodes = IG::Redis->cluster(3);
my @t = fleet(2, 'redis://' . $nodes[2]->address . ' cluster=on', <<'END');
exact: true
limits:
  - {of: requests, per: hour, max: 10000, burst: 10000}
  - {of: requests, per: month, max: 800}
  - {of: tokens, per: minute, max: 1000000}
  - {of: concurrent, max: 50}
END
wait_ready(@t);
is_deeply(statuses(10, $_), { 200 => 10 }, 'served') for @t;

my ($from) = grep { $nodes[$_]->call('DBSIZE') } 0 .. 2;
my @keys = $nodes[$from]->call('KEYS', '*')->@*;
is(scalar @keys, 5, 'four counters, and when they were set back');
my %slots = map { $nodes[0]->call('CLUSTER', 'KEYSLOT', $_) => 1 } @keys;
my ($slot) = keys %slots;
is(scalar(keys %slots), 1, 'in one slot');
is(scalar(grep { $_->call('DBSIZE') } @nodes), 1, 'of one server');

# --- the slot moves, key by key ---

my $to = ($from + 1) % 3;
my @id = map { $_->call('CLUSTER', 'MYID') } @nodes;
my $asks = sub ($n) { ($nodes[$n]->call('INFO', 'errorstats') =~ /errorstat_ASK:count=(\d+)/)[0] // 0 };
my $moves = sub ($n) { ($nodes[$n]->call('INFO', 'errorstats') =~ /errorstat_MOVED:count=(\d+)/)[0] // 0 };
$nodes[$to]->call('CLUSTER', 'SETSLOT', $slot, 'IMPORTING', $id[$from]);
$nodes[$from]->call('CLUSTER', 'SETSLOT', $slot, 'MIGRATING', $id[$to]);
is_deeply(statuses(5, $t[0]), { 200 => 5 }, 'served while nothing has moved');
$nodes[$from]->call('MIGRATE', '127.0.0.1', $nodes[$to]->port, '', 0, 5000, 'KEYS',
    $nodes[$from]->call('KEYS', '*')->@*);
is_deeply(statuses(5, $_), { 200 => 5 }, 'served when all have moved') for @t;
cmp_ok($asks->($from), '>=', 10, 'by ASK');
$nodes[$_]->call('CLUSTER', 'SETSLOT', $slot, 'NODE', $id[$to]) for $to, $from, 3 - $from - $to;
wait_ready(@t);
is_deeply(statuses(5, $_), { 200 => 5 }, 'served at the new place') for @t;
cmp_ok($moves->($from), '>=', 1, 'by MOVED');
$t[0]->wait_for('each worker has been told', sub {
    my $before = $moves->($from);
    wait_ready(@t);
    return $moves->($from) == $before;
});
pass('and that is remembered');

# --- its server is gone ---

$nodes[$to]->kill;
$t[0]->wait_for('its end is noticed', sub {
    !grep { my $t = $_; grep { status($t) != 503 } 1 .. 40 } @t;
});
pass('refused without the server that has the slot');
$nodes[$to]->start;
wait_ready(@t);
my ($month) = grep { /:1\d{9}$/ } @keys;
$t[0]->wait_for('the sum is what it was', sub {
    ($nodes[$to]->call('HGET', $month, 't') // 0) == $IG::Fleet::served
        || $IG::Fleet::served == 800;
});
for (1 .. 500) { last if $IG::Fleet::served >= 800; status($_) for @t }
is_deeply(statuses(20, $_), { 429 => 20 }, 'the budget is spent') for @t;
is($IG::Fleet::served, 800, 'one budget, whoever holds it');
finish(@t);
done_testing;
