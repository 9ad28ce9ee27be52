# Binary upgrades: for a while two masters sign checkpoints of one file.  Each
# has a node of its own, so no number is given twice, and a later start goes on
# with the last.
# Control: both signed side by side.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Evidence;
use IG::Standard;
use Test::More;

my $AUDIT = '%%DIR%%/audit.jsonl key=%%DIR%%/audit.key '
    . 'checkpoints=%%DIR%%/checkpoints.jsonl checkpoint=';

sub ask_some ($t, $n = 10) {
    for (1 .. $n) { ask($t, us => 'hello')->{status} == 200 or die 'no 200' }
    $_->reset for values $t->{up}->%*;
}

sub checkpoints ($t, $file = 'checkpoints.jsonl') {
    return scalar(() = $t->read($file) =~ /\n/g);
}

my $t = standard(audit => $AUDIT . '50ms', start => 0,
    nginx => { daemon => 'on' });
new_key($t, 'audit.key');
$t->start($t->{conf});
ask_some($t);
my $old = $t->upgrade;
my $at = checkpoints($t);
$t->wait_for('side by side', sub {
    ask_some($t, 1);
    checkpoints($t) > $at + 6;
});
kill 'QUIT', $old;
$t->wait_for('the old master ends', sub { $t->gone($old) });
my $e = evidence($t, 'audit.jsonl');
is(scalar $e->{nodes}->@*, 2, 'two masters, two nodes');
ask_some($t, 2);
my $again = $t->upgrade;              # while the second node still runs
kill 'QUIT', $again;
$t->wait_for('the second ends', sub { $t->gone($again) });
ask_some($t, 2);
$t->stop;
$e = sound($t, 'binary upgrades', 'audit.jsonl');
is(scalar $e->{nodes}->@*, 3, 'a node for each master');
is($e->{unsigned}, 0, 'all signed');
my ($third) = $e->{checkpoints}[-1]{node};
$t->start($t->{conf});
ask_some($t, 2);
$t->stop;
$e = sound($t, 'a restart after them', 'audit.jsonl');
is($e->{checkpoints}[-1]{node}, $third, 'goes on with the last');
$t->done;
done_testing;
