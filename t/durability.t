# What a record's being written means: with sync=group a request goes on when its
# record is on the disk, groups queue while one is slow, the worker goes on with
# the rest; with an interval the disk has it soon.  A disk that fails lets
# nothing pass, and service goes on without a restart when it works again.
# The disk is a shim under fdatasync().  Control: without sync none is called,
# and with a disk that works everything passes.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Evidence;
use IG::Shim;
use IG::Standard;
use Test::More;

sub start_with ($sync, %o) {
    my $t = standard(start => 0, %o, audit =>
        '%%DIR%%/audit.jsonl key=%%DIR%%/audit.key checkpoint='
        . ($o{checkpoint} // '1h') . " sync=$sync");
    new_key($t, 'audit.key');
    shim($t);
    $t->start($t->{conf});
    return $t;
}

sub sent ($t) {
    my $n = 0;
    $n += $t->up($_)->requests for keys $t->{up}->%*;
    return $n;
}

sub begin ($t, $text = 'hello') {
    my $s = $t->connect;
    $t->send($s, $t->request('POST', '/v1/chat/completions', chat($text),
        'Authorization: Bearer tok-us'));
    return $s;
}

# No byte goes to an endpoint while its record is not kept: those who wait are
# given time to do wrong, bounded by what other requests take.
sub nothing_sent ($t, $name) {
    is(sent($t), 0, "$name: nothing was sent");
}

my $preload = $ENV{IG_PRELOAD};

# --- off ---

my $t = start_with('off');
served($t, ask($t, us => 'hello'), 'virginia', 'off');
$t->wait_records(outcome => 1);
is(get_shim($t, 'syncs'), 0, 'off: the disk is not asked');
$t->done;
$ENV{IG_PRELOAD} = $preload;

# --- group ---

$t = start_with('group', nginx => { workers => 1 }, location => <<'END', server => <<'END');
END
location = /plain { return 200 "plain\n"; }
END
served($t, ask($t, us => 'hello'), 'virginia', 'group');
cmp_ok(get_shim($t, 'syncs'), '>=', 1, 'group: the disk was asked');

# a slow disk: requests wait, the worker does not
$t->wait_records(outcome => 1);
set_shim($t, sync => 'wait');
my $syncs = get_shim($t, 'syncs');
my @first = begin($t);
$t->wait_for('the first group is with the disk', sub {
    get_shim($t, 'syncs') > $syncs });
my @next = map { begin($t, "next $_") } 1 .. 20;
is($t->get('/plain')->{status}, 200, 'slow: the worker goes on') for 1 .. 3;
nothing_sent($t, 'slow');
is(scalar($t->records('decision')), 2, 'slow: one record is written');
set_shim($t, sync => 'work');
is($t->response($_)->{status}, 200, 'slow: then it goes on') for @first, @next;
is(sent($t), 21, 'slow: each was sent');
$_->reset for values $t->{up}->%*;
cmp_ok(get_shim($t, 'syncs') - $syncs, '<', 21,
    'slow: those that waited shared the disk\'s work');
$t->wait_records(outcome => 22);

# a client that leaves while its record is with the disk
set_shim($t, sync => 'wait');
$syncs = get_shim($t, 'syncs');
my @gone = map { begin($t, "gone $_") } 1 .. 3;
$t->wait_for('they are with the disk', sub { get_shim($t, 'syncs') > $syncs });
close $_ for @gone;
is($t->get('/plain')->{status}, 200, 'gone: the worker goes on');
set_shim($t, sync => 'work');
$t->wait_records(outcome => 25);
nothing_sent($t, 'gone') if !sent($t);
$_->reset for values $t->{up}->%*;
served($t, ask($t, us => 'hello'), 'virginia', 'gone: and then');

# a disk that fails
$t->wait_records(outcome => 26);
set_shim($t, sync => 'fail');
refused($t, ask($t, us => 'hello'), 503, 'not_recorded', "fails $_") for 1 .. 3;
nothing_sent($t, 'fails');
set_shim($t, sync => 'work');
$t->wait_for('it works again', sub { ask($t, us => 'hello')->{status} == 200 });
$_->reset for values $t->{up}->%*;
served($t, ask($t, us => 'hello'), 'virginia', 'works again');

# a reload, a rotation and an end while the disk is slow
$t->wait_for('all outcomes', sub {
    $t->records('decision') == $t->records('outcome') });
set_shim($t, sync => 'wait');
$syncs = get_shim($t, 'syncs');
my $s = begin($t, 'over a rotation');
$t->wait_for('it is with the disk', sub { get_shim($t, 'syncs') > $syncs });
rename $t->dir('audit.jsonl'), $t->dir('audit.1.jsonl') or die $!;
$t->reopen;
my $plain = $t->connect;                # many descriptors, and none is the log's
my @more = map { $t->connect } 1 .. 20;
is($t->get('/plain')->{status}, 200, 'rotation: the worker goes on');
set_shim($t, sync => 'work');
is($t->response($s)->{status}, 200, 'rotation: the request goes on');
close $_ for $plain, @more;
$_->reset for values $t->{up}->%*;
served($t, ask($t, us => 'hello'), 'virginia', 'rotation: into the new file');
$t->wait_for('the new file is written', sub {
    $t->records('outcome', 'audit.jsonl') });

set_shim($t, sync => 'wait');
$syncs = get_shim($t, 'syncs');
$s = begin($t, 'over a reload');
$t->wait_for('it is with the disk', sub { get_shim($t, 'syncs') > $syncs });
my ($old) = $t->workers;
$t->signal('HUP');
$t->wait_for('a new worker', sub { grep { $_ != $old } $t->workers });
set_shim($t, sync => 'work');
is($t->response($s)->{status}, 200, 'reload: the request goes on');
$t->wait_for('the old one ends', sub { $t->gone($old) });
$_->reset for values $t->{up}->%*;

set_shim($t, sync => 'wait');
$syncs = get_shim($t, 'syncs');
$s = begin($t, 'over the end');
$t->wait_for('it is with the disk', sub { get_shim($t, 'syncs') > $syncs });
my ($worker) = $t->workers;
kill 'TERM', $t->master;
set_shim($t, sync => 'work');
$t->stop('TERM');
my $e = sound($t, 'group', 'audit.1.jsonl', 'audit.jsonl');
is($e->{unsigned}, 0, 'group: all signed');
$t->done;
$ENV{IG_PRELOAD} = $preload;

# a checkpoint covers what is written, also when the disk has not got it yet: what
# no checkpoint behind it covered would look added once the machine is dead

$t = start_with('group', checkpoint => '20ms', nginx => { workers => 1 });

# the thread may just be at work on a checkpoint: then nothing is written behind it
my $written = 0;
$t->wait_for('written, and not with the disk', sub {
    set_shim($t, sync => 'wait');
    $s = begin($t);
    return 1 if eval {
        $t->wait_for('it is written', sub { $t->records('decision') > $written }, 1) };
    set_shim($t, sync => 'work');
    $t->response($s);
    $written = $t->records('decision');
    return 0;
});
my $seen = () = $t->read('audit.jsonl') =~ /"type":"checkpoint"/g;
$t->wait_for('three checkpoints more', sub {
    $seen + 3 <= (() = $t->read('audit.jsonl') =~ /"type":"checkpoint"[^\n]*\n/g) });
my @all = ($t->master, $t->workers);
kill 'KILL', @all;
set_shim($t, sync => 'work');
$t->wait_for('all are gone', sub { !grep { !$t->gone($_) } @all });
delete $t->{pid};
$e = sound($t, 'waiting for the disk', 'audit.jsonl');
is($e->{unsigned}, 0, 'waiting for the disk: signed');
$t->done;
$ENV{IG_PRELOAD} = $preload;

# --- an interval ---

$t = start_with('50ms', nginx => { workers => 1 });
served($t, ask($t, us => 'hello'), 'virginia', 'interval');
$t->wait_for('the disk was asked', sub { get_shim($t, 'syncs') >= 1 });
set_shim($t, sync => 'wait');
$syncs = get_shim($t, 'syncs');
ask($t, us => 'hello');
$t->wait_for('and again', sub { get_shim($t, 'syncs') > $syncs });
$_->reset for values $t->{up}->%*;
served($t, ask($t, us => 'hello'), 'virginia', 'interval: nobody waits');
set_shim($t, sync => 'fail');
$t->wait_for('what may be lost is not added to', sub {
    ask($t, us => 'hello')->{status} == 503 });
$_->reset for values $t->{up}->%*;
refused($t, ask($t, us => 'hello'), 503, 'not_recorded', 'interval: fails');
set_shim($t, sync => 'work');
$t->wait_for('it works again', sub { ask($t, us => 'hello')->{status} == 200 });
$_->reset for values $t->{up}->%*;
served($t, ask($t, us => 'hello'), 'virginia', 'interval: goes on');
$t->stop;
sound($t, 'interval', 'audit.jsonl');
$t->done;
$ENV{IG_PRELOAD} = $preload;

# --- group, with the failures of t/record_failure.t ---

$t = start_with('group', nginx => { workers => 1 });
$t->{torn} = 1;
served($t, ask($t, us => 'hello'), 'virginia', 'before');
$t->wait_records(outcome => 1);
for my $room (0, 100) {
    my ($status, $out) = $t->run('prlimit', '--pid=' . ($t->workers)[0],
        '--fsize=' . ($room + -s $t->dir('audit.jsonl')) . ':unlimited');
    is($status, 0, "room for $room bytes") or diag $out;
    refused($t, ask($t, us => 'hello'), 503, 'not_recorded',
        "room for $room bytes, $_") for 1 .. 3;
    $t->run('prlimit', '--pid=' . ($t->workers)[0],
        '--fsize=unlimited:unlimited');
    $t->wait_for('served again', sub { ask($t, us => 'hello')->{status} == 200 });
    $_->reset for values $t->{up}->%*;
}
# removed, and there again
unlink $t->dir('audit.jsonl');
refused($t, ask($t, us => 'hello'), 503, 'not_recorded', 'removed');
$t->reopen;
$t->wait_for('served again', sub { ask($t, us => 'hello')->{status} == 200 });
$t->stop;
$t->done;
done_testing;
