# Workers killed at every point where the shared state of a log may be half done
# (a lock taken or given back, a write begun or ended), and all processes at
# once: the log stays verifiable, no checkpoint is made twice, the dead are
# named, and what one had in flight is at most what its checkpoint says.
# Control: every kill did happen.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Evidence;
use IG::Shim;
use IG::Standard;
use POSIX ();
use Test::More;

sub clients ($t, $n) {
    my @pids;
    for (1 .. $n) {
        my $pid = fork // die "fork: $!";
        if (!$pid) {
            $SIG{ALRM} = sub { POSIX::_exit(1) };
            alarm 120;
            until (-e $t->dir('enough')) {
                eval { ask($t, us => 'hello') };   # a killed worker answers none
            }
            POSIX::_exit(0);
        }
        push @pids, $pid;
    }
    return @pids;
}

for my $sync (qw(off group)) {
    my $t = standard(start => 0, audit => '%%DIR%%/audit.jsonl '
        . 'key=%%DIR%%/audit.key checkpoints=%%DIR%%/checkpoints.jsonl '
        . "checkpoint=10ms sync=$sync");
    new_key($t, 'audit.key');
    local $ENV{IG_PRELOAD} = $ENV{IG_PRELOAD};
    shim($t);
    $t->expect_log(qr/exited on signal 9/);
    $t->start($t->{conf});
    my @clients = clients($t, 2);
    my $killed = 0;
    for my $n (1 .. 40) {
        my %old = map { $_ => 1 } $t->workers;
        set_shim($t, kill => $n);
        $t->wait_for("kill $n", sub {
            my @now = $t->workers;
            @now == 2 && grep { !$old{$_} } @now;
        });
        $killed++;
    }
    is($killed, 40, "$sync: 40 were killed");
    # no mercy for a worker that has just begun
    my $at = length $t->read('checkpoints.jsonl');
    $t->wait_for('a checkpoint after the last', sub {
        length $t->read('checkpoints.jsonl') > $at });
    $t->write('enough', '');
    waitpid $_, 0 for @clients;
    $_->reset for values $t->{up}->%*;
    served($t, ask($t, us => 'hello'), 'virginia', "$sync: after all that");
    $t->stop;
    my $e = sound($t, "$sync: kills", 'audit.jsonl');
    my %state;
    $state{ $_->{state} // 'none' }++ for values $e->{writers}->%*;
    is($state{ended}, 2, "$sync: two writers ended in order");
    cmp_ok($state{killed} // 0, '>=', 30, "$sync: the killed are named");
    is($state{live} // 0, 0, "$sync: nobody is thought alive");
    is($state{none} // 0, 0, "$sync: everybody who wrote is in a checkpoint");
    is(scalar $e->{nodes}->@*, 1, "$sync: one node");
    # a write that was killed can be short: the whole line follows on the piece
    is($t->read('checkpoints.jsonl') =~ s/^.*(?=\{"v":1,"type":")//gmr,
        join('', map { "$_->{line}\n" } $e->{checkpoints}->@*),
        "$sync: the second place has the same lines");

    # all at once: what the disk has is sound, and the next start goes on
    unlink $t->dir('enough');
    my ($node) = $e->{nodes}->@*;
    for my $round (1 .. 3) {
        $t->start($t->{conf});
        @clients = clients($t, 2);
        my $n = -s $t->dir('audit.jsonl');
        $t->wait_for('some work', sub { -s $t->dir('audit.jsonl') > $n + 50_000 });
        my @all = ($t->master, $t->workers);
        kill 'KILL', @all;
        $t->wait_for('all are gone', sub { !grep { !$t->gone($_) } @all });
        delete $t->{pid};
        $t->write('enough', '');
        waitpid $_, 0 for @clients;
        unlink $t->dir('enough');
        sound($t, "$sync: all killed $round", 'audit.jsonl');
    }
    $_->reset for values $t->{up}->%*;
    $t->start($t->{conf});
    served($t, ask($t, us => 'hello'), 'virginia', "$sync: started again");
    $t->stop;
    $e = sound($t, "$sync: all killed, and started", 'audit.jsonl');
    is_deeply($e->{nodes}, [$node], "$sync: with the same node");
    is(scalar(grep { ($_->{state} // '') !~ /^(?:ended|killed)$/ }
        values $e->{writers}->%*), 0, "$sync: the start signed what it found");
    $t->done;
}
done_testing;
