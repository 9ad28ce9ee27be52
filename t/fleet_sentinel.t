# Redis behind Sentinel: its master is used, and after a failover the next one; a
# budget is not handed out anew, whatever the new master has missed.
# Control: requests are served before and after.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Fleet;
use IG::Redis;
use IG::Standard;
use Test::More;

my $master = IG::Redis->new;
my $replica = IG::Redis->replica($master);
my @sentinels = map { IG::Redis->sentinel($master, quorum => 2) } 1 .. 3;
for my $s (@sentinels) {
    $s->wait_for('sentinels know each other', sub {
        my %m = $s->call('SENTINEL', 'MASTER', 'ig')->@*;
        return $m{'num-other-sentinels'} == 2 && $m{'num-slaves'} == 1 && $m{flags} eq 'master';
    });
}

# the first of the sentinels is not there
my $gone = IG::Redis::free_port();
my $store = 'redis://' . join(',', "127.0.0.1:$gone", map { $_->address } @sentinels)
    . ' sentinel=ig';
my $PLAN = <<'END';
exact: true
limits:
  - {of: requests, per: month, max: 300}
END
my @t = fleet(2, $store, $PLAN);
wait_ready(@t);
is_deeply(statuses(5, $_), { 200 => 5 }, 'served') for @t;
my ($key) = $master->counters;
is($master->call('HGET', $key, 't'), $IG::Fleet::served, 'the master counts');

# it dies, and its replica has lost the last writes: all of the month so far
$replica->wait_for('replicated', sub { ($replica->call('HGET', $key, 't') // 0) == $IG::Fleet::served });
$master->kill;
$replica->wait_for('a new master', sub { $replica->call('ROLE')->[0] eq 'master' });
$replica->call('FLUSHALL');
wait_ready(@t);
$t[0]->wait_for('the new master knows what the nodes know', sub {
    ($replica->call('HGET', $key, 't') // 0) == $IG::Fleet::served;
});
pass('the new master knows what the nodes know');

# the old one comes back as a replica, and is not written to
$master->start;
$master->wait_for('the old master follows', sub { $master->call('ROLE')->[0] eq 'slave' });
for (1 .. 170) { status($_) for @t }
is($IG::Fleet::served, 300, 'one budget, over both masters');
is($replica->call('HGET', $key, 't'), 300, 'the new master counts');

# no sentinel at all: what is connected goes on; a node that starts is refused
$_->kill for @sentinels;
is(status($t[0]), 429, 'the budget is spent, says the master');
my $late = node('late', $store, $PLAN);
$late->wait_for('told in the log', sub {
    status($late);
    $late->read('logs/error.log') =~ /no sentinel knows the master|connecting timed out/;
});
is(status($late), 503, 'refused without sentinels');
finish(@t, $late);
done_testing;
