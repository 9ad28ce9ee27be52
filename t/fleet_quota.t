# The operator's page in a fleet: what all nodes use, and a reset that reaches all
# of them from any of them, also counters that the node never saw; what was used
# or leased before does not come back.
# Control: what was not set back stays used, and without a store nothing changes.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Fleet;
use IG::Limits;
use IG::Redis;
use IG::Standard;
use Test::More;

my $redis = IG::Redis->new;
my $url = 'redis://' . $redis->address;

sub reset_at ($t, $limit = '') {
    return $t->post("/quota?tenant=bank-us$limit", '', 'X-Inference-Guard: reset');
}

# Every node admits until it refuses, in turn: how many were admitted.
sub spend (@t) {
    my $before = $IG::Fleet::served;
    my %left = map { $_ => $_ } @t;
    while (my @more = values %left) {
        for (@more) { status($_) == 200 or delete $left{$_} }
    }
    return $IG::Fleet::served - $before;
}

# Until all nodes have heard of it: they ask once a second.
sub heard (@t) {
    for my $t (@t) {
        $t->wait_for('the reset is heard', sub {
            !grep { $_->{node_used} != 0 } values counters($t)->%*;
        });
    }
}

# --- any node, exactly ---

my @t = fleet(3, $url, <<'END');
exact: true
limits:
  - {of: requests, per: day, max: 150}
  - {of: tokens, per: month, max: 1000000}
END
wait_ready(@t);
spend(@t);
is($IG::Fleet::served, 150, 'the budget is spent');
my %c = map { $_ => counters($t[$_])->{'requests/day'} } 0 .. 2;
is(sum(map { $_->{node_used} } values %c), 150, 'each node says what it counted');
is(scalar(grep { $_->{fleet} } values %c), 3, 'and that there are others');
is(max(map { $_->{used} } values %c), 150, 'and what all use, as it heard last');

is($t[0]->post('/quota?tenant=bank-us', '')->{status}, 403, 'a POST must mean it');
is(status($_), 429, 'nothing has changed') for @t;
settled($_) for @t;
my $tokens = counters($t[0])->{'tokens/month'}{node_used};

my $r = reset_at($t[2], '&limit=requests%2Fday');
is($r->{status}, 200, 'one limit is set back');
is_deeply($t[2]->json($r), { reset => 'bank-us', fleet => JSON::PP::true() }, 'in the fleet');
is(counters($t[2])->{'requests/day'}{used}, 0, 'here at once');
is($_->{limit}, 'requests/day', 'recorded') for $t[2]->wait_records(reset => 1);
for my $t (@t) {
    $t->wait_for('the others hear of it', sub { counters($t)->{'requests/day'}{node_used} == 0 });
}
is(counters($t[0])->{'tokens/month'}{node_used}, $tokens, 'the other limit is not set back');
is(spend(@t), 150, 'the whole budget is there again, and no more');
is(reset_at($t[$_])->{status}, 200, 'once more') for 0, 1;
heard(@t);
is(spend(@t), 150, 'twice is once');

# the store forgets all, and the nodes know that it was set back
settled($_) for @t;
reset_at($t[0]);
heard(@t);
statuses(20, $_) for @t;
$redis->kill;
wait_gone(@t);
is(reset_at($t[0])->{status}, 503, 'no reset without the store');
cmp_ok(counters($t[0])->{'requests/day'}{node_used}, '>=', 20, 'and nothing has changed');
is(scalar($t[0]->records('reset')), 2, 'nor is it recorded as if');
my $before = $IG::Fleet::served;
$redis->start;
$t[0]->wait_for('all have reported', sub {
    grep { 3 == grep { /^n/ } $redis->call('HKEYS', $_)->@* }
        grep { /:1\d{9}$/ } $redis->counters;
});
wait_ready(@t);
spend(@t);
is($IG::Fleet::served - $before, 90, 'what is left is left, also after that');
IG::Fleet::finish(@t);

# --- counters that other nodes made, in flight, leases ---

$redis->call('FLUSHALL');
my $up = sub ($r, $c) {
    my ($file) = $r->{body} =~ m{"wait ([^"]+)"};
    $c->wait_file($file, 60) if $file;
    IG::Limits::taking($r, $c);
};
@t = fleet(2, $url, <<'END', handler => $up);
limits:
  - {of: tokens, per: day, by: [user], max: 1000, lease: 1}
  - {of: tokens, per: minute, max: 1000000, lease: 1}
  - {of: tokens, per: month, max: 100, enforcement: audit}
  - {of: concurrent, max: 2, lease: 1}
END
wait_ready(@t);
my $alice = take(10, 900, user => 'alice');
is(status($t[0], $alice), 200, 'a user spends nearly all');
settled($t[0]);
my ($of_alice) = grep { /by user/ } keys counters($t[0])->%*;
is(status($_, $alice), 429, 'and gets no more') for @t;
cmp_ok(counters($t[0])->{'tokens/month'}{used}, '>=', 900, 'an audited limit counts');

my $go = $t[0]->dir('go');
my $s = $t[0]->connect;
$t[0]->send($s, $t[0]->request('POST', '/v1/chat/completions', chat("wait $go",
    max_tokens => 300, user => 'bob'), 'Authorization: Bearer tok-us'));
$t[0]->wait_for('a request is in flight', sub { status_of($t[0])->{reservations} });
my ($bob) = grep { /by user/ && $_ ne $of_alice } keys counters($t[0])->%*;
my $held = counters($t[0])->{$bob}{used};
cmp_ok($held, '>=', 300, 'which holds its estimate');

is(reset_at($t[1])->{status}, 200, 'set back at a node that knows of none of it');
$t[0]->wait_for('it is heard', sub { counters($t[0])->{$of_alice}{used} == 0 });
is(counters($t[0])->{'tokens/month'}{used}, $held, 'the audited limit, too');
is(counters($t[0])->{$bob}{used}, $held, 'what is in flight goes on counting');
$t[0]->wait_for('also in the store', sub {
    grep { $_ == $held } map { $redis->call('HGET', $_, 't') // 0 }
        grep { /:1\d{9}$/ } $redis->counters;
});
open my $fh, '>', $go or die;
is($t[0]->response($s)->{status}, 200, 'it ends');
settled($t[0]);
is(status($t[1], $alice), 200, 'the other may spend again');
settled($t[1]);
is(status($_, $alice), 429, 'as much as ever') for @t;
IG::Fleet::finish(@t);

$redis->call('FLUSHALL');
@t = fleet(3, $url, <<'END');
limits:
  - {of: requests, per: day, max: 400, lease: 30}
END
wait_ready(@t);
statuses(20, $_) for @t;
is(reset_at($t[1])->{status}, 200, 'leases lie with nodes');
heard(@t);
$before = $IG::Fleet::served;
$t[0]->wait_for('the budget is spent', sub {
    spend(@t);
    return $IG::Fleet::served - $before >= 400;
});
is(spend(@t), 0, 'nothing more') for 1 .. 3;
is($IG::Fleet::served - $before, 400, 'none of them is used after the reset');
IG::Fleet::finish(@t);

sub sum (@n) { my $s = 0; $s += $_ for @n; return $s }
sub max (@n) { (sort { $b <=> $a } @n)[0] }

done_testing;
