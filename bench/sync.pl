#!/usr/bin/perl

# What it costs that the disk has a record before its request goes on.
#
#     bench/sync.pl       (IG_B=build, BENCH_SECONDS=2, BENCH_ROUNDS=5)
#
# Three guarded NGINX, one worker each on the first core, take turns: sync=off,
# sync=1s and sync=group, all with a key and checkpoints, logs in the build
# directory.  The load and the endpoint share the second core.  A round runs all
# of them on one load, and a ratio is made within a round.  Group commit lives
# from what comes while the disk works, so it is tried with few and with many
# requests at once.
#
# It ends with 1, loudly, when an answer was not 200 or a request left no record.

use strict;
use warnings;

use Cwd qw(abs_path);
use Digest::SHA qw(sha256_hex);
use File::Copy qw(copy);
use File::Path qw(make_path remove_tree);
use IO::Handle;
use IO::Socket::INET;
use POSIX ();
use Time::HiRes qw(sleep time);

$| = 1;

my $build = abs_path($ENV{IG_B} || 'build') or die "no build directory\n";
my $seconds = $ENV{BENCH_SECONDS} || 2;
my $rounds = $ENV{BENCH_ROUNDS} || 5;
my $nginx = $ENV{NGINX} || (-x '/usr/sbin/nginx' ? '/usr/sbin/nginx' : 'nginx');
my $module = "$build/ngx_http_inference_guard_module.so";
my $dir = "$build/bench/sync";
my $cores = () = slurp('/proc/cpuinfo') =~ /^processor/mg;
my $target = 0.6;

my @connections = (16, 64, 256);
my @modes = ('off', '1s', 'group');
my (%port, %worker, %result, @children);
my $upstream_port = 18290;
@port{@modes} = (18291, 18292, 18293);

-x $_ or die "no $_: use make all benches\n"
    for "$build/bench/load", "$build/bench/upstream", "$build/inference-guard";
-f $module or die "no $module: build it\n";

END {
    my $status = $?;
    kill 'TERM', $_ for @children;
    waitpid $_, 0 for @children;
    $? = $status;
}

$SIG{INT} = $SIG{TERM} = sub { exit 130 };

###############################################################################

sub slurp {
    my ($path) = @_;

    local $/;
    open my $f, '<', $path or die "$path: $!\n";
    return scalar <$f>;
}

sub spew {
    my ($path, $text) = @_;

    open my $f, '>', $path or die "$path: $!\n";
    print $f $text;
    close $f or die "$path: $!\n";
}

sub pinned {
    my ($core, @command) = @_;

    return $cores > 1 ? ('taskset', '-c', $core, @command) : @command;
}

sub start {
    my ($port, $log, @command) = @_;

    my $pid = fork // die "fork: $!\n";

    if (!$pid) {
        open STDOUT, '>>', $log;
        open STDERR, '>&', \*STDOUT;
        exec @command or POSIX::_exit(127);
    }

    push @children, $pid;

    for (1 .. 100) {
        return $pid if IO::Socket::INET->new("127.0.0.1:$port");
        last if waitpid($pid, 1) == $pid;
        sleep 0.05;
    }

    die "nothing listens on port $port:\n", slurp($log);
}

sub median {
    my @s = sort { $a <=> $b } @_;

    return @s % 2 ? $s[$#s / 2] : ($s[@s / 2 - 1] + $s[@s / 2]) / 2;
}

sub rules {
    my $key = sha256_hex('bench-key');

    make_path("$dir/rules");
    copy($_, "$dir/rules/") or die "$_: $!\n" for glob 'rules/*.yaml';

    spew("$dir/rules/bench.yaml", <<"END");
version: 1
endpoints:
  bench:
    upstream: bench
    country: SA
    operators: [SA]
    tier: on-premises
    dialects: [openai]
    models: ["*"]
    addresses: [127.0.0.0/8]
END
    spew("$dir/rules/bench-tenants.yaml", <<"END");
version: 1
tenants:
  bench: {home: SA, keys: ["sha256:$key"]}
END
    spew("$dir/rules/bench-policy.yaml", <<"END");
version: 1
policy:
  networks: {127.0.0.0/8: SA}
END

    my $said = `$build/inference-guard audit keygen $dir/audit.key 2>&1`;
    die "no key: $said" if $?;
}

sub conf {
    my ($mode) = @_;

    my $user = $> == 0 ? 'user root;' : '';
    my $affinity = $cores > 1 ? 'worker_cpu_affinity ' . '0' x ($cores - 1)
        . '1;' : '';

    return <<"END";
load_module $module;
$user
worker_processes 1;
$affinity
daemon off;
pid $dir/$mode.pid;
error_log $dir/$mode.error.log warn;
events { worker_connections 1024; }
http {
    access_log off;
    client_body_temp_path $dir/$mode.body;
    proxy_temp_path $dir/$mode.proxy;
    fastcgi_temp_path $dir/$mode.fastcgi;
    uwsgi_temp_path $dir/$mode.uwsgi;
    scgi_temp_path $dir/$mode.scgi;
    client_body_buffer_size 512k;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    inference_guard_rules  $dir/rules/*.yaml;
    inference_guard_audit  $dir/$mode.jsonl key=$dir/audit.key sync=$mode;
    upstream bench {
        server 127.0.0.1:$upstream_port;
        keepalive 512;
        keepalive_requests 1000000000;
    }
    server {
        listen 127.0.0.1:$port{$mode};
        location / {
            inference_guard         on;
            inference_guard_tenant  \$http_authorization;
            proxy_http_version      1.1;
            proxy_set_header        Connection "";
            proxy_pass \$inference_guard_scheme://\$inference_guard_upstream;
        }
    }
}
END
}

sub start_nginx {
    my ($mode) = @_;

    spew("$dir/$mode.conf", conf($mode));

    my $pid = start($port{$mode}, "$dir/$mode.out", $nginx, '-c', "$dir/$mode.conf", '-p',
        $dir, '-e', "$dir/$mode.error.log");

    # the port is open before the worker is there

    for (1 .. 100) {
        ($worker{$mode}) = split ' ', slurp("/proc/$pid/task/$pid/children");
        last if $worker{$mode};
        sleep 0.05;
    }

    die "$mode: no worker\n" unless $worker{$mode};
}

# of the worker and its threads

sub cpu {
    my ($pid) = @_;
    my $ns = 0;

    for my $task (glob "/proc/$pid/task/*/schedstat") {
        $ns += (split ' ', slurp($task))[0];
    }

    return $ns / 1e9;
}

sub recorded {
    my ($mode, $requests) = @_;

    my ($decisions, $outcomes);

    for (1 .. 40) {
        ($decisions, $outcomes) = (0, 0);
        open my $f, '<', "$dir/$mode.jsonl" or die "$mode.jsonl: $!\n";

        while (<$f>) {
            $decisions++ if index($_, '"type":"decision"') >= 0;
            $outcomes++ if index($_, '"type":"outcome"') >= 0;
        }

        last if $outcomes >= $requests;
        sleep 0.05;
    }

    die "VOID: $mode answered $requests requests and recorded $decisions "
        . "decisions, $outcomes outcomes\n"
        if $decisions < $requests || $outcomes < $requests;

    truncate "$dir/$mode.jsonl", 0 or die "truncate: $!\n";
}

sub measure {
    my ($mode, $connections, $time) = @_;

    my @command = pinned(1, "$build/bench/load", $port{$mode}, 1024,
        $connections, $time);
    my $before = cpu($worker{$mode});
    my $line = `@command`;
    my $status = $?;
    my $spent = cpu($worker{$mode}) - $before;
    my %r = $line =~ /(\w+)=([\d.]+)/g;

    die "VOID: $mode: ", $line || "no answer\n"
        if $status || !$r{requests} || $r{bad};

    recorded($mode, $r{requests});

    $r{cpu} = $spent / $r{requests} * 1e6;
    $r{rate} = $r{requests} / $r{seconds};
    $r{busy} = $spent / $r{seconds};

    return \%r;
}

# the disk alone: two records appended, then waited for

sub disk {
    open my $f, '>>', "$dir/disk" or die "disk: $!\n";
    $f->autoflush(1);

    return median(map {
        my $begun = time;
        print $f 'x' x 1400;
        $f->sync or die "fsync: $!\n";
        (time - $begun) * 1000;
    } 1 .. 200);
}

###############################################################################

remove_tree($dir);
make_path($dir);
rules();

print "Durability: $rounds rounds of $seconds s, 1 KB requests, $cores cores\n";
printf "the disk: 1400 bytes and fsync() take %.2f ms (median)\n", disk();

start($upstream_port, "$dir/upstream.out",
    pinned(1, "$build/bench/upstream", $upstream_port));
start_nginx($_) for @modes;

for my $n (@connections) {
    measure($_, $n, 0.2) for @modes;
}

for my $round (1 .. $rounds) {
    for my $n (@connections) {
        printf "round %d/%d  %3d at once", $round, $rounds, $n;

        # none is always the first

        for my $mode (map { $modes[($_ + $round) % @modes] } 0 .. $#modes) {
            my $r = measure($mode, $n, $seconds);
            push @{ $result{$n}{$mode} }, $r;
            printf "  %s %.0f/s", $mode, $r->{rate};
        }

        print "\n";
    }
}

printf "\n%-8s %-6s %10s %9s %9s %9s %6s   %-18s %s\n", 'at once', 'sync',
    'requests/s', 'p50 us', 'p99 us', 'CPU us', 'busy', 'throughput to 1s',
    'by CPU';

my ($reached, $idle);

for my $n (@connections) {
    for my $mode (@modes) {
        my @r = @{ $result{$n}{$mode} };
        my @base = @{ $result{$n}{'1s'} };
        my @ratio = sort { $a <=> $b }
            map { $r[$_]{rate} / $base[$_]{rate} } 0 .. $#r;
        my $by_cpu = median(map { $base[$_]{cpu} / $r[$_]{cpu} } 0 .. $#r);

        printf "%-8d %-6s %10.0f %9.0f %9.0f %9.1f %5.0f%%   "
            . "%.2f (%.2f-%.2f)   %.2f\n", $n, $mode,
            (map { my $f = $_; median(map { $_->{$f} } @r) }
                qw(rate p50 p99 cpu)), 100 * median(map { $_->{busy} } @r),
            median(@ratio), @ratio[0, -1], $by_cpu;

        # the last is with the most at once: saturation.  The lesser counts: a
        # machine with other work gives more of itself to a worker that sleeps

        $idle ||= median(map { $_->{busy} } @r) < 0.8;
        $reached = median(@ratio) < $by_cpu ? median(@ratio) : $by_cpu
            if $mode eq 'group';
    }
}

print "\nA worker was less than 80 % busy: it waited for the disk, load and "
    . "endpoint\nwere the bottleneck, or the machine had other work. CPU a "
    . "request stays comparable.\n" if $idle;

printf "\nTarget: group commit at no less than %.0f %% of interval sync, "
    . "at saturation: %.0f %%, %s\n", 100 * $target, 100 * $reached,
    $reached >= $target ? 'met' : 'NOT MET';
