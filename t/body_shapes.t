# However a body arrives (in memory, spilled to a file, chunked, byte by byte,
# after 100-continue, pipelined, kept in a file only) the same text is found in
# it and the same bytes go on.  Control: each shape without the data passes
# and arrives byte for byte.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::SHA qw(sha256_hex);
use IG::Standard;
use JSON::PP ();
use Test::More;

my $t = standard(
    server => 'client_max_body_size 4m; client_body_buffer_size 8k;',
    location => '',
    http => <<'END',
server {
    listen %%PORT:file%%;
    client_body_in_file_only clean;
    client_max_body_size 4m;
    location / {
        inference_guard on;
        proxy_request_buffering off;
        proxy_set_header Host $inference_guard_host;
        proxy_pass $inference_guard_scheme://$inference_guard_upstream;
    }
}
END
);

my $json = JSON::PP->new->utf8->canonical;
my $pad  = 'lorem ipsum ' x 30_000;                      # 360 KB: a file
my %text = (plain => [ 'hello', 'hello ' . ID ],
    large => [ $pad, $pad . ID . ' ' . $pad ]);

sub wire ($body, @headers) {
    return $t->request('POST', '/v1/chat/completions', $body,
        'Authorization: Bearer tok-us', @headers);
}

sub chunked ($body, $size) {
    my $out = '';
    while (length $body) {
        my $piece = substr $body, 0, $size, '';
        $out .= sprintf "%x\r\n%s\r\n", length $piece, $piece;
    }
    return $out . "0\r\n\r\n";
}

my %shape = (
    'in one write' => sub ($b) { $t->http(wire($b)) },
    'head and body apart' => sub ($b) {
        my ($head, $rest) = split /(?<=\r\n\r\n)/, wire($b), 2;
        $t->http([ $head, $rest ]);
    },
    'in fragments' => sub ($b) {
        my $w = wire($b);
        my $n = length $w > 10_000 ? 40_000 : 40;
        $t->http([ unpack "(a$n)*", $w ]);
    },
    'chunked' => sub ($b) {
        my ($head) = wire('', 'Transfer-Encoding: chunked');
        $t->http($head . chunked($b, 1000));
    },
    'chunked in fragments' => sub ($b) {
        my ($head) = wire('', 'Transfer-Encoding: chunked');
        my $w = $head . chunked($b, length $b > 10_000 ? 30_000 : 7);
        my $n = length $w > 10_000 ? 50_001 : 23;
        $t->http([ unpack "(a$n)*", $w ]);
    },
    'after 100-continue' => sub ($b) {
        my $s = $t->connect;
        my ($head, $rest) = split /(?<=\r\n\r\n)/,
            wire($b, 'Expect: 100-continue'), 2;
        $t->send($s, $head);
        my $buf = '';
        $t->wait_for('100 Continue', sub {
            sysread $s, $buf, 4096, length $buf;
            $buf =~ /^HTTP\/1.1 100/;
        });
        $t->send($s, $rest);
        return $t->response($s, buf => \$buf);
    },
    'file only, unbuffered' => sub ($b) { $t->http(wire($b), port => 'file') },
);

for my $size (sort keys %text) {
    my ($clean, $hit) = map { $json->encode(chat($_)) } $text{$size}->@*;
    for my $name (sort keys %shape) {
        my $r = $shape{$name}->($clean);
        my $got = $t->up('virginia')->last_request;
        is(sha256_hex($got->{body} // ''), sha256_hex($clean),
            "$size, $name: byte for byte");
        is($got->{headers}{'content-length'}[0], length $clean,
            "$size, $name: its length");
        served($t, $r, 'virginia', "$size, $name, clean");
        served($t, $shape{$name}->($hit), 'riyadh', "$size, $name, SA data");
    }
}

# two requests in one write: each is decided on its own
my $two = wire($json->encode(chat(ID)), 'Connection: keep-alive')
    . wire($json->encode(chat('hello')));
my $s = $t->connect;
$t->send($s, $two);
my $buf = '';
is($t->response($s, buf => \$buf)->{headers}{'x-served-by'}, 'riyadh',
    'pipelined: the first');
is($t->response($s, buf => \$buf)->{headers}{'x-served-by'}, 'virginia',
    'pipelined: the second');
is(scalar($t->up('virginia')->requests), 1, 'pipelined: one each');
unlike($t->up('virginia')->last_request->{body}, qr/${\ID}/,
    'pipelined: the right one');
$_->reset for values $t->{up}->%*;

# a refusal in the middle of a pipeline does not end it
$two = wire($json->encode(chat(SECRET)), 'Connection: keep-alive')
    . wire($json->encode(chat('hello')));
$s = $t->connect;
$t->send($s, $two);
$buf = '';
is($t->response($s, buf => \$buf)->{status}, 403, 'pipelined: refused');
is($t->response($s, buf => \$buf)->{status}, 200, 'pipelined: and served');
$_->reset for values $t->{up}->%*;

# both ways of saying the length: NGINX ends it, nobody gets it
my $r = $t->http(wire('', 'Transfer-Encoding: chunked', 'Content-Length: 4')
    . chunked($json->encode(chat('hello')), 9));
refused($t, $r, 400, undef, 'Content-Length and Transfer-Encoding');

# larger than the server allows
my $big = $json->encode(chat('x' x 5_000_000));
refused($t, $t->http(wire($big)), 413, 'body_too_large',
    'beyond client_max_body_size');
refused($t, $t->http(wire('', 'Transfer-Encoding: chunked')
    . chunked($big, 100_000)), 413, 'body_too_large',
    'beyond it, chunked');

no_leak($t, ID, SECRET);
$t->done;
done_testing;
