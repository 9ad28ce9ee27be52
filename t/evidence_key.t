# The key of the checkpoints: only a private file with an Ed25519 key is taken;
# another one at a reload is announced by the one before, and then signs; one
# that nobody could announce (a restart) gets a node of its own.
# Control: the same key at a reload changes nothing.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Evidence;
use IG::Standard;
use Test::More;

my $CHECKPOINT = 'checkpoint=50ms';
my $t = standard(start => 0, audit => '%%DIR%%/audit.jsonl '
    . "key=%%DIR%%/audit.key $CHECKPOINT checkpoints=%%DIR%%/checkpoints.jsonl");

sub some_work () {
    for (1 .. 3) { ask($t, us => 'hello')->{status} == 200 or die 'no 200' }
    $_->reset for values $t->{up}->%*;
}

sub refused_key ($name, $re) {
    my ($status, $out) = $t->check($t->{conf});
    isnt($status, 0, "$name: refused");
    like($out, $re, "$name: says why");
}

# --- files that are no key ---

$t->expect_log(qr/\[emerg\]/);

refused_key('no file', qr/audit\.key.*No such file/s);
new_key($t, 'audit.key');
my ($status, $out) = $t->check($t->{conf});
is($status, 0, 'a good key') or diag $out;
ok(!-e $t->dir('audit.jsonl.lock'), 'a test of a configuration locks nothing');
for my $mode (0640, 0604, 0610, 0660) {
    chmod $mode, $t->dir('audit.key');
    refused_key(sprintf('mode %o', $mode), qr/audit\.key.*group or others/);
}
chmod 0600, $t->dir('audit.key');
my $good = $t->read('audit.key');
$t->write('audit.key', 'nonsense');
chmod 0600, $t->dir('audit.key');
refused_key('nonsense', qr/\[emerg\].*audit\.key.*no private key/);
$t->run('openssl', 'genpkey', '-algorithm', 'ec', '-pkeyopt',
    'ec_paramgen_curve:P-256', '-out', $t->dir('audit.key'));
chmod 0600, $t->dir('audit.key');
refused_key('another algorithm', qr/audit\.key.*Ed25519/i);
unlink $t->dir('audit.key');
mkdir $t->dir('audit.key');
refused_key('a directory', qr/audit\.key/);
rmdir $t->dir('audit.key');
$t->write('audit.key', $good);
chmod 0600, $t->dir('audit.key');
SKIP: {
    skip 'only root gives files away', 2 if $> != 0;
    chown 12345, -1, $t->dir('audit.key');
    refused_key('somebody else\'s', qr/audit\.key.*belong/);
    chown 0, -1, $t->dir('audit.key');
}

# --- parameters ---

for (
    [ '%%DIR%%/a.jsonl checkpoint=1s', qr/no "key="/ ],
    [ '%%DIR%%/a.jsonl checkpoints=%%DIR%%/b', qr/no "key="/ ],
    [ '%%DIR%%/a.jsonl key=%%DIR%%/audit.key checkpoint=0', qr/at least 10ms/ ],
    [ '%%DIR%%/a.jsonl key=%%DIR%%/audit.key checkpoint=x', qr/at least 10ms/ ],
    [ '%%DIR%%/a.jsonl key=%%DIR%%/audit.key checkpoints=%%DIR%%/a.jsonl',
        qr/the log itself/ ],
    [ '%%DIR%%/a.jsonl key=%%DIR%%/audit.key checkpoints=syslog:tag=x',
        qr/no syslog server/ ],
    [ '%%DIR%%/a.jsonl key=%%DIR%%/audit.key key=%%DIR%%/audit.key', qr/twice/ ],
    [ '%%DIR%%/a.jsonl sync=often', qr/at least 10ms/ ],
    [ '%%DIR%%/a.jsonl speed=1', qr/invalid parameter "speed=1"/ ],
) {
    my ($args, $re) = @$_;
    ($status, $out) = $t->check(conf(audit => $args));
    isnt($status, 0, "$args: refused");
    like($out, $re, "$args: says why");
}

# --- rotation of the key, by a reload ---

$t->start($t->{conf});
some_work();
$t->reload;
some_work();
for my $n (2 .. 4) {
    new_key($t, "key.$n");
    rename $t->dir("key.$n"), $t->dir('audit.key') or die $!;
    $t->reload;
    some_work();
}
$t->stop;
my $e = sound($t, 'three keys more', 'audit.jsonl');
is(scalar $e->{nodes}->@*, 1, 'one node');
is($e->{unsigned}, 0, 'all signed');
my %key = map { $_->{key} => 1 } $e->{checkpoints}->@*;
is(scalar(keys %key), 4, 'four keys signed');
is(scalar(grep { $_->{next_key} } $e->{checkpoints}->@*), 3,
    'three announced the next');

# --- no key any more, and one again ---

my $plain = $t->{conf} =~ s/ key=[^;]*//r;
$t->start($plain);
some_work();
$t->stop;
$e = sound($t, 'without a key', 'audit.jsonl');
is($e->{unsigned}, 6, 'the records of that time are chained');
$t->start($plain);
$t->config($t->{conf});
$t->reload;
some_work();
$t->stop;
$e = sound($t, 'a key comes with a reload', 'audit.jsonl');
is($e->{unsigned}, 0, 'what was written without a key is signed as found');
is(scalar $e->{nodes}->@*, 1, 'still one node');

# --- another key at a restart: nobody announced it ---

new_key($t, 'key.5');
rename $t->dir('key.5'), $t->dir('audit.key') or die $!;
$t->start($t->{conf});
some_work();
$t->stop;
like($t->read('logs/error.log'), qr/of another key: the log gets a new node/,
    'the error log says so');
$e = sound($t, 'a key nobody announced', 'audit.jsonl');
is(scalar $e->{nodes}->@*, 2, 'another node');

$t->done;
done_testing;
