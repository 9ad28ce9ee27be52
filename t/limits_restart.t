# What was used stays used: over a reload, also with another plan; over a
# restart, by the snapshot; in a zone of another size; in another binary.  A
# snapshot that is not whole is never taken for an empty one.
# Control: without a snapshot a restart begins anew.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Limits;
use IG::Standard;
use Test::More;

my $plan = "limits:\n  - {of: tokens, per: month, max: 1000}\n"
    . "  - {of: concurrent, max: 10}";
my $zone = 'inference_guard_zone guard:2m snapshot=%%DIR%%/limits interval=50ms;';

# The snapshot on disk is of a moment after now: two whole ones came.
sub saved ($t) {
    my $last = (stat $t->dir('limits'))[1] // 0;
    for (1 .. 2) {
        $t->wait_for('a snapshot', sub {
            my $i = (stat $t->dir('limits'))[1] // 0;
            my $new = $i && $i != $last;
            $last = $i if $new;
            $new;
        });
    }
}

my $t = limited($plan, zone => $zone, nginx => { daemon => 'on' });
served($t, ask($t, us => take(100, 50)), 'virginia', 'before');
settled($t);
is(used($t, 'tokens/month'), 150, 'counted');

$t->reload;
is(used($t, 'tokens/month'), 150, 'a reload keeps it');

$t->write('rules/tenants.yaml', tenants($plan =~ s/1000/2000/r));
$t->reload;
my $c = counters($t)->{'tokens/month'};
is($c->{used}, 150, 'another plan keeps it');
is($c->{max}, 2000, 'with its own maximum');

saved($t);
is((stat $t->dir('limits'))[2] & 0777, 0600, 'nobody else reads the snapshot');
$t->stop('TERM');
$t->start;
is(used($t, 'tokens/month'), 150, 'a restart keeps it');
ask($t, us => take(100, 50));
settled($t);
$t->stop('QUIT');
$t->start;
is(used($t, 'tokens/month'), 300, 'saved at exit, too');

$t->write('nginx.conf', $t->read('nginx.conf') =~ s/guard:2m/guard:4m/r);
$t->reload;
is(used($t, 'tokens/month'), 300, 'a larger zone starts from the one before');
ask($t, us => take(50, 50));
settled($t);
is(used($t, 'tokens/month'), 400, 'and counts on');

saved($t);
my $old = $t->upgrade;
kill 'QUIT', $old;
$t->wait_for('the old master ends', sub { $t->gone($old) });
is(used($t, 'tokens/month'), 400, 'another binary starts from the snapshot');
$t->stop;

$t->expect_log(qr/no whole snapshot/);
for my $broken ('', 'x', substr($t->read('limits'), 0, -3),
    $t->read('limits') . 'x', $t->read('limits') =~ s/.(.{20})\z/?$1/rs)
{
    my $good = $t->read('limits');
    unlink $t->dir('limits~');
    open my $fh, '>:raw', $t->dir('limits') or die;
    print $fh $broken;
    close $fh;
    my ($status, $out) = $t->run($t->command, '-t');
    isnt($status, 0, 'a broken snapshot (' . length($broken) . ' bytes) is refused');
    like($out, qr/no whole snapshot/, 'and says so');
    open $fh, '>:raw', $t->dir('limits~') or die;
    print $fh $good;
    close $fh;
    ($status, $out) = $t->run($t->command, '-t');
    is($status, 0, 'the one before stands in') or diag $out;
    rename $t->dir('limits~'), $t->dir('limits') or die;
}
$t->done;

$t = limited($plan, nginx => { daemon => 'on' });
ask($t, us => take(100, 50));
settled($t);
$t->stop;
$t->start;
is(used($t, 'tokens/month'), 0, 'without a snapshot a restart begins anew');
$t->done;

# what cannot be saved is told, and the next one is
$t = limited($plan, start => 0,
    zone => $zone =~ s{DIR%%/limits}{DIR%%/nowhere/limits}r);
mkdir $t->dir('nowhere');
$t->start($t->{conf});
$t->wait_for('a snapshot', sub { -s $t->dir('nowhere/limits') });
rename $t->dir('nowhere'), $t->dir('elsewhere') or die;
$t->wait_for('it is told', sub {
    $t->read('logs/error.log') =~ /\[crit\].*snapshot of limits is not saved/ });
mkdir $t->dir('nowhere');
$t->wait_for('and then saved', sub { -s $t->dir('nowhere/limits') });
$t->done;

# limits without a place to count them
$t = IG::Nginx->new;
rules_dir($t, { 'tenants.yaml' => tenants($plan) });
$t->port('http');
$t->expect_log(qr/has limits, and there is no/);
my ($status, $out) = $t->check($t->expand(conf()));
isnt($status, 0, 'limits without a zone do not start');
like($out, qr/tenants\.yaml:\d+:\d+: tenant "bank-us" has limits.*inference_guard_zone/,
    'and the message says where');
$t->done;

done_testing;
