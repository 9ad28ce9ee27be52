# Copies of the log's lines to syslog: one datagram a line, in the form of RFC
# 5424, whose MSG is the line byte for byte, when the file has it.  A server that
# is slow, gone or restarted and lines longer than a datagram cost no request:
# what waits arrives, what is lost is counted.
# Control: without records= only checkpoints are sent, and the file always has
# every line.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Evidence;
use IG::Shim;
use IG::Standard;
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX ();
use Socket qw(SOCK_DGRAM SOL_SOCKET SO_RCVBUF);
use Sys::Hostname qw(hostname);
use Test::More;

my $HEADER = qr/<(\d{1,3})>1\ (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)
    \ ([!-~]{1,255})\ ([!-~]{1,48})\ ([!-~]{1,128})\ ([!-~]{1,32})\ -\ /x;

sub udp () {
    my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Proto => 'udp')
        or die "udp: $!";
    setsockopt $s, SOL_SOCKET, SO_RCVBUF, 4 << 20;
    return $s;
}

sub unix ($t, $name) {
    unlink $t->dir($name);
    return IO::Socket::UNIX->new(Local => $t->dir($name), Type => SOCK_DGRAM)
        || die "$name: $!";
}

# A server: what it gets is a line of a file each.
sub server ($t, $socket, $file) {
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        setpgrp 0, 0;
        open my $fh, '>>:raw', $t->dir($file) or POSIX::_exit(1);
        while (defined recv $socket, my $text, 1 << 17, 0) {
            syswrite $fh, "$text\n";
        }
        POSIX::_exit(0);
    }
    push $t->{daemons}->@*, $pid;
    return $pid;
}

sub end_server ($t, $pid) {
    kill 'KILL', $pid;
    waitpid $pid, 0;
    $t->{daemons} = [ grep { $_ != $pid } $t->{daemons}->@* ];
}

# Datagrams: { pri, time, host, app, pid, id, msg }
sub got ($t, $file) {
    return map {
        /\A$HEADER(.*)\z/s ? { pri => $1, time => $2, host => $3, app => $4,
            pid => $5, id => $6, msg => $7 } : { msg => "no RFC 5424: $_" }
    } $t->read($file) =~ /([^\n]*)\n/g;
}

sub msgs ($t, $file) { map { $_->{msg} } got($t, $file) }

sub lines ($t, $re = qr/./) {
    return grep { /$re/ } $t->read('audit.jsonl') =~ /([^\n]+)\n/g;
}

my $RECORD = qr/^\{"v":1,"type":"(?!checkpoint)/;

sub all_there ($t, $name, $file, $re = $RECORD) {
    $t->wait_for("$name: all have arrived", sub {
        my $n = () = $t->read($file) =~ /\n/g;
        $n >= lines($t, $re);
    });
    is_deeply([ sort(msgs($t, $file)) ], [ sort(lines($t, $re)) ],
        "$name: each line once, byte for byte");
}

sub ask_some ($t, $n, $text = 'hello') {
    for (1 .. $n) { ask($t, us => $text)->{status} == 200 or die 'no 200' }
    $_->reset for values $t->{up}->%*;
}

# --- what is no sink ---

my $t = standard(start => 0);
$t->expect_log(qr/\[emerg\]/);
for (
    [ 'records=%%DIR%%/x', qr/"records=" that is no "syslog:…"/ ],
    [ 'records=', qr/"records=" that is no "syslog:…"/ ],
    [ 'records=syslog:tag=x', qr/no syslog server/ ],
    [ 'records=syslog:server=127.0.0.1,facility=x', qr/unknown syslog facility/ ],
    [ 'records=syslog:server=127.0.0.1 records=syslog:server=127.0.0.2',
        qr/"records=" twice/ ],
) {
    my ($what, $re) = @$_;
    my ($status, $out) = $t->check(conf(audit => "%%DIR%%/audit.jsonl $what"));
    isnt($status, 0, "$what: refused");
    like($out, $re, "$what: says why");
}
$t->done;

# --- UDP: records and checkpoints of two workers, through a reload ---

my $s = udp();
my $to = 'syslog:server=127.0.0.1:' . $s->sockport;
$t = standard(start => 0, audit => '%%DIR%%/audit.jsonl key=%%DIR%%/audit.key '
    . "checkpoint=50ms records=$to,facility=local3,tag=guard "
    . "checkpoints=$to,severity=notice");
new_key($t, 'audit.key');
server($t, $s, 'udp');
$t->start($t->{conf});
my %pid = map { $_ => 1 } $t->workers, $t->master;
my $big = join ' ', map { "number $_: @{[ ID ]}" } 1 .. 40;
ask_some($t, 20);
ask_some($t, 3, $big);
$t->reload;
$pid{$_} = 1 for $t->workers;
ask_some($t, 20);
$t->stop;
all_there($t, 'udp', 'udp', qr/./);
my @got = got($t, 'udp');
cmp_ok(scalar(grep { length $_->{msg} > 1600 } @got), '>=', 3,
    'udp: also long ones');
my @records = grep { $_->{msg} =~ $RECORD } @got;
cmp_ok(scalar @records, '>=', 86, 'udp: records');
is(scalar(grep { $_->{pri} != 19 * 8 + 6 || $_->{app} ne 'guard' } @records), 0,
    'udp: records have their facility, severity and tag');
my @checkpoints = grep { $_->{msg} !~ $RECORD } @got;
cmp_ok(scalar @checkpoints, '>', 2, 'udp: checkpoints');
is(scalar(grep { $_->{pri} != 23 * 8 + 5 || $_->{app} ne 'nginx' } @checkpoints),
    0, 'udp: checkpoints have theirs');
my $host = lc hostname() =~ s/\0.*//sr;
is(scalar(grep { $_->{host} ne $host } @got), 0, 'udp: the host\'s name');
is(scalar(grep { !$pid{ $_->{pid} } } @got), 0, 'udp: who sent it');
is(scalar(grep { index($_->{msg},
    qq({"v":1,"type":"$_->{id}","time":"$_->{time}")) != 0 } @got), 0,
    'udp: MSGID and TIMESTAMP are the line\'s');
my %last;
is(scalar(grep {
    my ($w, $n) = $_->{msg} =~ /"writer":"(\w+)","seq":(\d+)/;
    $n != ($last{$w}++ // 0) + 1;
} @records), 0, 'udp: in a writer\'s order');
is(scalar keys %last, 4, 'udp: of four writers');
$t->write('copy.jsonl', join '', map { "$_->{msg}\n" } @got);
my $e = sound($t, 'the copy', 'copy.jsonl');
is($e->{unsigned}, 0, 'the copy is all signed');
$t->done;

# --- only checkpoints ---

$s = udp();
$t = standard(start => 0, audit => '%%DIR%%/audit.jsonl key=%%DIR%%/audit.key '
    . 'checkpoints=syslog:nohostname,server=127.0.0.1:' . $s->sockport);
new_key($t, 'audit.key');
server($t, $s, 'udp');
$t->start($t->{conf});
ask_some($t, 3);
$t->stop;
all_there($t, 'only checkpoints', 'udp', qr/"type":"checkpoint"/);
is_deeply([ map { $_->{host} } got($t, 'udp') ], ['-'], 'nohostname');
$t->done;

# --- a server that is slow, gone, and there again ---

my $UNIX = '%%DIR%%/audit.jsonl records=syslog:server=unix:%%DIR%%/log';
$t = standard(start => 0, audit => $UNIX);
$s = unix($t, 'log');
$t->start($t->{conf});
ask_some($t, 60);
pass('slow: requests go on');
my $pid = server($t, $s, 'got');
all_there($t, 'slow', 'got');

end_server($t, $pid);
close $s;
ask_some($t, 20);
served($t, ask($t, us => 'hello'), 'virginia', 'gone: requests go on');
$t->wait_for('the error log says so', sub {
    $t->read('logs/error.log') =~ /\[error\][^\n]*to syslog server "unix:/ });
$s = unix($t, 'log');
$pid = server($t, $s, 'got');
ask_some($t, 1);
all_there($t, 'gone', 'got');
ask_some($t, 5);
$t->stop;
all_there($t, 'there again', 'got');
my $said = () = $t->read('logs/error.log') =~ /to syslog server/g;
cmp_ok($said, '<=', 2, 'a worker says it once a minute');
$t->done;

# --- a server that was never there: what is lost is counted ---

$t = standard(start => 0, audit => $UNIX, nginx => { workers => 1 });
$t->start($t->{conf});
my $size = sub { -s $t->dir('audit.jsonl') };
ask($t, none => $big) while $size->() < 2_200_000;
is(ask($t, us => 'hello')->{status}, 200, 'never there: requests go on');
$pid = server($t, unix($t, 'log'), 'got');
ask_some($t, 1) until -s $t->dir('got');
$t->wait_for('what waited has arrived', sub {
    ask_some($t, 1);
    my ($line) = (lines($t))[-1];
    index($t->read('got'), $line) >= 0;
});
ask_some($t, 3);
$t->stop;
my @log = lines($t);
my %at = map { $log[$_] => $_ } 0 .. $#log;
my @seq = map { $at{$_} // die 'not of the log' } msgs($t, 'got');
is_deeply(\@seq, [ sort { $a <=> $b } @seq ], 'never there: in order');
is_deeply([ @seq[ 0 .. 99 ] ], [ 0 .. 99 ], 'never there: the first waited');
is($seq[-1], $#log, 'never there: the last is there');
my ($lost) = $t->read('logs/error.log')
    =~ /.*to syslog server [^\n]*failed; (\d+) lines were not sent/s;
is($lost, @log - @seq, 'never there: all others were counted');
cmp_ok($lost, '>', 100, 'never there: and there were some');
$t->done;

# --- lines longer than a datagram, and lines that the disk has not yet ---

my $preload = $ENV{IG_PRELOAD};
$s = udp();
$t = standard(start => 0, nginx => { workers => 1 }, audit =>
    '%%DIR%%/audit.jsonl sync=group records=syslog:server=127.0.0.1:'
    . $s->sockport);
shim($t);
server($t, $s, 'udp');
$t->start($t->{conf});
set_shim($t, mtu => 1400);
ask($t, sa => $big, from('SA')) for 1 .. 3;
ask_some($t, 1);
$t->wait_records(outcome => 4);
my @short = grep { length > 1400 - 100 ? () : $_ } lines($t);
$t->wait_for('the short ones', sub { msgs($t, 'udp') >= @short });
is_deeply([ msgs($t, 'udp') ], \@short, 'long: the others arrive');
like($t->read('logs/error.log'),
    qr/\[error\][^\n]*to syslog server "127[^\n]*too long/i,
    'long: the error log says so');
set_shim($t, mtu => 0);

set_shim($t, sync => 'wait');
my $syncs = get_shim($t, 'syncs');
my $c = $t->connect;
$t->send($c, $t->request('POST', '/v1/chat/completions', chat('hello'),
    'Authorization: Bearer tok-us'));
$t->wait_for('it is with the disk', sub { get_shim($t, 'syncs') > $syncs });
is_deeply([ msgs($t, 'udp') ], \@short, 'not on the disk: not sent');
set_shim($t, sync => 'work');
is($t->response($c)->{status}, 200, 'on the disk');
$t->stop;
$t->wait_for('it is sent', sub { msgs($t, 'udp') == @short + 2 });
like($t->read('logs/error.log'), qr/failed; 3 lines were not sent so far, 3 of/,
    'long: the end says how many');
$t->done;
$ENV{IG_PRELOAD} = $preload;

# --- what the file does not take is not sent ---

$s = udp();
$t = standard(start => 0, audit => '%%DIR%%/audit.jsonl '
    . 'records=syslog:server=127.0.0.1:' . $s->sockport);
$t->{torn} = 1;
server($t, $s, 'udp');
$t->start($t->{conf});
ask_some($t, 2);
$t->wait_records(outcome => 2);
all_there($t, 'before', 'udp');
my $n = () = msgs($t, 'udp');
for my $w ($t->workers) {
    $t->run('prlimit', "--pid=$w", '--fsize=' . (100 + $size->())
        . ':unlimited');
}
refused($t, ask($t, us => 'hello'), 503, 'not_recorded', 'full');
is(scalar(() = msgs($t, 'udp')), $n, 'full: nothing is sent');
$t->run('prlimit', "--pid=$_", '--fsize=unlimited:unlimited') for $t->workers;
$t->wait_for('served again', sub { ask($t, us => 'hello')->{status} == 200 });
$_->reset for values $t->{up}->%*;
$t->stop;
all_there($t, 'room again', 'udp', qr/$RECORD.*\}$/);
$t->done;
done_testing;
