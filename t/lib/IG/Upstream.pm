package IG::Upstream;

# A fake inference endpoint: a TCP server in processes of its own that keeps
# every connection and every byte it got in files, so that a test can say
# "this one got nothing" and mean bytes.
#
#   DIR/conn.N    all bytes of connection N, as they came
#   DIR/req.N.M   request M of connection N once it was complete
#
# The handler runs for each complete request: $handler->($request, $conn).
# An option `on_bytes` is called with each first piece of a request, before it
# is parsed: what a test looks at then was so before the answer.

use v5.36;

use Errno qw(EINTR);
use IO::Socket::INET;
use JSON::PP ();
use POSIX ();
use Socket qw(IPPROTO_TCP TCP_NODELAY);

sub new ($class, %o) {
    my $self = bless {
        name => $o{name}, dir => $o{dir}, port => $o{port},
        address => $o{address} // '127.0.0.1',
        handler => $o{handler} // \&answer, on_bytes => $o{on_bytes},
    }, $class;

    mkdir $self->{dir} or die "mkdir $self->{dir}: $!";
    chmod 0777, $self->{dir};
    $self->listen;
    return $self;
}

sub listen ($self) {
    my $listen = IO::Socket::INET->new(
        LocalAddr => $self->{address}, LocalPort => $self->{port},
        Proto => 'tcp', Listen => 128, ReuseAddr => 1)
        or die "upstream $self->{name}: port $self->{port}: $@";
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        setpgrp 0, 0;
        $SIG{TERM} = $SIG{INT} = 'DEFAULT';
        $SIG{CHLD} = 'IGNORE';
        eval { $self->serve($listen); 1 } or warn $@;
        POSIX::_exit(0);
    }
    $self->{pid} = $pid;
    close $listen;
}

sub serve ($self, $listen) {
    my $n = $self->connections;
    while (1) {
        my $c = $listen->accept or do { next if $! == EINTR; die "accept: $!" };
        $n++;
        open my $raw, '>', "$self->{dir}/conn.$n" or die $!;
        my $pid = fork // die "fork: $!";
        next if $pid;
        $SIG{PIPE} = 'IGNORE';
        eval { $self->connection($c, $n, $raw); 1 }
            or $@ =~ /^closed/ or warn "$self->{name}: $@";
        POSIX::_exit(0);
    }
}

sub connection ($self, $sock, $n, $raw) {
    setsockopt $sock, IPPROTO_TCP, TCP_NODELAY, 1;
    my $conn = bless { sock => $sock, raw => $raw, in => '', n => $n,
        up => $self }, 'IG::Upstream::Conn';
    my $m = 0;
    while (my $r = $conn->request) {
        $m++;
        my $tmp = "$self->{dir}/tmp.$n.$m";
        open my $fh, '>', $tmp or die $!;
        print $fh $r->{raw};
        close $fh;
        rename $tmp, "$self->{dir}/req.$n.$m" or die $!;
        $self->{handler}->($r, $conn);
        last if $conn->{closed};
    }
}

sub stop ($self) {
    my $pid = delete $self->{pid} or return;
    kill 'KILL', -$pid, $pid;
    waitpid $pid, 0;
}

# what came

sub connections ($self) { scalar(() = glob "$self->{dir}/conn.*") }

sub bytes ($self) {
    my $sum = 0;
    $sum += -s $_ // 0 for glob "$self->{dir}/conn.*";
    return $sum;
}

sub requests ($self) {
    my @files = sort {
        my @a = $a =~ /(\d+)\.(\d+)$/; my @b = $b =~ /(\d+)\.(\d+)$/;
        $a[0] <=> $b[0] || $a[1] <=> $b[1] } glob "$self->{dir}/req.*";
    return map { parse(slurp($_)) } @files;
}

sub last_request ($self) { ($self->requests)[-1] }

sub reset ($self) { unlink glob "$self->{dir}/*.*" }

sub slurp ($file) {
    open my $fh, '<:raw', $file or die "$file: $!";
    local $/;
    return <$fh> // '';
}

sub parse ($raw) {
    my ($head, $body) = split /\r\n\r\n/, $raw, 2;
    my ($line, @lines) = split /\r\n/, $head;
    my ($method, $uri, $version) = split / /, $line;
    my %h;
    for (@lines) {
        my ($k, $v) = /^([^:]+):\s*(.*)$/ or next;
        push $h{ lc $k }->@*, $v;
    }
    if (($h{'transfer-encoding'}[0] // '') =~ /chunked/i) {
        my $out = '';
        while ($body =~ s/^([0-9a-f]+)[^\r\n]*\r\n//i) {
            my $len = hex $1 or last;
            $out .= substr $body, 0, $len, '';
            $body =~ s/^\r\n//;
        }
        $body = $out;
    }
    return { method => $method, uri => $uri, version => $version,
        headers => \%h, body => $body, raw => $raw };
}

# The default answers: enough of each dialect for a client library.

sub answer ($r, $c) {
    my $name = $c->{up}{name};
    my ($m)  = $r->{body} =~ /"model":\s*"([^"]*)"/;
    my ($path) = $r->{uri} =~ /^([^?]*)/;

    if ($path eq '/v1/messages') {
        return $c->json(200, { id => 'msg_1', type => 'message',
            role => 'assistant', model => $m, served_by => $name,
            content => [ { type => 'text', text => "hello from $name" } ],
            stop_reason => 'end_turn', stop_sequence => undef,
            usage => { input_tokens => 3, output_tokens => 4 } });
    }
    if ($r->{body} =~ /"stream":\s*true/ && $path =~ /completions$/) {
        $c->sse_start;
        $c->sse({ id => 'c', object => 'chat.completion.chunk',
            choices => [ { index => 0, delta => { content => $_ } } ] })
            for 'hello ', 'from ', $name;
        $c->chunk("data: [DONE]\n\n");
        return $c->chunk_end;
    }
    return $c->json(200, { id => 'x', object => 'chat.completion',
        model => $m, served_by => $name, choices => [ { index => 0,
        finish_reason => 'stop', message => { role => 'assistant',
        content => "hello from $name" } } ],
        usage => { prompt_tokens => 3, completion_tokens => 4,
            total_tokens => 7 } });
}

package IG::Upstream::Conn;

use v5.36;

use Time::HiRes ();

sub fill ($self) {
    my $n = sysread $self->{sock}, my $buf, 65536;
    return 0 if !$n;
    my $cb = $self->{up}{on_bytes};
    $cb->($self) if $cb && $self->{in} eq '';
    syswrite $self->{raw}, $buf;
    $self->{in} .= $buf;
    return 1;
}

sub request ($self) {
    my $end;
    while (($end = index $self->{in}, "\r\n\r\n") < 0) {
        $self->fill or return;
    }
    my $head = substr $self->{in}, 0, $end + 4;
    my $r    = IG::Upstream::parse($head);
    my $all;
    if (($r->{headers}{'transfer-encoding'}[0] // '') =~ /chunked/i) {
        until ($self->{in} =~ /(?:\A|\r\n)0\r\n\r\n\z/) {
            $self->fill or return;
        }
        $all = length $self->{in};
    }
    else {
        $all = length($head) + ($r->{headers}{'content-length'}[0] // 0);
        while (length $self->{in} < $all) { $self->fill or return }
    }
    return IG::Upstream::parse(substr $self->{in}, 0, $all, '');
}

sub write ($self, $bytes) {
    while (length $bytes) {
        my $n = syswrite $self->{sock}, $bytes;
        defined $n or die "closed: $!\n";
        substr $bytes, 0, $n, '';
    }
}

sub close ($self) { $self->{closed} = 1; CORE::close($self->{sock}) }

sub respond ($self, $status, $headers, $body) {
    $self->write("HTTP/1.1 $status X\r\n"
        . join('', map { "$_\r\n" } @$headers)
        . "X-Served-By: $self->{up}{name}\r\n"
        . 'Content-Length: ' . length($body) . "\r\n\r\n$body");
}

sub json ($self, $status, $data, @headers) {
    $self->respond($status, [ 'Content-Type: application/json', @headers ],
        JSON::PP->new->utf8->canonical->encode($data));
}

sub sse_start ($self, $type = 'text/event-stream', @headers) {
    $self->write(join "\r\n", 'HTTP/1.1 200 OK', "Content-Type: $type",
        "X-Served-By: $self->{up}{name}", @headers,
        'Transfer-Encoding: chunked', '', '');
}

sub chunk ($self, $bytes) {
    $self->write(sprintf "%x\r\n%s\r\n", length $bytes, $bytes);
}

sub chunk_end ($self) { $self->write("0\r\n\r\n") }

sub sse ($self, $data) {
    $self->chunk('data: ' . JSON::PP->new->utf8->canonical->encode($data)
        . "\n\n");
}

# Waits until a file is there: how a test holds an answer back.
sub wait_file ($self, $file, $seconds = 10) {
    my $end = Time::HiRes::time() + $seconds;
    until (-e $file) {
        Time::HiRes::time() < $end or die "no $file in $seconds s\n";
        Time::HiRes::sleep(0.005);
    }
}

1;
