# One limit for all workers: of N requests at once exactly K are admitted, and a
# worker that is killed with requests in flight keeps nothing reserved.
# Control: more than one worker took part.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Limits;
use IG::Standard;
use Test::More;

# an endpoint that answers no sooner than the file is there
sub held ($r, $c) {
    my ($file) = $r->{body} =~ m{"user":"([^"]+)"};
    $c->wait_file($file, 15) if $file;
    IG::Limits::taking($r, $c);
}

my $t = limited(<<'END', handler => \&held, nginx => { workers => 4 });
limits:
  - {of: concurrent, max: 7}
  - {of: requests, per: day, max: 1000}
  - {of: tokens, per: day, max: 100000}
END

for my $round (1 .. 3) {
    my $go = $t->dir("go-$round");
    my @s  = map {
        my $s = $t->connect;
        $t->send($s, $t->request('POST', '/v1/chat/completions',
            take(10, 10, user => $go), 'Authorization: Bearer tok-us'));
        $s;
    } 1 .. 40;
    my $refused = 0;
    my @rest;
    # 33 answers come at once; 7 requests are held by the endpoint
    $t->wait_for('all are decided', sub {
        my $d = () = $t->read('audit.jsonl') =~ /"type":"decision"/g;
        $d >= 40 * $round;
    });
    is(used($t, 'concurrent'), 7, "round $round: seven run");
    open my $fh, '>', $go or die;
    my @status = map { $t->response($_)->{status} } @s;
    is(scalar(grep { $_ == 200 } @status), 7, "round $round: seven are admitted");
    is(scalar(grep { $_ == 429 } @status), 33, "round $round: the others refused");
    settled($t);
    is(used($t, 'concurrent'), 0, "round $round: none is left");
    is(used($t, 'requests/day'), 7 * $round, 'those admitted are counted');
    is(used($t, 'tokens/day'), 140 * $round, 'with what they took');
}
my %w = map { $_->{writer} => 1 } $t->records('decision');
cmp_ok(scalar(keys %w), '>', 1, 'several workers decided');
$t->done;

# an exact budget under many clients, all at once, on all workers
$t = limited(<<'END', nginx => { workers => 4 });
limits:
  - {of: requests, per: day, max: 100}
END
my @kids;
for my $k (1 .. 8) {
    my $pid = fork // die;
    if (!$pid) {
        my $ok = grep { ask($t, us => 'hello')->{status} == 200 } 1 .. 25;
        $t->{owner} = 0;
        POSIX::_exit($ok);
    }
    push @kids, $pid;
}
my $sum = 0;
for (@kids) { waitpid $_, 0; $sum += $? >> 8 }
is($sum, 100, 'of 200 requests exactly 100 are admitted');
is(used($t, 'requests/day'), 100, 'and counted');
$t->done;

# a worker dies in the middle, many times
$t = limited(<<'END', handler => \&held, nginx => { workers => 2 });
limits:
  - {of: concurrent, max: 20}
  - {of: tokens, per: day, max: 1000000}
END
$t->expect_log(qr/exited on signal 9/);
for my $round (1 .. 5) {
    my @s = map {
        my $s = $t->connect;
        $t->send($s, $t->request('POST', '/v1/chat/completions',
            take(10, 1000, user => $t->dir('never')),
            'Authorization: Bearer tok-us'));
        $s;
    } 1 .. 10;
    $t->wait_for('all are in flight', sub { used($t, 'concurrent') == 10 });
    my @old = $t->workers;
    kill 'KILL', @old;
    $t->wait_for('other workers', sub {
        my %old = map { $_ => 1 } @old;
        my @now = $t->workers;
        @now == 2 && !grep { $old{$_} } @now;
    });
    close $_ for @s;
    $t->wait_for('what they held is free', sub { used($t, 'concurrent') == 0 });
}
my $tokens = used($t, 'tokens/day');
cmp_ok($tokens, '<', 50 * 1000, 'answers that never came are given back');
cmp_ok($tokens, '>', 0, 'prompts that left stay counted');
is(status_of($t)->{orphaned}, 50, 'fifty reservations were orphaned');
$_->reset for values $t->{up}->%*;
served($t, ask($t, us => take(5, 5)), 'virginia', 'and all goes on');
settled($t);
is(used($t, 'tokens/day'), $tokens + 10, 'counted as ever');
$t->done;

done_testing;
