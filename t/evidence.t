# Every record is chained to its writer's one before; checkpoints sign all of
# them, in the log and in a second place, through reloads, restarts and rotation
# (t/evidence_upgrade.t: a binary upgrade); an auditor with only the public key checks it.
# Control: one changed byte, one missing line, and the auditor sees it.

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

# --- chained, also without a key ---

my $t = standard();
ask_some($t);
$t->stop;
my $e = sound($t, 'no key', 'audit.jsonl');
is(scalar $e->{checkpoints}->@*, 0, 'no key, no checkpoint');
is($e->{unsigned}, 20, 'chained, and not signed');
ok(!-e $t->dir('audit.jsonl.lock'), 'nothing is locked for nothing');
$t->done;

# --- one life: checkpoints at an interval and at the end ---

$t = standard(audit => $AUDIT . '50ms', start => 0);
new_key($t, 'audit.key');
$t->start($t->{conf});
ask_some($t);
my $at = checkpoints($t);
$t->wait_for('three more', sub { checkpoints($t) > $at + 3 });
ask_some($t);
$t->stop;
$e = sound($t, 'one life', 'audit.jsonl');
is($e->{unsigned}, 0, 'everything is signed when it has ended');
is_deeply([ map { $_->{state} } values $e->{writers}->%* ], [ ('ended') x 2 ],
    'both workers ended in order');
is(scalar $e->{nodes}->@*, 1, 'one node');
my @log = map { $_->{line} } $e->{checkpoints}->@*;
is($t->read('checkpoints.jsonl'), join('', map { "$_\n" } @log),
    'the second place has the same lines');
like($e->{checkpoints}[0]{policy}, qr/^[0-9a-f]{64}$/, 'and the policy');

# what an auditor must see
my $good = $t->read('audit.jsonl');
for my $change (
    [ 'a changed byte', sub { s/"status":200/"status":201/ } ],
    [ 'a missing record', sub { s/[^\n]*"type":"outcome"[^\n]*\n// } ],
    [ 'a missing checkpoint', sub { s/[^\n]*"type":"checkpoint"[^\n]*\n// } ],
    [ 'a changed checkpoint', sub { s/"state":"live"/"state":"ended"/ } ],
    [ 'two records in another order',
        sub { s/([^\n]*"type":"decision"[^\n]*\n)(.*)\z/$2$1/s } ],
) {
    my ($what, $do) = @$change;
    local $_ = $good;
    $do->();
    isnt($_, $good, "$what: changed");
    $t->write('changed.jsonl', $_);
    ok(scalar evidence($t, 'changed.jsonl')->{bad}->@*, "$what: is seen");
}

# --- a restart goes on where the log was ---

my ($node) = $e->{nodes}->@*;
my $number = $e->{checkpoints}[-1]{number};
for my $gone (undef, 'checkpoints.jsonl', 'audit.jsonl') {
    if ($gone) { rename $t->dir($gone), $t->dir("$gone.kept") or die }
    $t->start($t->{conf});
    ask_some($t, 2);
    $t->stop;
    my $name = $gone ? "restart without $gone" : 'restart';
    if ($gone) {
        $t->write($gone, $t->read("$gone.kept") . $t->read($gone));
    }
    $e = sound($t, $name, 'audit.jsonl');
    is_deeply($e->{nodes}, [$node], "$name: the same node");
    is($e->{unsigned}, 0, "$name: all signed");
    cmp_ok($e->{checkpoints}[-1]{number}, '>', $number, "$name: counted on");
    $number = $e->{checkpoints}[-1]{number};
}

# the second place was not written any more, then it is
my $second = $t->read('checkpoints.jsonl');
$t->write('checkpoints.jsonl', $second =~ s/[^\n]+\n\z//r);
$t->start($t->{conf});
$t->stop;
$e = sound($t, 'a lost line of the second place', 'audit.jsonl');
sound($t, 'both places', 'audit.jsonl');
is($t->read('checkpoints.jsonl'),
    join('', map { "$_->{line}\n" } $e->{checkpoints}->@*), 'it is there again');

# --- a reload, and rotation ---

$t->start($t->{conf});
ask_some($t, 4);
$t->reload;
ask_some($t, 4);
rename $t->dir('audit.jsonl'), $t->dir('audit.1.jsonl') or die $!;
rename $t->dir('checkpoints.jsonl'), $t->dir('checkpoints.1.jsonl') or die $!;
$t->reopen;
$t->wait_for('the new file has a checkpoint', sub {
    ask_some($t, 1);
    $t->read('audit.jsonl') =~ /"type":"checkpoint"[^\n]*\n/;
});
$t->stop;
$e = sound($t, 'a reload and a rotation', 'audit.1.jsonl', 'audit.jsonl');
is_deeply($e->{nodes}, [$node], 'still the same node');
is($e->{unsigned}, 0, 'all signed');
is($t->read('checkpoints.1.jsonl') . $t->read('checkpoints.jsonl'),
    join('', map { "$_->{line}\n" } $e->{checkpoints}->@*),
    'and the second place has them all');

# a long interval: a rotated file gets its checkpoint at once all the same
$t->start($t->{conf} =~ s/checkpoint=50ms/checkpoint=1h/r);
ask_some($t, 2);
$t->write('before.jsonl', '');
rename $t->dir('audit.jsonl'), $t->dir('audit.2.jsonl') or die $!;
$t->reopen;
$t->wait_for('a checkpoint in the new file', sub {
    ask_some($t, 1);
    $t->read('audit.jsonl') =~ /"type":"checkpoint"[^\n]*\n/;
});
$t->stop;
$e = sound($t, 'a rotation', 'audit.1.jsonl', 'audit.2.jsonl', 'audit.jsonl');
$t->done;

done_testing;
