# A node of a fleet is restarted in the middle of a month, with its snapshot: the
# fleet admits exactly the budget, and the store's sum is what was admitted.  With
# leases at most what lay with the node is missing, and nothing comes twice.
# Control: the node takes part before and after.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Fleet;
use IG::Limits;
use IG::Redis;
use IG::Standard;
use Test::More;

my $redis = IG::Redis->new;
my $LEASE = 8;
my $MAX = 400;

for my $exact (1, 0) {
    for my $signal (qw(QUIT KILL)) {
        my $name = ($exact ? 'exact' : 'leases') . ", $signal";
        $redis->call('FLUSHALL');
        ($IG::Fleet::served, %IG::Fleet::served) = (0);
        my @t = fleet(3, 'redis://' . $redis->address, <<"END",
exact: @{[ $exact ? 'true' : 'false' ]}
limits:
  - {of: requests, per: month, max: $MAX, lease: $LEASE}
END
            zone => 'inference_guard_zone guard:2m snapshot=%%DIR%%/limits interval=50ms;');
        wait_ready(@t);
        statuses(21, $_) for @t;
        my $node = $t[1];
        my $before = $IG::Fleet::served{ $node->dir };
        if ($signal eq 'QUIT') { $node->stop }
        else {
            my @workers = $node->workers;
            kill 'KILL', $node->master;
            waitpid delete $node->{pid}, 0;
            kill 'KILL', @workers;
            $node->wait_for('all are gone', sub { !grep { !$node->gone($_) } @workers });
        }
        statuses(10, $_) for @t[ 0, 2 ];
        $node->start;
        wait_ready($node);
        cmp_ok($IG::Fleet::served{ $node->dir }, '>', $before, "$name: it is back");
        my $least = $exact ? $MAX : $MAX - $LEASE;
        $t[0]->wait_for('the budget is spent', sub {
            statuses(8, $_) for @t;
            return $IG::Fleet::served >= $least;
        });
        my ($key) = $redis->counters;
        $t[0]->wait_for('nothing lies with nodes', sub {
            statuses(1, $_) for @t;
            return $redis->call('HGET', $key, 't') == $MAX;
        });
        is_deeply(statuses(20, $_), { 429 => 20 }, "$name: nothing more") for @t;
        cmp_ok($IG::Fleet::served, '<=', $MAX, "$name: nothing is handed out twice");
        cmp_ok($IG::Fleet::served, '>=', $least, "$name: and no more is missing than lay there");
        finish(@t);
    }
}

done_testing;
