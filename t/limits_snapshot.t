# The snapshot where the world is against it: a configuration that fails half
# way, names that lie in wait, a directory that is not there, a full disk.
# Control: limits_restart.t, where everything is well.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Limits;
use IG::Standard;
use IO::Socket::INET;
use POSIX ();
use Test::More;

my $plan = "limits:\n  - {of: tokens, per: month, max: 1000}\n";
my $zone = 'inference_guard_zone guard:2m snapshot=%%DIR%%/limits interval=50ms;';

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

subtest 'a reload that fails behind a zone of another size' => sub {
    my $t = limited($plan, zone => $zone);
    my $good = $t->read('nginx.conf');
    # NGINX opens its ports when the zones have been made
    my $taken = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1)
        or die;
    my $bad = $good =~ s/guard:2m/guard:4m/r
        =~ s/(listen [^;]*;)/$1 listen 127.0.0.1:@{[ $taken->sockport ]};/r;
    $t->write('nginx.conf', $bad);
    like($t->reload_refused, qr/bind\(\)/, 'the port is in use');
    $t->wait_for('it gives up',
        sub { $t->read('logs/error.log') =~ /still could not bind/ });
    $t->write('nginx.conf', $good);
    ask($t, us => take(100, 50));
    settled($t);
    saved($t);
    $t->stop;
    $t->start;
    is(used($t, 'tokens/month'), 150, 'the workers that stayed go on saving');
    $t->done;
};

subtest 'names that lie in wait' => sub {
    my $t = limited($plan, zone => $zone, nginx => { workers => 1 });
    saved($t);
    my ($worker) = $t->workers;
    $t->write('victim', 'precious');
    my $trap = $t->dir("limits.$worker");
    $t->wait_for('a trap is laid',
        sub { symlink $t->dir('victim'), $trap });
    saved($t);
    is($t->read('victim'), 'precious', 'nothing is written through a link');
    ok(!-l $t->dir('limits'), 'and the snapshot is no link');
    $t->done;
};

subtest 'what cannot work is told at the start' => sub {
    my $t = limited($plan, start => 0);
    for ([ 'snapshot=%%DIR%%/nowhere/limits', qr/no directory ".*nowhere\/" for/ ],
        [ 'snapshot=%%DIR%%/', qr/is no file for a snapshot/ ],
        [ 'interval=5s', qr/has an interval, and no snapshot/ ],
        [ 'interval=0', qr/invalid parameter "interval=0"/ ],
        [ 'snapshot=', qr/invalid parameter "snapshot="/ ])
    {
        my ($more, $re) = @$_;
        my $conf = $t->{conf} =~ s/guard:2m;/guard:2m $more;/r;
        my ($status, $out) = $t->check($conf);
        isnt($status, 0, $more);
        like($out, $re, 'and why');
    }
    $t->expect_log(qr/\[emerg\]/);

    POSIX::mkfifo($t->dir('pipe'), 0600) or die;
    my ($status, $out) = $t->check($t->{conf}
        =~ s/guard:2m;/guard:2m snapshot=%%DIR%%\/pipe;/r);
    isnt($status, 0, 'a pipe');
    like($out, qr/no whole snapshot/, 'holds nobody up');

    ($status, $out) = $t->check($t->{conf}
        =~ s/guard:2m;/guard:2m snapshot=relative;/r);
    is($status, 0, 'a relative name') or diag $out;
    is_deeply([ glob $t->dir('relative*') ], [], '-t writes nothing');
    $t->done;
};

# RLIMIT_FSIZE of the worker stands in for it; there is still room for the log.
subtest 'a disk that is full' => sub {
    my $t = limited("$plan  - {of: requests, per: month, by: [model], max: 9}\n",
        zone => $zone, nginx => { workers => 1, level => 'crit' });
    is(ask($t, us => take(1, 1, model => "m-$_"))->{status}, 200, "model $_")
        for 1 .. 60;
    settled($t);
    saved($t);
    my ($worker) = $t->workers;
    my $limit = sub ($bytes) {
        is(system('prlimit', "--pid=$worker", "--fsize=$bytes:unlimited"), 0,
            "files of the worker: $bytes bytes");
    };
    cmp_ok(-s $t->dir('limits'), '>', 4096, 'a large snapshot');
    cmp_ok(-s $t->dir('logs/error.log'), '<', 2048, 'and a short log');
    $limit->(4096);
    $t->wait_for('it is told', sub {
        $t->read('logs/error.log') =~ /\[crit\].*is not saved/ });
    my $good = $t->read('limits');
    $limit->('unlimited');
    saved($t);
    is(length $good, -s $t->dir('limits'), 'the one before it stayed');
    $t->stop;
    is_deeply([ glob $t->dir('limits.*') ], [], 'no part is left behind');
    $t->start;
    is(used($t, 'tokens/month'), 120, 'and later ones are whole');
    $t->done;
};

done_testing;
