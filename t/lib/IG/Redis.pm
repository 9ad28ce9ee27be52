package IG::Redis;

# Real redis-server and redis-sentinel processes on loopback, and a client.
#
#   my $r = IG::Redis->new(conf => "databases 4\n");   started, and answers
#   $r->call('SET', 'a', 1)           a reply: string, list, undef; dies on errors
#   $r->counters                      the keys of counters
#   $r->kill; $r->start               the same port and directory again
#   $r->pause; $r->resume             SIGSTOP, SIGCONT
#   IG::Redis->cluster(3)             masters that own all slots
#
# What was started is killed at the end, by its own pid.

use v5.36;

use Carp qw(croak);
use File::Path qw(remove_tree);
use File::Temp ();
use IO::Socket::INET;
use POSIX ();
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(sleep time);

our $DEADLINE = 20;

my @live;

# From the top of the window of which IG::Nginx takes from the bottom.
my $next_port;

sub free_port () {
    $next_port //= 10000 + $$ % 430 * 50 + 49;
    for (1 .. 40) {
        my $p = $next_port--;
        my $s = IO::Socket::INET->new(LocalAddr => '0.0.0.0', LocalPort => $p,
            Proto => 'tcp', Listen => 1) or next;
        return $p;
    }
    croak 'no free port';
}

sub new ($class, %o) {
    my $self = bless {
        port => $o{port} // free_port(), conf => $o{conf} // '', owner => $$,
        program => $o{sentinel} ? 'redis-sentinel' : 'redis-server',
        auth => $o{auth}, tls => $o{tls}, sentinel => $o{sentinel},
        tmp => File::Temp->newdir('inference-guard-XXXXXXXX', TMPDIR => 1, CLEANUP => 1),
    }, $class;
    $self->{dir} = $self->{tmp}->dirname;
    push @live, $self;
    $self->write_conf;
    return $self->start;
}

# A sentinel rewrites its file: a new one each time it starts from nothing.
sub write_conf ($self) {
    my $listen = $self->{tls} ? "port 0\ntls-port $self->{port}\n"
        : "port $self->{port}\n";
    my $data = $self->{sentinel} ? '' : "save \"\"\nappendonly no\n";
    open my $fh, '>', "$self->{dir}/redis.conf" or croak $!;
    print $fh "bind 127.0.0.1\nprotected-mode no\ndir $self->{dir}\n$listen$data"
        . "logfile $self->{dir}/redis.log\n$self->{conf}\n";
    close $fh or croak $!;
}

sub port ($self) { $self->{port} }
sub dir ($self) { $self->{dir} }
sub address ($self) { "127.0.0.1:$self->{port}" }

sub start ($self) {
    my $pid = fork // croak "fork: $!";
    if (!$pid) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>>', "$self->{dir}/out.log";
        open STDERR, '>&', \*STDOUT;
        exec $self->{program}, "$self->{dir}/redis.conf" or POSIX::_exit(127);
    }
    $self->{pid} = $pid;
    $self->wait_for("$self->{program} answers", sub {
        waitpid($pid, POSIX::WNOHANG()) == $pid
            and croak "$self->{program} did not start: " . $self->log;
        return 1 if $self->{tls}
            && IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port});
        return eval { $self->call('PING') } if !$self->{tls};
        return 0;
    });
    return $self;
}

sub log ($self) {
    my $text = '';
    for my $f ("$self->{dir}/out.log", "$self->{dir}/redis.log") {
        open my $fh, '<', $f or next;
        local $/;
        $text .= <$fh> // '';
    }
    return $text;
}

sub signal ($self, $sig) { kill $sig, $self->{pid} or croak "kill: $!" }

sub kill ($self) {
    my $pid = delete $self->{pid} // return;
    delete $self->{sock};
    CORE::kill 'KILL', $pid;
    CORE::kill 'CONT', $pid;
    waitpid $pid, 0;
}

sub pause ($self) { CORE::kill 'STOP', $self->{pid} }
sub resume ($self) { CORE::kill 'CONT', $self->{pid} }

sub wait_for ($self, $what, $cond, $seconds = $DEADLINE) {
    my $end = time + $seconds;
    while (1) {
        my $v = $cond->();
        return $v if $v;
        time < $end or croak "waited $seconds s in vain: $what\n" . $self->log;
        sleep 0.02;
    }
}

# --- a client ---

sub call ($self, @words) {
    # a sentinel that promotes a server cuts its clients off
    if ($self->{sock} && !$self->{auth}) {
        my $v = eval { [ $self->exchange($self->{sock}, @words) ] };
        return $v->[0] if $v;
        croak $@ if $self->{sock};
    }
    if (!$self->{sock}) {
        $self->{sock} = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
            PeerPort => $self->{port}, Proto => 'tcp', Timeout => 5)
            or croak "no Redis at $self->{port}";
        setsockopt $self->{sock}, IPPROTO_TCP, TCP_NODELAY, 1;
        $self->call('AUTH', $self->{auth}->@*) if $self->{auth};
    }
    return $self->exchange($self->{sock}, @words);
}

sub exchange ($self, $s, @words) {
    my $out = '*' . @words . "\r\n"
        . join '', map { '$' . length($_) . "\r\n$_\r\n" } @words;
    my $ok = eval {
        local $SIG{PIPE} = 'IGNORE';
        while (length $out) {
            my $n = syswrite($s, $out) // die 'write';
            substr $out, 0, $n, '';
        }
        1;
    };
    my @r = $ok ? eval { [ reply($s) ] } : ();
    if (!@r) {
        delete $self->{sock};
        croak "Redis at $self->{port} is gone";
    }
    my $v = $r[0][0];
    croak $$v if ref $v eq 'SCALAR';
    return $v;
}

# an error is a reference to its text
sub reply ($s) {
    defined(my $line = <$s>) or die 'closed';
    $line =~ s/\r\n$//;
    my ($type, $v) = $line =~ /^(.)(.*)$/ or die 'protocol';
    return $v if $type eq '+' || $type eq ':';
    return \$v if $type eq '-';
    return undef if $v < 0;
    if ($type eq '$') {
        read($s, my $data, $v + 2) == $v + 2 or die 'closed';
        return substr $data, 0, $v;
    }
    return [ map { scalar reply($s) } 1 .. $v ];
}

# the keys of counters: not those that tell when limits were set back
sub counters ($self, $like = '*') {
    return grep { !/:resets$/ } $self->call('KEYS', $like)->@*;
}

# --- more than one ---

sub replica ($class, $master, %o) {
    my $self = $class->new(%o,
        conf => ($o{conf} // '') . "replicaof 127.0.0.1 $master->{port}\nrepl-diskless-sync-delay 0\n");
    $self->wait_for('the replica is in step', sub {
        my $role = $self->call('ROLE');
        return $role->[0] eq 'slave' && $role->[3] eq 'connected';
    });
    return $self;
}

sub sentinel ($class, $master, %o) {
    return $class->new(sentinel => 1, conf => <<"END" . ($o{conf} // ''));
sentinel monitor ig 127.0.0.1 $master->{port} $o{quorum}
sentinel down-after-milliseconds ig 500
sentinel failover-timeout ig 3000
END
}

sub cluster ($class, $n) {
    my @nodes = map {
        my $bus = free_port();
        $class->new(conf => "cluster-enabled yes\ncluster-port $bus\n"
            . "cluster-node-timeout 2000\ncluster-config-file nodes.conf\n");
    } 1 .. $n;
    my $first = $nodes[0];
    for my $i (0 .. $n - 1) {
        my ($from, $to) = map { int(16384 * $_ / $n) } $i, $i + 1;
        $nodes[$i]->call('CLUSTER', 'ADDSLOTSRANGE', $from, $to - 1);
        my ($bus) = $nodes[$i]{conf} =~ /cluster-port (\d+)/;
        $first->call('CLUSTER', 'MEET', '127.0.0.1', $nodes[$i]{port}, $bus) if $i;
        $nodes[$i]->call('CLUSTER', 'SET-CONFIG-EPOCH', $i + 1) if $i == 0;
    }
    for my $node (@nodes) {
        $node->wait_for('the cluster is whole', sub {
            $node->call('CLUSTER', 'INFO') =~ /cluster_state:ok/
                && $node->call('CLUSTER', 'SLOTS')->@* == $n;
        });
    }
    return @nodes;
}

sub destroy ($self) { $self->kill if $self->{owner} == $$ }

END {
    my $status = $?;
    $_->destroy for splice @live;
    $? = $status;
}

1;
