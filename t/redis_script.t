# The store's script in a real Redis, against naive models.  Time is the
# server's; here the script reads it from two keys, so that hours pass at once.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Build;
use IG::Redis;
use List::Util qw(max min sum0);
use Test::More;

my $redis = IG::Redis->new;
my $script = read_file('ngx_inference_guard/engine/limit/lease.lua');
is(scalar($script =~ s/redis\.call\('TIME'\)/{ redis.call('GET', 's'), redis.call('GET', 'us') }/),
    1, 'the script asks for the time once');

my $START = 1_700_000_000_000_000;
my $now;
sub at ($us) {
    $now = $us;
    $redis->call('MSET', 's', int($us / 1_000_000), 'us', $us % 1_000_000);
}
sub later ($us) { at($now + $us) }
sub fresh { $redis->call('FLUSHALL'); at($START) }

my @fields = qw(alg max burst period want size give g r epoch seen seen_at ttl
    tag gen);
sub counter (%o) {
    my %c = (alg => 'sum', max => 0, burst => 0, period => 0, want => 0, size => 0,
        give => 0, g => -1, r => -1, epoch => 0, seen => 0, seen_at => 0,
        ttl => 86_400_000, tag => 'feed0001', gen => 0, %o);
    return @c{@fields};
}

# (1, rows of {granted, used, g, r, epoch, seen, gen}) or (0, rows of {used, wait})
sub run_script ($what, $node, @counters) {
    my @keys = map { "ig:{t}:" . $_->{key} } @counters;
    my $v = $redis->call('EVAL', $script, 1 + @keys, 'ig:{t}:resets', @keys, $what, $node,
        3_000_000, map { my %c = %$_; delete $c{key}; counter(%c) } @counters);
    my ($ok, $n) = splice @$v, 0, 2;
    my @rows;
    while (@$v) {
        my %row;
        @row{ $ok ? qw(granted used g r epoch seen gen) : qw(used wait) }
            = splice @$v, 0, $ok ? 7 : 2;
        push @rows, \%row;
    }
    is($n, $now, 'it says when') if $n != $now;
    return ($ok, @rows);
}
sub lease ($node, @c) { run_script('lease', $node, @c) }
sub report ($node, @c) { run_script('report', $node, @c) }

srand(my $seed = $ENV{IG_SEED} // time);
note "IG_SEED=$seed";

# --- GCRA: values by hand ---

fresh();
my %rate = (key => 'r', alg => 'gcra', max => 2, burst => 4, period => 1_000_000);
for (1 .. 4) {
    my ($ok, $row) = lease(a => { %rate, want => 1, size => 1 });
    is_deeply([ $ok, $row->{granted}, $row->{used} ], [ 1, 1, $_ ], "burst $_");
}
is_deeply([ lease(a => { %rate, want => 1, size => 1 }) ],
    [ 0, { used => 4, wait => 500_000 } ], 'the fifth waits half a second');
later(499_999);
is((lease(a => { %rate, want => 1, size => 1 }))[1]{wait}, 1, 'a microsecond too early');
later(1);
is((lease(a => { %rate, want => 1, size => 1 }))[0], 1, 'then it is admitted');
is((lease(a => { %rate, want => 5, size => 5 }))[1]{wait}, -1, 'more than the burst never is');
later(2_000_000);
is((lease(a => { %rate, want => 1, size => 100 }))[1]{granted}, 1, 'a quarter of what is left');
is((report(a => { %rate, give => 1 }))[1]{used}, 0, 'given back');
is((report(a => { %rate, want => 3 }))[1]{used}, 3, 'used beyond the lease');
is((report(a => { %rate, want => 1_000_000 }))[1]{used}, 4, 'never more than the burst');
is((report(a => { %rate, burst => 0, give => 1 }))[1]{used}, 3, 'a report need not say the burst');
is((report(a => { %rate, burst => 0, want => 2 }))[1]{used}, 4, 'which is remembered');
is((report(a => { %rate, key => 'r2', burst => 0, want => 2 }))[1]{used}, 2, 'if it was known');
at($now - 3600_000_000);
is((lease(a => { %rate, want => 1, size => 1 }))[1]{wait}, 500_000,
    'a clock that goes back lets nobody wait longer');

# --- GCRA against its definition ---

for my $round (1 .. 6) {
    fresh();
    my $period = (1, 60, 3600)[ $round % 3 ] * 1_000_000;
    my ($max, $burst) = (1 + int rand 50, 1 + int rand 20);
    my (@taken, $bad, $refusals);
    # the sum of a window of any admitted, against burst + time * max / period
    my $fits = sub ($want) {
        my $sum = $want;
        for my $e (reverse @taken) {
            $sum += $e->[1];
            return 0 if $sum * $period > $burst * $period + ($now - $e->[0]) * $max;
        }
        return $want <= $burst;
    };
    for (1 .. 250) {
        later(int rand(2 * $period / $max));
        my ($want, $size) = (1 + int rand 3, 1 + int rand 10);
        my ($ok, $row) = lease(a => { key => 'g', alg => 'gcra', max => $max,
            burst => $burst, period => $period, want => $want, size => $size });
        my $n = $ok ? $row->{granted} : 0;
        $bad //= "granted $n at $now" if $ok && ($n < $want || !$fits->($n));
        $bad //= "refused $want at $now" if !$ok && $fits->($want);
        push @taken, [ $now, $n ] if $n;
        $refusals++ if !$ok;
    }
    is($bad, undef, "GCRA $max of $period us, burst $burst: exact");
}

# a month of thirds of a second: no drift
fresh();
my $thirds = 0;
my %third = (key => 'd', alg => 'gcra', max => 3, burst => 1, period => 1_000_000);
for my $day (0 .. 29) {
    at($START + $day * 86400_000_000);
    for (1 .. 30) {
        my ($ok, $row) = lease(a => { %third, want => 1, size => 1 });
        $ok ? $thirds++ : later($row->{wait});
    }
}
is($thirds, 30 * 15, 'waits are neither too short nor too long by a microsecond');

# --- sliding windows against their definition ---

for my $round (1 .. 6) {
    fresh();
    my $period = ($round % 2 ? 60 : 3600) * 1_000_000;
    my $max = 100 + int rand 10_000;
    my (@taken, $bad);
    my $sum = sub ($window) { sum0 map { $_->[1] } grep { $_->[0] > $now - $window } @taken };
    for (1 .. 250) {
        later(int rand($period / 20));
        my ($want, $size) = map { 1 + int rand($max / 8) } 1, 2;
        my ($ok, $row) = lease(a => { key => 's', alg => 'sliding', max => $max,
            burst => $max, period => $period, want => $want, size => $size });
        my $n = $ok ? $row->{granted} : 0;
        push @taken, [ $now, $n ] if $n;
        $bad //= "more than max in a window at $now" if $sum->($period) > $max;
        $bad //= "refused $want at $now" if !$ok
            && $sum->($period * 62 / 60) + $want <= $max;
        if (!$ok && $row->{wait} > 0 && rand() < 0.3) {
            later($row->{wait});
            ($ok, $row) = lease(a => { key => 's', alg => 'sliding', max => $max,
                burst => $max, period => $period, want => $want, size => $want });
            $bad //= "the wait was too short at $now" if !$ok;
            push @taken, [ $now, $row->{granted} ] if $ok;
        }
    }
    is($bad, undef, "$max in $period us: never more in any window");
}
fresh();
my %slide = (key => 'w', alg => 'sliding', max => 100, burst => 100, period => 60_000_000);
lease(a => { %slide, want => 60, size => 60 });
is((report(a => { %slide, give => 25 }))[1]{used}, 35, 'given back');
is((report(a => { %slide, want => 90 }))[1]{used}, 125, 'used beyond the lease');
is((lease(a => { %slide, want => 1, size => 1 }))[0], 0, 'then there is nothing left');

# --- sums over nodes, against what was granted ---

sub dump_all { join '', map { $_ . ($redis->call('DUMP', $_) // '') } sort $redis->call('KEYS', 'ig:*')->@* }

fresh();
my $ok = (lease(a => { key => 'x', max => 100, want => 10, size => 10 }))[0];
my $before = dump_all();
my @answer = lease(a => { key => 'x', max => 100, want => 10, size => 10 },
    { key => 'y', max => 5, want => 6, size => 6 }, { %rate, want => 1, size => 1 });
is_deeply([ $answer[0], map { $_->{wait} } @answer[ 1 .. 3 ] ], [ 0, -2, -1, -2 ],
    'one of three refuses: all do');
is(dump_all(), $before, 'and nothing has changed in any');
is((lease(a => { key => 'x', max => 100, want => 1, size => 50 }))[1]{granted}, 22,
    'a quarter of what is left');
is((lease(a => { key => 'x', max => 100, want => 60, size => 60 }))[1]{granted}, 60,
    'but never less than is wanted');

# Nodes lease, give back, use beyond leases; answers get lost, reports come twice
# and in any order; the server is emptied or goes back to an older state.
for my $round (1 .. 12) {
    fresh();
    my $max = 1000 + int rand 100_000;
    my %c = (key => 'm', max => $max);
    my @nodes = map { { id => "n$_-$round", g => 0, r => 0, received => 0, lost => 0,
        epoch => 0, seen => 0, known => 0, reports => [] } } 1 .. 4;
    my ($bad, $old);
    my $knows = sub ($n) { (epoch => $n->{epoch}, seen => $n->{seen},
        $n->{known} ? (g => $n->{g}, r => $n->{r}) : ()) };
    my $learn = sub ($n, $row) {
        @$n{qw(epoch seen)} = @$row{qw(epoch seen)};
        if (!$n->{known}) { @$n{qw(g r known)} = ($row->{g}, $row->{r}, 1) }
        else { $n->{g} += $row->{granted} }
    };
    my $all = sub { sum0 map { $_->{g} - $_->{r} } @nodes };
    for (1 .. 120) {
        later(10_000);
        my $n = $nodes[ rand @nodes ];
        my $what = int rand 100;
        if ($what < 50) {
            my $want = 1 + int rand($max / 40);
            my ($ok, $row) = lease($n->{id} => { %c, $knows->($n), want => $want,
                size => $want * 3 });
            next if !$ok;
            if ($n->{known} && rand() < 0.1) { $n->{lost} += $row->{granted}; next }
            $learn->($n, $row);
            $bad //= "more than max: $row->{used}" if $row->{used} > $max + 50;
        }
        elsif ($what < 70 && $n->{known} && $n->{g} > $n->{r}) {
            $n->{r} += 1 + int rand($n->{g} - $n->{r});
            push $n->{reports}->@*, { g => $n->{g}, r => $n->{r} };
        }
        elsif ($what < 75 && $n->{known}) {
            $n->{g}++;
            push $n->{reports}->@*, { g => $n->{g}, r => $n->{r} };
        }
        elsif ($what < 95 && $n->{reports}->@*) {
            my $r = $n->{reports}[ rand $n->{reports}->@* ];
            my ($ok, $row) = report($n->{id} => { %c, $knows->($n), %$r });
        }
        elsif ($what < 97) { $old = $redis->call('DUMP', 'ig:{t}:m') }
        elsif ($what < 99) { $redis->call('DEL', 'ig:{t}:m') }
        elsif (defined $old) { $redis->call('RESTORE', 'ig:{t}:m', 0, $old, 'REPLACE') }
    }
    # all repeat what they know, when no answer can be on its way any more
    later(4_000_000);
    my $used;
    for my $n (grep { $_->{known} } @nodes) {
        (undef, my $row) = report($n->{id} => { %c, $knows->($n) });
        $learn->($n, $row);
        $used = $row->{used};
    }
    my $sum = $all->();
    my $f = $redis->call('HGET', 'ig:{t}:m', 'f') // 0;
    is($bad, undef, 'never more than max');
    is($redis->call('HGET', 'ig:{t}:m', 't') // 0, $sum, 'the sum is what nodes have: nothing lost, nothing twice');
    is($used, max($sum, $f), 'or what one of them had heard') if defined $used;
}

# a server that lost everything does not hand out a new month
fresh();
my %month = (key => 'month', max => 1000);
my %n = map { $_ => { g => 0, r => 0 } } qw(a b c);
for my $id (qw(a b c)) {
    my (undef, $row) = lease($id => { %month, want => 300, size => 300 });
    $n{$id} = { map { $_ => $row->{$_} } qw(g r epoch seen) };
}
$redis->call('FLUSHALL');
at($START + 1);
is((lease(c => { %month, $n{c}->%*, want => 101, size => 101 }))[0], 0,
    'the one that leased last knows the whole sum');
(undef, my $row) = report(a => { %month, $n{a}->%* });
is($row->{used}, 300, 'one that leased first knows less');
(undef, $row) = report(b => { %month, $n{b}->%* });
is($row->{used}, 600, 'and the second its own');
(undef, $row) = report(c => { %month, $n{c}->%* });
is($row->{used}, 900, 'until all have spoken');
is((lease(d => { %month, want => 101, size => 101 }))[0], 0, 'a new node gets what is left');
is((lease(d => { %month, want => 100, size => 100 }))[0], 1, 'and no more');

# a, b are gone for good, and the server lost everything: c speaks for them
$redis->call('FLUSHALL');
at($START + 2);
is((lease(c => { %month, $n{c}->%*, want => 100, size => 100 }))[1]{used}, 1000,
    'what a node had heard of others counts');
is((lease(d => { %month, want => 1, size => 1 }))[0], 0, 'also for others');
(undef, $row) = report(c => { %month, g => 400, r => 100, epoch => $START + 2, seen => 1000 });
is($row->{used}, 900, 'what is given back then is there again');

# an answer that never came
fresh();
lease(a => { %month, want => 100, size => 100 });
lease(a => { %month, g => 100, r => 0, want => 50, size => 50 });
is((report(a => { %month, g => 100, r => 0 }))[1]{used}, 150, 'it may still come');
later(3_000_001);
is((report(a => { %month, g => 100, r => 0 }))[1]{used}, 100, 'then it is taken back');
lease(a => { %month, g => 100, r => 0, want => 50, size => 50 });
later(3_000_001);
is((report(a => { %month, g => -1, r => -1 }))[1]{used}, 150, 'not from a node that has forgotten');
is((report(a => { %month, g => -1, r => -1, want => 7, give => 3 }))[1]{used}, 154,
    'which reports amounts');

# --- slots ---

fresh();
my %slots = (key => 'slots', alg => 'slots', max => 5);
lease(a => { %slots, want => 3, size => 3 });
lease(b => { %slots, want => 2, size => 2 });
is((lease(c => { %slots, want => 1, size => 1 }))[0], 0, 'all slots are taken');
report(a => { %slots, g => 3, r => 1 });
is((lease(c => { %slots, want => 1, size => 1 }))[0], 1, 'one came back');
later(10_000_000);
report(a => { %slots, g => 3, r => 1 });
later(6_000_000);
is((lease(c => { %slots, g => 1, r => 0, want => 3, size => 3 }))[1]{used}, 3,
    'a node that was silent for 15 s holds none');
is((lease(c => { %slots, g => 1, r => 0, want => 2, size => 2 }))[0], 1, 'its slots are there');
is((report(b => { %slots, g => 2, r => 0 }))[1]{used}, 7, 'it comes back, and has them after all');
report(b => { %slots, g => 2, r => 2 });
is((lease(d => { %slots, want => 1, size => 1 }))[0], 0, 'and gives them back');
report(d => { %slots, ttl => 1 });
cmp_ok($redis->call('PTTL', 'ig:{t}:slots'), '>', 80_000_000, 'counters stay as long as anybody said');

# --- who is to blame ---

fresh();
my @two = ({ %slots, want => 1, size => 1 }, { %rate, want => 1, size => 1 },
    { key => 'x', max => 10, want => 1, size => 1 });
lease(a => { %slots, want => 5, size => 5 }, { %rate, want => 4, size => 4 });
is_deeply([ map { $_->{wait} } (lease(a => @two))[ 1 .. 3 ] ], [ 0, 500_000, -2 ],
    'all that refuse are named, with what is known');

# --- a rate or a sliding window that was lost ---

fresh();
(undef, $row) = lease(a => { %rate, want => 4, size => 4 }, );
$redis->call('FLUSHALL');
at($START + 250_000);
is((lease(a => { %rate, want => 1, size => 1, seen => $row->{seen}, seen_at => $START }))[1]{wait},
    250_000, 'a node remembers a rate');
fresh();
(undef, $row) = lease(a => { %slide, want => 90, size => 90 });
$redis->call('FLUSHALL');
at($START + 30_000_000);
is((lease(a => { %slide, want => 20, size => 20, seen => 90, seen_at => $START }))[0], 0,
    'and a sliding window');
at($START + 62_000_000);
is((lease(a => { %slide, want => 20, size => 20, seen => 90, seen_at => $START }))[0], 1,
    'until it has passed');

# --- limits that are set back ---

sub resets ($what, @tags) {
    my $v = $redis->call('EVAL', $script, 1, 'ig:{t}:resets', $what, 'a', 3_000_000, @tags);
    return @$v[ 2 .. $#$v ];
}

for my $c ({ key => 'sum', max => 100 }, { key => 'slide', alg => 'sliding', max => 100,
    burst => 100, period => 60_000_000 }, { key => 'gcra', alg => 'gcra', max => 100,
    burst => 100, period => 3600_000_000 })
{
    fresh();
    my $kind = $c->{key};
    my @full = (want => 25, size => 25);
    (undef, my $a) = lease(a => { %$c, want => 60, size => 60 });
    (undef, my $b) = lease(b => { %$c, want => 40, size => 40 });
    lease(a => { %$c, key => "$kind-other", tag => 'feed0002', want => 5, size => 5 });
    is((lease(a => { %$c, @full }))[0], 0, "$kind: spent");
    is_deeply([ resets('resets', qw(feed0001 feed0002)) ], [ 0, 0 ], 'never set back');
    later(1000);
    my ($gen) = resets('reset', 'feed0001');
    is($gen, $now, 'set back, now');
    is_deeply([ resets('resets', qw(feed0001 feed0002)) ], [ $gen, 0 ], 'one limit, not the other');
    (undef, my $row) = report(a => { %$c, g => $a->{g}, r => 0, epoch => $a->{epoch},
        seen => $a->{seen}, seen_at => $now, want => 30 });
    is_deeply([ @$row{qw(used g gen)} ], [ 0, 0, $gen ], 'what is told of before is not heard');
    (my $ok, $row) = lease(b => { %$c, g => $b->{g}, r => 0, epoch => $b->{epoch},
        seen => $b->{seen}, seen_at => $now, @full });
    is_deeply([ $ok, @$row{qw(granted used gen)} ], [ 1, 25, 25, $gen ],
        'who asks as of before, gets of what is new');
    (undef, $row) = report(a => { %$c, gen => $gen, g => 0, r => 0 });
    is($row->{used}, 25, 'and all see that');
    (undef, $row) = lease(a => { %$c, gen => $gen, g => 0, r => 0, want => 75, size => 75 });
    is($row->{used}, 100, 'the whole limit is there again');
    is((lease(b => { %$c, gen => $gen, want => 1, size => 1 }))[0], 0, 'and no more');
    is((report(b => { %$c, give => 10 }))[1]{used}, 100, 'nor by what comes back of before');

    my ($again) = resets('reset', 'feed0001');
    is($again, $gen == $now ? $gen + 1 : $now, 'once more: later than before');
    is((report(b => { %$c, gen => $again }))[1]{used}, 0, 'unused again');
    is((report(a => { %$c, key => "$kind-other", tag => 'feed0002' }))[1]{used}, 5,
        'the other limit is what it was');

    # the store loses everything: a node tells it when the limit was set back
    lease(a => { %$c, gen => $again, want => 50, size => 50 });
    $redis->call('FLUSHALL');
    at($START + 5_000_000);
    report(b => { %$c, g => 40, r => 0, epoch => 1, seen => 100, seen_at => $now });
    (undef, $row) = report(a => { %$c, gen => $again, g => 50, r => 0 });
    is($row->{gen}, $again, 'who knows of the reset');
    cmp_ok($row->{used}, '<=', 50, 'is believed, and not what was told of before');
    is((report(b => { %$c, g => 40, r => 0 }))[1]{gen}, $again, 'all hear of it');
}

# slots are what is in flight
fresh();
lease(a => { %slots, want => 5, size => 5 });
resets('reset', 'feed0001');
is((lease(b => { %slots, want => 1, size => 1 }))[0], 0, 'slots stay taken');

# the real clock, by digest
my $real = read_file('ngx_inference_guard/engine/limit/lease.lua');
my $sha = $redis->call('SCRIPT', 'LOAD', $real);
my $v = $redis->call('EVALSHA', $sha, 2, 'ig:{t}:resets', 'ig:{t}:real', 'lease', 'a', 3_000_000,
    counter(%rate, want => 1, size => 1));
cmp_ok(abs($v->[1] / 1e6 - time), '<', 5, "the server's own time");

done_testing;
