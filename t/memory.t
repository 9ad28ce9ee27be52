# What one request takes of a worker's memory: at most three times its decoded
# body and 64 KB, for text, for many small values, for escapes and other
# scripts, compressed, chunked or in a file.
#
# Measured as the growth of the worker's peak resident memory (VmHWM, reset by
# clear_refs) over its resident memory before the request, less the pages of code
# and libraries that came in meanwhile (RssFile), in a worker that has served
# small requests before; so allocator, NGINX's buffers and the guard's
# arena all count.  The arena that a worker keeps for the next request counts
# once, in the first request of a size.  Control: bodies that are held at the
# endpoint are seen in the measure.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use IO::Compress::Gzip qw(gzip);
use JSON::PP ();
use Test::More;

sub status ($pid, $key) {
    open my $fh, '<', "/proc/$pid/status" or die "status: $!";
    my ($kb) = join('', <$fh>) =~ /^$key:\s+(\d+) kB/m or die $key;
    return $kb * 1024;
}

my $json = JSON::PP->new->utf8->canonical;
sub text ($n) { $json->encode(chat(substr join(' ', map { "word $_" } 1 .. $n / 6), 0, $n)) }
sub with ($more) { '{"model":"m","messages":[{"role":"user","content":"x"}],"x":' . $more . '}' }

my %body = (
    'text, 4 KB' => text(4_000),
    'text, 256 KB' => text(256_000),
    'text, 4 MB' => text(4_000_000),
    'numbers' => with('[' . join(',', (1234) x 400_000) . ']'),
    'small strings' => with('[' . join(',', ('"abcd"') x 300_000) . ']'),
    'empty strings' => with('[' . join(',', ('""') x 600_000) . ']'),
    'objects' => with('[' . join(',', ('{"k":1}') x 250_000) . ']'),
    'keys' => with('{' . join(',', map { qq("k$_":1) } 1 .. 150_000) . '}'),
    'escapes' => $json->encode(chat("a\n\"b\"\\" x 300_000)),
    'escaped digits' => with('"' . '\u0031' x 300_000 . '"'),
    'Arabic' => $json->encode(chat("\x{0645}\x{0631} " x 400_000)),
    'full-width' => $json->encode(chat("\x{ff11}\x{ff12}" x 300_000)),
    'zero-width' => $json->encode(chat("1\x{200b}" x 400_000)),
    'JSON in a string' => $json->encode(chat($json->encode([ map { "v$_" } 1 .. 150_000 ]))),
    'findings' => $json->encode(chat("${\ID} " x 4000)),
    'near findings' => $json->encode(chat('2000000007 ' x 200_000)),
);

my $t = standard(nginx => { workers => 1 },
    server => 'client_max_body_size 16m; client_body_buffer_size 16k;');
my ($worker) = $t->workers;

for my $name (sort keys %body) {
    my $b = $body{$name};
    gzip(\$b => \my $z);
    my @way = ([ 'plain', $b ]);
    push @way, [ 'gzip', $z, 'Content-Encoding: gzip' ]
        if length $b < 60 * length $z;
    for (@way) {
        my ($way, $bytes, @h) = @$_;
        $t->reload;                    # a worker that has not grown yet
        ($worker) = $t->workers;
        ask($t, us => "warm $_") for 1 .. 3;
        my %before = map { $_ => status($worker, $_) } qw(VmRSS RssFile);
        open my $fh, '>', "/proc/$worker/clear_refs" or die "clear_refs: $!";
        print $fh 5;
        close $fh;
        my $r = ask_bytes($bytes, @h);
        my $grown = status($worker, 'VmHWM') - $before{VmRSS}
            - (status($worker, 'RssFile') - $before{RssFile});
        like($r->{status}, qr/^(?:200|413)$/, "$name, $way: answered");
        my $bound = 3 * length($b) + 65536;
        cmp_ok($grown, '<=', $bound, sprintf '%s, %s: %d KB for %d KB', $name,
            $way, $grown / 1024, length($b) / 1024);
        $_->reset for values $t->{up}->%*;
    }
}

sub ask_bytes ($bytes, @h) {
    return $t->http($t->request('POST', '/v1/chat/completions', $bytes,
        'Authorization: Bearer tok-us', @h));
}

# many at once, all held at the endpoint: what stays for a request in flight
$t->done;
my $go;
$t = standard(nginx => { workers => 1 }, server =>
    'client_max_body_size 16m; client_body_buffer_size 2m;',
    handler => sub ($r, $c) {
        $c->wait_file($go, 30) if $r->{body} =~ /"held"/;
        IG::Upstream::answer($r, $c);
    });
$go = $t->dir('go');
$t->{up}{virginia}->stop;
$t->{up}{virginia} = IG::Upstream->new(name => 'virginia', port =>
    $t->port('virginia'), dir => $t->dir('upstream-v2'), handler => sub ($r, $c) {
        $c->wait_file($go, 30) if $r->{body} =~ /"held"/;
        IG::Upstream::answer($r, $c);
    });
($worker) = $t->workers;
my $b = $json->encode({ chat(join ' ', map { "word $_" } 1 .. 100_000)->%*,
    user => 'held' });
ask($t, us => substr $b, 10, 800_000);
my $before = status($worker, 'VmRSS');
my @s = map {
    my $s = $t->connect;
    $t->send($s, $t->request('POST', '/v1/chat/completions', $b,
        'Authorization: Bearer tok-us'));
    $s;
} 1 .. 20;
$t->wait_for('all at the endpoint', sub { $t->up('virginia')->requests >= 21 });
my $grown = status($worker, 'VmRSS') - $before;
cmp_ok($grown, '<=', 20 * (3 * length($b) + 65536),
    sprintf '20 held: %d KB for 20 times %d KB', $grown / 1024,
    length($b) / 1024);
cmp_ok($grown, '>=', 10 * length $b, 'the control: they are in memory');
open my $fh, '>', $go or die;
close $fh;
is($t->response($_)->{status}, 200, 'held: answered') for @s;
$t->done;
done_testing;
