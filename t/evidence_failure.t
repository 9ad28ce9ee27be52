# Checkpoints that cannot be written: the one that was made waits, as it is, and
# nothing of its number is signed again; requests go on when only the second
# place fails; all goes on without a restart.
# Control: before and after, checkpoints come.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Evidence;
use IG::Standard;
use Test::More;

my $t = standard(start => 0, audit => '%%DIR%%/audit.jsonl '
    . 'key=%%DIR%%/audit.key checkpoints=%%DIR%%/checkpoints.jsonl '
    . 'checkpoint=20ms');
new_key($t, 'audit.key');
# the log is the longer file: a limit on its size leaves the second place alone
$t->write('audit.jsonl', "\n" x 1_000_000);
$t->start($t->{conf});
$t->{torn} = 1;

sub count ($file) { scalar(() = $t->read($file) =~ /"type":"checkpoint"[^\n]*\n/g) }

sub more ($file, $name) {
    my $at = count($file);
    $t->wait_for($name, sub { count($file) > $at + 2 });
    pass($name);
}

more('audit.jsonl', 'before');
served($t, ask($t, us => 'hello'), 'virginia', 'before');

# --- the second place is gone ---

unlink $t->dir('checkpoints.jsonl') or die $!;
$t->wait_for('the error log says so', sub {
    $t->read('logs/error.log')
        =~ m{the file was removed.*checkpoints\.jsonl" failed; checkpoint \d+ waits} });
for (1 .. 3) {
    served($t, ask($t, us => 'hello'), 'virginia', 'second place gone: requests');
}
my $n = count('audit.jsonl');
$t->reload;
$t->wait_for('the one that waited', sub { count('checkpoints.jsonl') > 0 });
pass('a reload opens it again');
more('audit.jsonl', 'and checkpoints go on');
more('checkpoints.jsonl', 'in both');

# --- the log has no room for one ---

sub limit ($bytes) {
    for my $w ($t->workers) {
        my ($status, $out) = $t->run('prlimit', "--pid=$w",
            "--fsize=$bytes:unlimited");
        is($status, 0, "limit $bytes") or diag $out;
    }
}

for my $room (0, 1, 300) {
    limit($room + -s $t->dir('audit.jsonl'));
    $t->wait_for('a checkpoint finds no room', sub {
        -s $t->dir('audit.jsonl') and do {
            my ($j) = $t->read('checkpoints.jsonl') =~ /([^\n]+)\n\z/;
            index($t->read('audit.jsonl'), $j) < 0;
        } });
    refused($t, ask($t, us => 'hello'), 503, 'not_recorded', "room for $room");
    limit('unlimited');
    $t->wait_for('served again', sub { ask($t, us => 'hello')->{status} == 200 });
    $_->reset for values $t->{up}->%*;
    more('audit.jsonl', "room again after $room");
}
$t->stop;
my $e = sound($t, 'all of that', 'audit.jsonl');
is($e->{unsigned}, 0, 'all signed');
is(scalar $e->{nodes}->@*, 1, 'one node');
my $second = $t->read('checkpoints.jsonl');
my $all = join '', map { "$_->{line}\n" } $e->{checkpoints}->@*;
is(substr($all, -length $second), $second,
    'the second place has all since it was there again');
$t->done;

# --- a second place that takes nothing at all ---

$t = standard(start => 0, audit => '%%DIR%%/audit.jsonl '
    . 'key=%%DIR%%/audit.key checkpoints=/dev/full checkpoint=20ms');
new_key($t, 'audit.key');
$t->start($t->{conf});
$t->wait_for('the first is in the log', sub { count('audit.jsonl') == 1 });
served($t, ask($t, us => 'hello'), 'virginia', 'full: requests go on');
$t->stop;
is(count('audit.jsonl'), 1, 'full: no second checkpoint leaves the first behind');
like($t->read('logs/error.log'), qr/the last checkpoint .* could not be written/,
    'full: the end is said');
is_deeply(evidence($t, 'audit.jsonl')->{bad}, [], 'full: what is there is good');
$t->done;
done_testing;
