# A plan that says `without_store: {local: 25%}`: while the store is gone each node
# goes on with that share of each maximum, and no more; when it is back, what was
# used meanwhile counts in it.
# Control: a plan without it is refused.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Fleet;
use IG::Limits;
use IG::Redis;
use IG::Standard;
use Test::More;

my $redis = IG::Redis->new;
my $url = 'redis://' . $redis->address . '';
my @t = fleet(2, $url, <<'END');
exact: true
without_store: {local: 25%}
limits:
  - {of: requests, per: day, max: 400}
END
wait_ready(@t);

$redis->kill;
for my $t (@t) {
    my %count;
    $t->wait_for('the share is used up', sub {
        $count{ status($t) }++;
        return $count{429};
    });
    is($IG::Fleet::served{ $t->dir }, 100, 'a hundred at each, and no more');
    is_deeply([ sort keys %count ], [ 200, 429 ], 'none for want of a store');
    is(statuses(5, $t)->{429}, 5, 'that stays so');
}
is($IG::Fleet::served, 200, 'two shares');

$redis->start;
$t[0]->wait_for('both have told what they used', sub {
    grep { 2 == grep { /^n/ } $redis->call('HKEYS', $_)->@* }
        grep { /:1\d{9}$/ } $redis->counters;
});
my $i = 0;
$t[0]->wait_for('the store gives the rest', sub {
    status($t[$i++ % 2]);
    return $IG::Fleet::served >= 400;
});
is_deeply(statuses(20, $_), { 429 => 20 }, 'then all of it is spent') for @t;
is($IG::Fleet::served, 400, 'what was used alone is part of the limit');
IG::Fleet::finish(@t);

@t = fleet(1, $url, <<'END');
limits:
  - {of: requests, per: day, max: 40}
END
wait_ready(@t);
$redis->kill;
wait_gone(@t);
$t[0]->wait_for('what was leased is used up', sub { status($t[0]) == 503 });
is(statuses(5, $t[0])->{503}, 5, 'a plan without a share is refused');
IG::Fleet::finish(@t);

done_testing;
