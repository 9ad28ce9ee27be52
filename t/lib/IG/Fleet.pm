package IG::Fleet;

# Several NGINX with one plan (IG::Limits) and one store (IG::Redis), and a proxy
# between them that can be cut.
#
#   my @t = fleet(3, $redis->url, $plan);      $t[0] ... each with two workers
#   statuses_of_all(10, @t)                    of so many requests at each
#   my $p = IG::Fleet::Proxy->new($redis->port);
#   $p->cut; $p->mend; $p->swallow             refuse and close; or say nothing

use v5.36;

use Exporter qw(import);
use IG::Limits;
use IG::Standard;
use Test::More ();
use Time::HiRes qw(sleep time);

our @EXPORT = qw(fleet node wait_ready status statuses statuses_of_all finish);

# The store needs no more than its parameters; each node is a machine of its own.
sub node ($name, $store, $plan, %o) {
    my $http = delete $o{http} // '';
    return limited($plan, %o,
        http => "inference_guard_store $store node=$name;\n$http");
}

sub fleet ($n, $store, $plan, %o) {
    return map { node("node$_", $store, $plan, %o) } 1 .. $n;
}

# One request: its status.
our $served = 0;
sub status ($t, $body = 'hello') {
    my $s = ask($t, us => $body)->{status};
    $served++ if $s == 200;
    return $s;
}

# A store that has just come back: until each worker serves again.
sub wait_ready (@t) {
    for my $t (@t) {
        my $good = 0;
        $t->wait_for('the store is used again', sub {
            $good = status($t, 'probe') =~ /^(?:200|429)$/ ? $good + 1 : 0;
            return $good >= 12;
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
