#!/usr/bin/perl

# What the guard costs, beside plain proxy_pass.
#
#     bench/run.pl            (IG_B=build, BENCH_SECONDS=2, BENCH_ROUNDS=4,
#                              BENCH_ONLY=plain: without the module)
#
# Four NGINX, one worker each on the first core, take turns: plain proxy_pass,
# the guard in audit, the guard enforcing with every pack in rules/, and the same
# with a plan of four limits for the tenant.  The load and the endpoint share the
# second core.  A round runs all of them on one load, and a ratio is made within a
# round, so that a machine that is busier for a while is so for all.
#
# It ends with 1, loudly, when an answer was not 200 or a guarded request left
# no record: a benchmark of refusals says nothing.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Copy qw(copy);
use File::Path qw(make_path remove_tree);
use Digest::SHA qw(sha256_hex);
use IO::Socket::INET;
use POSIX ();
use Time::HiRes qw(sleep time);

$| = 1;

my $build = abs_path($ENV{IG_B} || 'build') or die "no build directory\n";
my $seconds = $ENV{BENCH_SECONDS} || 2;
my $rounds = $ENV{BENCH_ROUNDS} || 4;
my $only_plain = ($ENV{BENCH_ONLY} || '') eq 'plain';
my $nginx = $ENV{NGINX} || (-x '/usr/sbin/nginx' ? '/usr/sbin/nginx' : 'nginx');
my $module = "$build/ngx_http_inference_guard_module.so";
my $dir = "$build/bench/run";
my $cores = () = do { local @ARGV = '/proc/cpuinfo'; join '', <> }
    =~ /^processor/mg;

my @loads = (
    { name => '1 KB', size => 1024, connections => 32 },
    { name => '4 KB', size => 4096, connections => 32 },
    { name => '32 KB', size => 32768, connections => 32 },
    { name => '256 KB', size => 262144, connections => 16 },
    { name => 'stream', size => 4096, connections => 16, stream => 1 },
);

my @modes = $only_plain ? ('plain') : ('plain', 'audit', 'on', 'limits');
my (%port, %worker, %result, @children);
my $upstream_port = 18190;
@port{'plain', 'audit', 'on', 'limits'} = (18191, 18192, 18193, 18194);

for my $program ('load', 'upstream', 'floor') {
    die "no $build/bench/$program: use make bench\n"
        unless -x "$build/bench/$program";
}

die "no $module: build it, or set BENCH_ONLY=plain\n"
    unless $only_plain || -f $module;

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
    my ($log, @command) = @_;

    my $pid = fork // die "fork: $!\n";

    if (!$pid) {
        open STDOUT, '>>', $log;
        open STDERR, '>&', \*STDOUT;
        exec @command or POSIX::_exit(127);
    }

    push @children, $pid;

    return $pid;
}

sub wait_port {
    my ($port, $pid, $log) = @_;

    for (1 .. 100) {
        return if IO::Socket::INET->new("127.0.0.1:$port");
        last if waitpid($pid, 1) == $pid;
        sleep 0.05;
    }

    die "nothing listens on port $port:\n", slurp($log);
}

# a rate, what runs at once, tokens, money: none of them is ever reached

my $plan = <<'END';
plans:
  bench:
    limits:
      - {of: requests, per: second, max: 1000000}
      - {of: concurrent, max: 1000}
      - {of: tokens, per: minute, max: 1000000000000}
      - {of: cost, currency: USD, per: month, max: 100000000}
END

sub rules {
    my ($name, $limited) = @_;
    my $rules = "$dir/$name";

    make_path($rules);

    my @packs = glob 'rules/*.yaml';
    die "no packs in rules/\n" unless @packs;

    for (@packs) {
        copy($_, "$rules/") or die "$_: $!\n";
    }

    my $key = sha256_hex('bench-key');

    spew("$rules/bench-endpoints.yaml", <<"END");
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
    price: {currency: USD, input: 0.20, output: 0.60}
END

    my $with = $limited ? "    plan: bench\n$plan" : '';

    spew("$rules/bench-tenants.yaml", <<"END");
version: 1
tenants:
  bench:
    home: SA
    keys: ["sha256:$key"]
$with
END

    spew("$rules/bench-policy.yaml", <<"END");
version: 1
policy:
  networks: {127.0.0.0/8: SA}
END

    return scalar @packs;
}

sub conf {
    my ($mode) = @_;

    my $guarded = $mode ne 'plain';
    my $load = $guarded ? "load_module $module;" : '';
    my $user = $> == 0 ? 'user root;' : '';
    my $affinity = $cores > 1 ? 'worker_cpu_affinity ' . '0' x ($cores - 1)
        . '1;' : '';
    my $limited = $mode eq 'limits';
    my $rules = $limited ? 'rules-limits' : 'rules';
    my $zone = $limited ? 'inference_guard_zone bench:16m;' : '';
    my $guard = $limited ? 'on' : $mode;
    my $http = $guarded ? <<"END" : '';
    inference_guard_rules  $dir/$rules/*.yaml;
    inference_guard_audit  $dir/$mode.jsonl;
    $zone
END
    my $location = $guarded ? <<"END" : <<'END';
            inference_guard         $guard;
            inference_guard_tenant  \$http_authorization;
            proxy_pass \$inference_guard_scheme://\$inference_guard_upstream;
END
            proxy_pass              http://bench;
END

    # what proxy_pass needs is the same for all; a stream that is not buffered
    # is what the guard makes, so plain is compared with the same

    return <<"END";
$load
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
    client_max_body_size 1m;
    client_body_buffer_size 512k;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
$http
    upstream bench {
        server 127.0.0.1:$upstream_port;
        keepalive 64;
        keepalive_requests 1000000000;
    }
    server {
        listen 127.0.0.1:$port{$mode};
        location / {
            proxy_http_version      1.1;
            proxy_set_header        Connection "";
            proxy_buffering         off;
$location        }
    }
}
END
}

sub start_nginx {
    my ($mode) = @_;

    spew("$dir/$mode.conf", conf($mode));
    spew("$dir/$mode.jsonl", '');

    my $pid = start("$dir/$mode.out", $nginx, '-c', "$dir/$mode.conf", '-p',
        $dir, '-e', "$dir/$mode.error.log");
    wait_port($port{$mode}, $pid, -s "$dir/$mode.error.log"
        ? "$dir/$mode.error.log" : "$dir/$mode.out");

    # the port is open before the worker is there

    for (1 .. 100) {
        ($worker{$mode}) = split ' ', slurp("/proc/$pid/task/$pid/children");
        last if $worker{$mode};
        sleep 0.05;
    }

    die "$mode: no worker\n" unless $worker{$mode};
}

# seconds on a core so far: the scheduler's nanoseconds, or clock ticks

sub cpu {
    my ($pid) = @_;

    if (open my $f, '<', "/proc/$pid/schedstat") {
        my ($ns) = split ' ', <$f>;
        return $ns / 1e9 if $ns;
    }

    my @stat = split ' ', slurp("/proc/$pid/stat") =~ s/.*\) //sr;
    my $tick = `getconf CLK_TCK` || 100;

    return ($stat[11] + $stat[12]) / $tick;
}

sub records {
    my ($mode, $requests) = @_;

    return if $mode eq 'plain';

    # the last outcomes are written when their requests have ended

    my ($decisions, $outcomes, $blocks);

    for (1 .. 40) {
        ($decisions, $outcomes, $blocks) = (0, 0, 0);
        open my $f, '<', "$dir/$mode.jsonl" or die "$mode.jsonl: $!\n";

        while (<$f>) {
            if (index($_, '"type":"decision"') >= 0) {
                $decisions++;
                $blocks++ if index($_, '"verdict":"block"') >= 0;

            } elsif (index($_, '"type":"outcome"') >= 0) {
                $outcomes++;
            }
        }

        last if $outcomes >= $requests;
        sleep 0.05;
    }

    die "VOID: $mode answered $requests requests and recorded $decisions "
        . "decisions, $outcomes outcomes\n"
        if $decisions < $requests || $outcomes < $requests;
    die "VOID: $mode blocked $blocks requests\n" if $blocks;

    truncate "$dir/$mode.jsonl", 0 or die "truncate: $!\n";
}

sub measure {
    my ($mode, $load, $time) = @_;

    my @command = pinned(1, "$build/bench/load", $port{$mode}, $load->{size},
        $load->{connections}, $time, $load->{stream} ? 'stream' : ());
    my $before = cpu($worker{$mode});
    my $line = `@command`;
    my $status = $?;
    my $spent = cpu($worker{$mode}) - $before;
    my %r = $line =~ /(\w+)=([\d.]+)/g;

    die "VOID: $mode, $load->{name}: ", $line || "no answer\n"
        if $status || !$r{requests} || $r{bad};

    records($mode, $r{requests});

    $r{cpu} = $spent / $r{requests} * 1e6;
    $r{rate} = $r{requests} / $r{seconds};
    $r{busy} = $spent / $r{seconds};

    return \%r;
}

sub median {
    my @s = sort { $a <=> $b } @_;

    return @s % 2 ? $s[$#s / 2] : ($s[@s / 2 - 1] + $s[@s / 2]) / 2;
}

# median and the least and greatest

sub spread {
    my ($format, @values) = @_;
    my @s = sort { $a <=> $b } @values;

    return sprintf "$format ($format-$format)", median(@s), $s[0], $s[-1];
}

sub each_round {
    my ($load, $mode, $value) = @_;

    return map { $value->($_) } @{ $result{$load->{name}}{$mode} };
}

###############################################################################

remove_tree($dir);
make_path($dir);

my $packs = $only_plain ? 0 : rules('rules', 0);
rules('rules-limits', 1) unless $only_plain;

print "Inference Guard benchmark: $rounds rounds of $seconds s, $cores cores"
    . ($only_plain ? ', plain proxy_pass only' : ", $packs files in rules/")
    . "\n";
print "only one core: load, endpoint and worker share it\n" if $cores < 2;

my $upstream = start("$dir/upstream.out",
    pinned(1, "$build/bench/upstream", $upstream_port));
wait_port($upstream_port, $upstream, "$dir/upstream.out");
start_nginx($_) for @modes;

for my $load (@loads) {
    measure($_, $load, 0.2) for @modes;
}

for my $round (1 .. $rounds) {
    for my $load (@loads) {
        printf "round %d/%d  %-7s", $round, $rounds, $load->{name};

        for my $mode (@modes) {
            my $r = measure($mode, $load, $seconds);
            push @{ $result{$load->{name}}{$mode} }, $r;
            printf "  %s %.0f/s %.1f us", $mode, $r->{rate}, $r->{cpu};
        }

        print "\n";
    }
}

# the floor, once nothing else runs

my (%floor, %engine);
print "floor ...\n";

for (split /\n/, `@{[ pinned(0, "$build/bench/floor", $dir, 0.5) ]}`) {
    my %f = /(\w+)=([\d.]+)/g;
    $floor{$f{size}} = \%f;
}

die "VOID: the floor was not measured\n" unless keys %floor == 4;

if (!$only_plain && -x "$build/bench/engine_bench") {
    print "engine ...\n";

    for (split /\n/, `@{[ pinned(0, "$build/bench/engine_bench", 1,
        glob("$dir/rules/*.yaml")) ]}`)
    {
        my %e = /(\w+)=([\d.]+)/g;
        $engine{$e{size}} = \%e;
    }

    die "VOID: the engine was not measured\n" unless keys %engine == 4;
}

###############################################################################

print "\nThroughput and latency (median of rounds; load and endpoint share one "
    . "core,\nso a worker that is not busy was not the bottleneck)\n\n";
printf "%-8s %-6s %10s %10s %9s %9s %9s %6s\n", 'body', 'mode', 'requests/s',
    'first us', 'p50 us', 'p90 us', 'p99 us', 'busy';

for my $load (@loads) {
    for my $mode (@modes) {
        my @r = @{ $result{$load->{name}}{$mode} };
        printf "%-8s %-6s %10.0f %10.0f %9.0f %9.0f %9.0f %5.0f%%\n",
            $load->{name}, $mode, median(map { $_->{rate} } @r),
            median(map { $_->{first_p50} } @r), median(map { $_->{p50} } @r),
            median(map { $_->{p90} } @r), median(map { $_->{p99} } @r),
            100 * median(map { $_->{busy} } @r);
    }
}

print "\nA worker was less than 80 % busy: load and endpoint were the bottleneck,"
    . " or the\nmachine had other work. CPU a request stays comparable, "
    . "requests/s do not.\n"
    if grep { $_->{busy} < 0.8 } map { @$_ } map { values %$_ } values %result;

print "\nWorker CPU a request, median (least-greatest) of $rounds rounds\n\n";
printf "%-8s %-6s %-24s %-22s %s\n", 'body', 'mode', 'us', 'added us',
    'ratio to plain';

my $missed = 0;

for my $load (@loads) {
    my @plain = each_round($load, 'plain', sub { $_[0]{cpu} });

    for my $mode (@modes) {
        my @cpu = each_round($load, $mode, sub { $_[0]{cpu} });
        my @added = map { $cpu[$_] - $plain[$_] } 0 .. $#cpu;
        my @ratio = map { $cpu[$_] / $plain[$_] } 0 .. $#cpu;

        printf "%-8s %-6s %-24s %-22s %s\n", $load->{name}, $mode,
            spread('%.1f', @cpu),
            $mode eq 'plain' ? '-' : spread('%.1f', @added),
            $mode eq 'plain' ? '-' : spread('%.2f', @ratio);

        $load->{added} = median(@added) if $mode eq 'on';
        $load->{ratio} = median(@ratio) if $mode eq 'on';
    }
}

unless ($only_plain) {
    print "\nLimits: CPU a request of the same guard with a plan of four limits, "
        . "beside none\n\n";
    printf "%-8s %-22s %s\n", 'body', 'added us', 'ratio to none';

    for my $load (@loads) {
        my @none = each_round($load, 'on', sub { $_[0]{cpu} });
        my @cpu = each_round($load, 'limits', sub { $_[0]{cpu} });

        printf "%-8s %-22s %s\n", $load->{name},
            spread('%.1f', map { $cpu[$_] - $none[$_] } 0 .. $#cpu),
            spread('%.2f', map { $cpu[$_] / $none[$_] } 0 .. $#cpu);
    }
}

# The guard looks for runs of digits and IBANs as well as for literals, so the
# floor that its target is held to has them among its anchors; that of literals
# alone is shown beside it.

print "\nThe floor: bare steps timed alone, us a request\n\n";
printf "%-8s %8s %9s %9s %10s %9s %8s %10s %8s\n", 'body', 'JSON',
    'literals', 'mixed', '2 records', 'floor', 'added', 'to floor',
    'literals';

for my $load (@loads) {
    my $f = $floor{$load->{size}};
    next if $load->{stream} || !$f;
    my $low = ($f->{json_ns} + $f->{scan_ns} + $f->{records_ns}) / 1000;
    my $sum = ($f->{json_ns} + $f->{mixed_ns} + $f->{records_ns}) / 1000;
    my $added = $load->{added};

    printf "%-8s %8.2f %9.2f %9.2f %10.2f %9.2f %8s %10s %8s\n",
        $load->{name}, (map { $f->{$_} / 1000 }
            qw(json_ns scan_ns mixed_ns records_ns)), $sum,
        map { defined $_ ? sprintf('%.2f', $_) : '-' }
            $added, $added && $added / $sum, $added && $added / $low;

    $missed++ if defined $added && $added > 2 * $sum;
}

print "(built without Vectorscan: the scan is missing from the floor)\n"
    unless grep { $_->{scan_ns} > 0 } values %floor;

if (%engine) {
    print "\nThe engine alone: one decision, every pack loaded\n\n";
    printf "%-8s %12s %10s %14s %12s %14s\n", 'body', 'decision us', 'GB/s',
        'instr./byte', 'records us', 'arena bytes';

    for my $load (@loads) {
        my $e = $engine{$load->{size}};
        next if $load->{stream} || !$e;

        printf "%-8s %12.2f %10.2f %14s %12.2f %14d\n", $load->{name},
            $e->{decide_ns} / 1000, $e->{bytes_per_s} / 1e9,
            $e->{instructions_per_byte} > 0 ? $e->{instructions_per_byte}
                : 'not counted', $e->{record_ns} / 1000, $e->{arena};
    }

    print "(this machine does not count instructions for a program)\n"
        unless grep { $_->{instructions_per_byte} > 0 } values %engine;
}

unless ($only_plain) {
    my ($four) = grep { $_->{name} eq '4 KB' } @loads;
    my $share = 100 * ($four->{ratio} - 1);

    printf "\nTarget: at 4 KB at most 35 %% of plain added: %.0f %%, %s\n",
        $share, $share <= 35 ? 'met' : 'NOT MET';
    printf "Target: at most twice the floor at every size: %s\n",
        $missed ? "NOT MET at $missed" : 'met';
}
