# Three NGINX share one Redis and hold one limit: a budget exactly, slots, a rate,
# and with leases within the documented bound.
# Control: every node took part.

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

# --- exact ---

my @t = fleet(3, $url, <<'END');
exact: true
limits:
  - {of: requests, per: day, max: 100}
END
my $s = statuses_of_all(60, @t);
is($s->{200}, 100, 'of 180 requests at three nodes exactly 100 are admitted');
is($s->{429}, 80, 'the others are refused');
is_deeply([ grep { !$_->records('decision') } @t ], [], 'all nodes took part');
is(code($_), '429 insufficient_quota', 'the budget is spent on each node') for @t;
finish(@t);

# --- several limits at once: who is to blame ---

$redis->call('FLUSHALL');
@t = fleet(2, $url, <<'END');
exact: true
limits:
  - {of: requests, per: hour, max: 5, burst: 5}
  - {of: requests, per: day, max: 1000}
  - {of: tokens, per: day, max: 1000000}
END
is(statuses(3, $t[0])->{200}, 3, 'three here');
is(statuses(2, $t[1])->{200}, 2, 'two there');
my $r = ask($t[0], us => 'hello');
is(code($t[0], $r), '429 rate_limited', 'the rate refuses, and is to blame');
cmp_ok($r->{headers}{'retry-after'}, '>', 600, 'it says when');
cmp_ok($r->{headers}{'retry-after'}, '<=', 721, 'a fifth of an hour');
is(scalar(grep { $redis->call('TYPE', $_) eq 'hash' && $redis->call('HGET', $_, 't') == 5 }
    $redis->counters), 1, 'and in the others nothing was leased');
finish(@t);

# --- slots ---

$redis->call('FLUSHALL');
@t = fleet(3, $url, <<'END', handler => sub ($r, $c) {
exact: true
limits:
  - {of: concurrent, max: 7}
END
    my ($file) = $r->{body} =~ m{"user":"([^"]+)"};
    $c->wait_file($file, 15) if $file;
    IG::Limits::taking($r, $c);
});
my $go = $t[0]->dir('go');
my @s = map {
    my $t = $_;
    map {
        my $s = $t->connect;
        $t->send($s, $t->request('POST', '/v1/chat/completions', take(1, 1, user => $go),
            'Authorization: Bearer tok-us'));
        [ $t, $s ];
    } 1 .. 5;
} @t;
$t[0]->wait_for('all are decided', sub {
    15 == sum(map { scalar(() = $_->read('audit.jsonl') =~ /"type":"decision"/g) } @t);
});
$t[0]->wait_for('seven are at the endpoints', sub {
    7 == sum(map { scalar(my @r = $_->up('virginia')->requests) } @t) });
open my $fh, '>', $go or die;
my @status = map { $_->[0]->response($_->[1])->{status} } @s;
is(scalar(grep { $_ == 200 } @status), 7, 'seven run at a time, of all nodes');
is(scalar(grep { $_ == 429 } @status), 8, 'the others are refused');
settled($_) for @t;
$t[0]->wait_for('idle slots go back', sub {
    my ($key) = $redis->counters or return 1;
    return $redis->call('HGET', $key, 't') == 0;
});
pass('and all are free');
finish(@t);

# --- leases: no round trip for each, and never more than the limit ---

$redis->call('FLUSHALL');
$redis->call('CONFIG', 'RESETSTAT');
@t = fleet(3, $url, <<'END');
limits:
  - {of: requests, per: day, max: 300, lease: 30}
END
$s = statuses_of_all(80, @t);
is($s->{200}, 240, 'far from the limit all are admitted');
my ($calls) = $redis->call('INFO', 'commandstats') =~ /cmdstat_evalsha:calls=(\d+)/;
cmp_ok($calls, '<', 80, "with few calls of the store ($calls)");
$s = statuses_of_all(80, @t);
my $admitted = 240 + ($s->{200} //= 0);
cmp_ok($s->{200}, '<=', 60, 'never more than the limit');
cmp_ok($s->{200}, '>=', 60 - 2 * 30, 'what is missing lies with other nodes');
$t[0]->wait_for('and comes back', sub {
    $admitted += grep { status($_) == 200 } @t;
    my ($key) = $redis->counters;
    return $redis->call('HGET', $key, 't') == 300
        && $admitted >= 300;
});
is(sum(map { statuses(4, $_)->{200} // 0 } @t) + $admitted, 300,
    'in the end the limit is used up exactly');
finish(@t);

# --- a budget beyond the numbers that a script counts exactly ---

$redis->call('FLUSHALL');
@t = fleet(2, $url, <<'END');
exact: true
limits:
  - {of: cost, currency: USD, per: month, max: 100000000}
END
is_deeply(statuses(3, $_), { 200 => 3 }, 'a large budget serves') for @t;
my ($large) = $redis->counters;
like($large, qr/\*7$/, 'it is counted in 2^7 of 1e-9 USD');
cmp_ok($redis->call('HGET', $large, 't'), '>', 0, 'and it is counted');
finish(@t);

# --- clients that go away while the store is asked ---

$redis->call('FLUSHALL');
@t = fleet(1, "$url timeout=20s", <<'END');
exact: true
limits:
  - {of: concurrent, max: 4}
  - {of: requests, per: day, max: 1000}
END
wait_ready(@t);
$redis->pause;
for (1 .. 12) {
    my $s = $t[0]->connect;
    $t[0]->send($s, $t[0]->request('POST', '/v1/chat/completions', chat('hello'),
        'Authorization: Bearer tok-us'));
    close $s;
}
$redis->resume;
$t[0]->wait_for('what they would have had is there again', sub {
    settled($t[0]);
    return 0 == grep {
        my %h = $redis->call('HGETALL', $_)->@*;
        !/:\d{10}$/ && $h{t} != 0;
    } $redis->counters;
});
is_deeply(statuses(8, $t[0]), { 200 => 8 }, 'and others get it');
$t[0]->reload;
is_deeply(statuses(8, $t[0]), { 200 => 8 }, 'also after a reload');
finish(@t);

sub code ($t, $r = ask($t, us => 'hello')) {
    my $e = $t->json($r)->{error} // {};
    return "$r->{status} " . ($r->{headers}{'inference-guard-reason'} // $e->{code} // $e->{type} // '');
}

sub sum (@n) { my $s = 0; $s += $_ for @n; return $s }

done_testing;
