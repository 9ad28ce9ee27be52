package IG::Nginx;

# A real NGINX with the module, for one test.
#
#   my $t = IG::Nginx->new;                 temp directory, ports
#   $t->write('rules/sa.yaml', $text);
#   $t->upstream('riyadh');                 a fake endpoint (IG::Upstream)
#   $t->start('server { … }');              %%DIR%%, %%PORT:name%% replaced
#   my $r = $t->http("GET / HTTP/1.1…");    status, headers, body
#   $t->done;                               stops all; looks at the error log
#
# Nothing is skipped: without NGINX or the module a test fails.  Everything
# that takes time is waited for by looking at it, until a deadline.
#
# IG_NGINX, IG_MODULE, IG_PRELOAD (a sanitizer's runtime for NGINX) and
# IG_TEST_KEEP (keep the directory) come from the environment.

use v5.36;

use Carp qw(croak);
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use File::Temp ();
use IO::Socket::INET;
use JSON::PP ();
use POSIX ();
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Test::More ();
use Time::HiRes qw(sleep time);

use IG::Port;
use IG::Upstream;

our $ROOT = abs_path(dirname(__FILE__) . '/../../..');
our $DEADLINE = 15;

my @live;

sub new ($class, %o) {
    my $nginx  = $o{nginx} // $ENV{IG_NGINX} // '/usr/sbin/nginx';
    my $module = $o{module} // $ENV{IG_MODULE}
        // "$ROOT/build/ngx_http_inference_guard_module.so";
    $module = "$ROOT/$module" if $module && $module !~ m{^/};

    -x $nginx or croak "no NGINX at $nginx (IG_NGINX)";
    !$module || -f $module or croak "no module at $module (IG_MODULE)";

    my $self = bless {
        nginx => $nginx, module => $module, workers => $o{workers} // 2,
        level => $o{level} // 'info', main => $o{main} // '',
        events => $o{events} // '', args => $o{args} // [],
        daemon => $o{daemon} // 'off',
        ports => {}, up => {}, seen => {}, masters => [], daemons => [], expected => [], owner => $$,
        tmp => File::Temp->newdir('inference-guard-XXXXXXXX', TMPDIR => 1,
            CLEANUP => !$ENV{IG_TEST_KEEP}),
    }, $class;
    $self->{dir} = $self->{tmp}->dirname;
    chmod 0755, $self->{dir};
    mkdir "$self->{dir}/$_" for qw(tmp logs rules);
    push @live, $self;
    return $self;
}

sub dir ($self, $file = undef) {
    return defined $file ? "$self->{dir}/$file" : $self->{dir};
}

sub port ($self, $name = 'http') {
    return $self->{ports}{$name} //= IG::Port->free;
}

sub expand ($self, $text) {
    $text =~ s/%%DIR%%/$self->{dir}/g;
    $text =~ s/%%ROOT%%/$ROOT/g;
    $text =~ s/%%PORT:(\w+)%%/$self->port($1)/ge;
    return $text;
}

sub write ($self, $file, $text) {
    my $path = "$self->{dir}/$file";
    make_path(dirname($path));
    my $tmp = "$path.new";
    open my $fh, '>:raw', $tmp or croak "$tmp: $!";
    utf8::encode($text) if utf8::is_utf8($text);
    print $fh $self->expand($text);
    close $fh or croak "$tmp: $!";
    rename $tmp, $path or croak "$path: $!";
    return $path;
}

sub read ($self, $file) {
    open my $fh, '<:raw', "$self->{dir}/$file" or return '';
    local $/;
    return <$fh> // '';
}

sub upstream ($self, $name, $handler = undef, %o) {
    return $self->{up}{$name} = IG::Upstream->new(name => $name,
        dir => $self->dir("upstream-$name"), port => $self->port($name),
        ($handler ? (handler => $handler) : ()), %o);
}

sub up ($self, $name) { $self->{up}{$name} // croak "no upstream $name" }

# Another program that lives as long as the test.
sub daemon ($self, $name, $env, @command) {
    my $pid = fork // croak "fork: $!";
    if (!$pid) {
        setpgrp 0, 0;
        open STDOUT, '>', $self->dir("logs/$name.out");
        open STDERR, '>&', \*STDOUT;
        $ENV{$_} = $env->{$_} for keys %$env;
        exec @command or POSIX::_exit(127);
    }
    push $self->{daemons}->@*, $pid;
    return $pid;
}

# Runs a program to its end: status and both outputs together.
sub run ($self, @command) {
    open my $fh, '-|', 'sh', '-c', 'exec "$@" 2>&1', 'sh', @command
        or croak "$command[0]: $!";
    local $/;
    my $out = <$fh> // '';
    close $fh;
    return wantarray ? ($? >> 8, $out) : $out;
}

# --- NGINX ---

sub config ($self, $http) {
    my $main = $self->{main};
    $main .= "user root;\n" if $> == 0 && $main !~ /^\s*user\s/m;
    $main .= "load_module $self->{module};\n" if $self->{module};
    return $self->write('nginx.conf', <<"END");
$main
daemon $self->{daemon};
pid %%DIR%%/nginx.pid;
error_log %%DIR%%/logs/error.log $self->{level};
worker_processes $self->{workers};
events { worker_connections 512; $self->{events} }
http {
    client_body_temp_path  %%DIR%%/tmp/body;
    proxy_temp_path        %%DIR%%/tmp/proxy;
    fastcgi_temp_path      %%DIR%%/tmp/fastcgi;
    uwsgi_temp_path        %%DIR%%/tmp/uwsgi;
    scgi_temp_path         %%DIR%%/tmp/scgi;
    access_log             %%DIR%%/logs/access.log;
$http
}
END
}

sub command ($self) {
    return ($self->{nginx}, '-p', $self->dir, '-c', $self->dir('nginx.conf'),
        '-e', $self->dir('logs/error.log'), $self->{args}->@*);
}

# `nginx -t`: exit status and what it said
sub check ($self, $http) {
    $self->config($http);
    local $ENV{LD_PRELOAD} = $ENV{IG_PRELOAD} if $ENV{IG_PRELOAD};
    my ($status, $out) = $self->run($self->command, '-t');
    return ($status, $out);
}

sub start ($self, $http = undef) {
    $self->config($http) if defined $http;
    my @command = $self->command;
    my $pid = fork // croak "fork: $!";
    if (!$pid) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>>', $self->dir('logs/stderr.log');
        open STDERR, '>>', $self->dir('logs/stderr.log');
        $SIG{XFSZ} = 'IGNORE';          # a full disk is an error, no signal
        $ENV{LD_PRELOAD} = $ENV{IG_PRELOAD} if $ENV{IG_PRELOAD};
        exec @command or POSIX::_exit(127);
    }
    if ($self->{daemon} eq 'on') {
        waitpid $pid, 0;
        $pid = $self->wait_for('a pid', sub {
            $self->read('nginx.pid') =~ /^(\d+)\n/ && $1 });
    }
    $self->{pid} = $pid;
    $self->wait_for('NGINX is up', sub {
        if (waitpid($pid, POSIX::WNOHANG()) == $pid) {
            delete $self->{pid};
            croak "NGINX did not start:\n" . $self->read('logs/stderr.log')
                . $self->read('logs/error.log');
        }
        return -s $self->dir('nginx.pid')
            && $self->workers == $self->{workers}
            && $self->listening;
    });
    return $self;
}

sub listening ($self) {
    for my $p (grep { $self->read('nginx.conf') =~ /listen\s[^;]*\b$_\b/ }
        values $self->{ports}->%*)
    {
        IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $p)
            or return 0;
    }
    return 1;
}

sub master ($self) { $self->{pid} }

sub workers ($self) {
    my $pid = $self->{pid} or return;
    open my $fh, '<', "/proc/$pid/task/$pid/children" or return;
    my @kids = grep { worker($_) } split ' ', <$fh> // '';
    $self->{seen}{$_} = 1 for @kids;
    return @kids;
}

sub worker ($pid) {
    open my $fh, '<', "/proc/$pid/cmdline" or return 0;
    return (<$fh> // '') =~ /worker process(?! is)/;
}

sub signal ($self, $sig) { kill $sig, $self->{pid} }

# New workers serve and the old ones are gone.
sub reload ($self) {
    my %old = map { $_ => 1 } $self->workers;
    $self->signal('HUP');
    $self->wait_for('reloaded', sub {
        my @now = $self->workers;
        return @now == $self->{workers} && !grep { $old{$_} } @now;
    });
}

# A reload that must not happen: NGINX says why and keeps what it has.
sub reload_refused ($self) {
    my @old = sort $self->workers;
    my $at  = length $self->read('logs/error.log');
    $self->signal('HUP');
    $self->wait_for('the reload is refused', sub {
        substr($self->read('logs/error.log'), $at) =~ /\[emerg\]/;
    });
    my $said = substr $self->read('logs/error.log'), $at;
    $self->expect_log(qr/\[emerg\]/);
    Test::More::is_deeply([ sort $self->workers ], \@old,
        'the workers are the same');
    return $said;
}

sub reopen ($self, $file = 'audit.jsonl') {
    $self->signal('USR1');
    $self->wait_for('logs reopened', sub { -e $self->dir($file) });
}

# A binary upgrade: a second master with workers of its own serves beside the
# first, whose pid is returned.  From here on the new one is NGINX.
sub upgrade ($self) {
    my $old = $self->{pid};
    $self->workers;
    $self->signal('USR2');
    $self->wait_for('a second master', sub {
        my ($pid) = $self->read('nginx.pid') =~ /^(\d+)$/m or return 0;
        return 0 if $pid == $old || !-e $self->dir('nginx.pid.oldbin');
        local $self->{pid} = $pid;
        return $self->workers == $self->{workers} && $pid;
    });
    push $self->{masters}->@*, $old;
    ($self->{pid}) = $self->read('nginx.pid') =~ /^(\d+)$/m;
    return $old;
}

# Has it ended?  It may be nobody's child any more, and wait for its burial.
sub gone ($self, $pid) {
    return 1 if waitpid($pid, POSIX::WNOHANG()) == $pid;
    open my $fh, '<', "/proc/$pid/stat" or return 1;
    return (<$fh> // 'x) Z') =~ /\) Z/;
}

sub stop ($self, $signal = 'QUIT') {
    my $pid = $self->{pid} or return;
    my @workers = $self->workers;
    kill $signal, $pid;
    my $end = time + $DEADLINE;
    my $gone;
    until ($gone = $self->gone($pid)) {
        last if time > $end;
        sleep 0.01;
    }
    Test::More::ok($gone, 'NGINX ended') or do {
        kill 'KILL', @workers, $pid;
        waitpid $pid, 0;
    };
    delete $self->{pid};
    Test::More::is(scalar(grep { !$self->gone($_) } @workers), 0,
        'no worker is left') if $gone;
}

# A line the error log may hold although it looks like a defect.
sub expect_log ($self, $re) { push $self->{expected}->@*, $re }

sub done ($self) {
    $self->stop;
    $_->stop for values $self->{up}->%*;
    $self->reap_daemons;
    my @bad = grep {
        my $line = $_;
        $line =~ /\[(?:alert|emerg)\]|Sanitizer|runtime error:/
            && !grep { $line =~ $_ } $self->{expected}->@*;
    } split /\n/, $self->read('logs/error.log')
        . $self->read('logs/stderr.log');
    Test::More::is(join("\n", @bad), '', 'no alert and no sanitizer report');
    @live = grep { $_ != $self } @live;
}

sub reap_daemons ($self) {
    for my $pid (splice $self->{daemons}->@*) {
        kill 'KILL', -$pid, $pid;
        waitpid $pid, 0;
    }
}

sub destroy ($self) {
    return if $self->{owner} != $$;
    if (my $pid = $self->{pid}) {
        $self->workers;
        delete $self->{pid};
        kill 'KILL', $pid, grep { !$self->gone($_) } $self->{masters}->@*;
        waitpid $pid, 0;
    }
    # workers outlive a master that crashed
    kill 'KILL', grep { worker($_) } keys $self->{seen}->%*;
    $_->stop for values $self->{up}->%*;
    $self->reap_daemons;
    print STDERR map { "# $_\n" } grep { /\[(?:error|crit|alert|emerg)\]/ }
        split /\n/, $self->read('logs/error.log');
}

END {
    my $status = $?;
    $_->destroy for splice @live;
    $? = $status;
}

# --- waiting ---

sub wait_for ($self, $what, $cond, $seconds = $DEADLINE) {
    my $end = time + $seconds;
    while (1) {
        my $v = $cond->();
        return $v if $v;
        time < $end or croak "waited $seconds s in vain: $what";
        sleep 0.01;
    }
}

# --- HTTP ---

sub connect ($self, $port = 'http') {
    my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $self->port($port), Proto => 'tcp')
        or croak "connect to $port: $@";
    setsockopt $s, IPPROTO_TCP, TCP_NODELAY, 1;
    binmode $s;
    return $s;
}

# All bytes, or piece by piece in writes of their own.  A server that has
# answered and closed already is no failure of the sender.
sub send ($self, $sock, @pieces) {
    local $SIG{PIPE} = 'IGNORE';
    for my $i (0 .. $#pieces) {
        my $rest = $pieces[$i];
        while (length $rest) {
            my $n = syswrite $sock, $rest;
            return 0 if !defined $n;
            substr $rest, 0, $n, '';
        }
        sleep 0.005 if $i < $#pieces;    # apart on the wire, not a wait
    }
    return 1;
}

sub fill ($self, $sock, $buf, $end) {
    my $rin = '';
    vec($rin, fileno $sock, 1) = 1;
    my $left = $end - time;
    $left > 0 && select($rin, undef, undef, $left) > 0
        or croak "no answer in time; got: " . substr $$buf, 0, 300;
    my $n = sysread $sock, $$buf, 65536, length $$buf;
    return $n // 0;
}

# One response from a socket: { status, headers (lower case -> first value),
# all (list of pairs), body, head, interim (of 1xx), complete }.
# $buf keeps what was read too much, for pipelining.
sub response ($self, $sock, %o) {
    my $buf = $o{buf} // \my $own;
    $$buf //= '';
    my $end = time + ($o{seconds} // $DEADLINE);
    my @interim;
    while (1) {
        my $at;
        while (($at = index $$buf, "\r\n\r\n") < 0) {
            $self->fill($sock, $buf, $end) or return { status => 0,
                headers => {}, body => $$buf, head => '', complete => 0,
                interim => \@interim };
        }
        my $head = substr $$buf, 0, $at + 4, '';
        my ($status) = $head =~ m{^HTTP/1\.[01] (\d+)};
        if ($status && $status =~ /^1/) { push @interim, $status; next }
        my (%h, @all);
        for (split /\r\n/, $head) {
            my ($k, $v) = /^([^:\s]+):\s*(.*)$/ or next;
            $h{ lc $k } //= $v;
            push @all, [ lc $k, $v ];
        }
        my $r = { status => $status // 0, headers => \%h, all => \@all,
            head => $head, interim => \@interim, complete => 1, body => '' };
        return $r if $o{head} || $r->{status} =~ /^(?:204|304)$/;
        $r->{complete} = $self->body($sock, $buf, $end, $r);
        return $r;
    }
}

sub body ($self, $sock, $buf, $end, $r) {
    my $h = $r->{headers};
    if (($h->{'transfer-encoding'} // '') =~ /chunked/i) {
        while (1) {
            while (index($$buf, "\r\n") < 0) {
                $self->fill($sock, $buf, $end) or return 0;
            }
            $$buf =~ s/^([0-9a-f]+)[^\r\n]*\r\n//i or return 0;
            my $len = hex $1;
            while (length $$buf < $len + 2) {
                $self->fill($sock, $buf, $end) or do {
                    $r->{body} .= $$buf;
                    return 0;
                };
            }
            $r->{body} .= substr $$buf, 0, $len, '';
            substr $$buf, 0, 2, '';
            return 1 if !$len;
        }
    }
    if (defined(my $len = $h->{'content-length'})) {
        while (length $$buf < $len) {
            $self->fill($sock, $buf, $end) or do {
                $r->{body} = $$buf;
                return 0;
            };
        }
        $r->{body} = substr $$buf, 0, $len, '';
        return 1;
    }
    1 while $self->fill($sock, $buf, $end);
    $r->{body} = $$buf;
    $$buf = '';
    return 1;
}

# A raw request (string, or list of pieces sent apart) and its response.
sub http ($self, $request, %o) {
    my $s = $self->connect($o{port} // 'http');
    $self->send($s, ref $request ? @$request : $request);
    my $r = $self->response($s, %o);
    close $s;
    return $r;
}

# The bytes of a request: $body is a string or data to be written as JSON.
sub request ($self, $method, $uri, $body = undef, @headers) {
    $body = JSON::PP->new->utf8->canonical->encode($body) if ref $body;
    my %has = map { lc(s/:.*//sr) => 1 } @headers;
    my @h = map { s/\r?\n//gr } @headers;
    push @h, 'Host: guard.test' if !$has{host};
    push @h, 'Connection: close' if !$has{connection};
    if (defined $body) {
        push @h, 'Content-Type: application/json' if !$has{'content-type'};
        push @h, 'Content-Length: ' . length $body
            if !$has{'content-length'} && !$has{'transfer-encoding'};
    }
    return join("\r\n", "$method $uri HTTP/1.1", @h) . "\r\n\r\n"
        . ($body // '');
}

sub post ($self, $uri, $body, @headers) {
    return $self->http($self->request('POST', $uri, $body, @headers));
}

sub get ($self, $uri, @headers) {
    return $self->http($self->request('GET', $uri, undef, @headers));
}

sub json ($self, $r) {
    return eval { JSON::PP->new->utf8->decode($r->{body}) } // {};
}

# --- records ---

# While NGINX runs, the end of the file may be a record that is half written.
sub records ($self, $type = undef, $file = 'audit.jsonl') {
    my $text = $self->read($file);
    $text =~ s/[^\n]+\z// if $self->{pid};
    my @all = map {
        my $line = $_;
        eval { JSON::PP->new->utf8->decode($line) }
            // ($self->{torn} ? () : croak "not a JSON record: $line");
    } split /\n/, $text;
    return defined $type ? grep { $_->{type} eq $type } @all : @all;
}

# Waits until that many records of a type are there; returns all of them.
sub wait_records ($self, $type, $n, $file = 'audit.jsonl') {
    $self->wait_for("$n records of type $type", sub {
        scalar(() = $self->read($file) =~ /"type":"\Q$type\E"[^\n]*\n/g) >= $n;
    });
    return $self->records($type, $file);
}

1;
