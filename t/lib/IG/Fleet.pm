package IG::Fleet;

# Several NGINX with one plan (IG::Limits) and one store (IG::Redis), and a proxy
# between them that can be cut.
#
#   my @t = fleet(3, $redis->url, $plan);      $t[0] ... each with two workers
#   wait_ready(@t); wait_gone(@t)              every worker has the store, or none
#   statuses_of_all(10, @t)                    of so many requests at each
#   my $p = IG::Fleet::Proxy->new($redis->port);
#   $p->cut; $p->mend; $p->swallow             refuse and close; or say nothing

use v5.36;

use Exporter qw(import);
use IG::Limits;
use IG::Nginx;
use IG::Redis;
use IG::Standard;
use Test::More ();
use Time::HiRes qw(sleep time);

our @EXPORT = qw(fleet node wait_ready wait_gone status statuses statuses_of_all finish);

# What a busy machine takes for an answer is no outage: two seconds, unless a test
# says another.
$IG::Nginx::DEADLINE = $IG::Redis::DEADLINE = 60;
sub node ($name, $store, $plan, %o) {
    my $http = delete $o{http} // '';
    for my $t (qw(connect_timeout timeout)) {
        $store .= " $t=2s" if $store !~ /(?:^|\s)$t=/;
    }
    return limited($plan, %o, http => "inference_guard_store $store node=$name;\n"
        . "add_header worker \$pid always;\n$http");
}

sub fleet ($n, $store, $plan, %o) {
    return map { node("node$_", $store, $plan, %o) } 1 .. $n;
}

# One request: its status.  How many were served, of all and by each.
our ($served, %served) = (0);
sub status ($t, $body = 'hello') { return asked($t, $body)->{status} }

sub asked ($t, $body) {
    my $r = ask($t, us => $body);
    if ($r->{status} == 200) { $served++; $served{ $t->dir }++ }
    return $r;
}

# Until every worker has answered with the store: NGINX gives connections to its
# workers in turns of sixteen.
sub wait_ready (@t) {
    for my $t (@t) {
        my %good;
        $t->wait_for('every worker has the store', sub {
            my $r = asked($t, 'probe');
            my $pid = $r->{headers}{worker} // 0;
            if ($r->{status} =~ /^(?:200|429)$/) { $good{$pid} = 1 }
            else { delete $good{$pid} }
            return !grep { !$good{$_} } $t->workers;
        });
    }
}

# Until every worker has said that the store is gone.  Requests make it look.
sub wait_gone (@t) {
    for my $t (@t) {
        $t->wait_for('every worker knows that the store is gone', sub {
            status($t);
            my %word;
            for (split /\n/, $t->read('logs/error.log')) {
                $word{$1} = $2
                    if /\] (\d+)#\d+: .*the store at \S+ is (not available|back)/;
            }
            return !grep { ($word{$_} // '') ne 'not available' } $t->workers;
        });
    }
}

# Statuses of n requests at each, all at once: { 200 => 5, 429 => 7 }
sub statuses_of_all ($n, @t) {
    my (%count, @kids);
    for my $t (@t) {
        for (1 .. 2) {
            pipe my $in, my $out or die;
            my $pid = fork // die;
            if (!$pid) {
                $_->{owner} = 0 for @t;
                print $out status($t), "\n" for 1 .. $n / 2;
                close $out;
                POSIX::_exit(0);
            }
            close $out;
            push @kids, [ $pid, $in ];
        }
    }
    for (@kids) {
        my $in = $_->[1];
        while (my $s = <$in>) { chomp $s; $count{$s}++ }
        waitpid $_->[0], 0;
    }
    return \%count;
}

sub statuses ($n, $t) {
    my %count;
    $count{ status($t) }++ for 1 .. $n;
    return \%count;
}

sub finish (@t) { $_->done for @t }

package IG::Fleet::Proxy;

use IG::Redis;
use IO::Select;
use IO::Socket::INET;
use POSIX ();

# A TCP proxy in a process of its own.  Signals tell it what to do.
sub new ($class, $to) {
    my $port = IG::Redis::free_port();
    my $listen = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port,
        Listen => 64, Proto => 'tcp', ReuseAddr => 1) or die "proxy: $@";
    pipe my $in, my $out or die;
    my $parent = $$;
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        close $out;
        serve($listen, $to, $in);
        POSIX::_exit(0);
    }
    close $in;
    $out->autoflush(1);
    close $listen;
    return bless { pid => $pid, port => $port, out => $out, owner => $parent }, $class;
}

sub port ($self) { $self->{port} }
sub say_to ($self, $mode) { syswrite $self->{out}, $mode }
sub cut ($self) { $self->say_to('c') }         # all are closed, new ones too
sub swallow ($self) { $self->say_to('s') }     # nothing passes, nothing is closed
sub mend ($self) { $self->say_to('m') }        # what was swallowed is lost

sub serve ($listen, $to, $control) {
    local $SIG{PIPE} = 'IGNORE';
    my ($mode, %peer, @lost) = ('m');
    my $sel = IO::Select->new($listen, $control);
    my $drop = sub ($s) {
        for my $x (grep { defined } $s, $peer{$s}) { $sel->remove($x); close $x }
        my $p = delete $peer{$s};
        delete $peer{$p} if $p;
    };
    while (1) {
        for my $s ($sel->can_read) {
            if ($s == $control) {
                sysread($s, $mode, 1) or return;
                $drop->($_) for $mode eq 's' ? () : grep { $peer{$_} } $sel->handles;
                close $_ for splice @lost;
            }
            elsif ($s == $listen) {
                my $c = $listen->accept or next;
                if ($mode eq 'c') { close $c; next }
                if ($mode eq 's') { push @lost, $c; next }
                my $up = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $to)
                    or do { close $c; next };
                @peer{ $c, $up } = ($up, $c);
                $sel->add($c, $up);
            }
            elsif ($peer{$s}) {
                my $n = sysread $s, my $data, 65536;
                if (!$n) { $drop->($s); next }
                next if $mode eq 's';
                syswrite $peer{$s}, $data;
            }
        }
    }
}

sub DESTROY ($self) {
    return if $self->{owner} != $$ || !$self->{pid};
    local ($?, $!);
    kill 'KILL', $self->{pid};
    waitpid delete $self->{pid}, 0;
}

1;
