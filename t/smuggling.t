# No two readings of one request: lengths that contradict, folded headers, other
# spellings of chunked and doubled heads never bring a second request or an
# uninspected byte to an endpoint.  Control: the plain request.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $t = standard();
my $json = JSON::PP->new->utf8->canonical;
my $body = $json->encode(chat('hello'));
my $evil = "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n"
    . 'Content-Length: ' . length($json->encode(chat(ID))) . "\r\n"
    . "Authorization: Bearer tok-us\r\nContent-Type: application/json\r\n"
    . "X-Evil: 1\r\n\r\n" . $json->encode(chat(ID));

sub head (@h) {
    return join("\r\n", 'POST /v1/chat/completions HTTP/1.1', 'Host: a',
        'Authorization: Bearer tok-us', 'Content-Type: application/json',
        'Connection: close', @h) . "\r\n\r\n";
}
my $len = length $body;
my $hex = sprintf '%x', $len;

served($t, $t->http(head("Content-Length: $len") . $body), 'virginia', 'plain');

my %try = (
    'both lengths' => head("Content-Length: $len", 'Transfer-Encoding: chunked')
        . "0\r\n\r\n$evil",
    'two lengths' => head("Content-Length: $len", 'Content-Length: 0') . $body,
    'chunked twice' => head('Transfer-Encoding: chunked, chunked')
        . "$hex\r\n$body\r\n0\r\n\r\n",
    'an unknown coding' => head('Transfer-Encoding: xchunked') . $body,
    'identity and chunked' => head('Transfer-Encoding: identity',
        'Transfer-Encoding: chunked') . "$hex\r\n$body\r\n0\r\n\r\n",
    'a negative length' => head('Content-Length: -1') . $body,
    'a length with a sign' => head("Content-Length: +$len") . $body,
    'a space before the colon' => head("Content-Length : $len") . $body,
    'a chunk too long' => head('Transfer-Encoding: chunked')
        . "ffffffffffffffff1\r\n$body\r\n0\r\n\r\n",
    'a chunk size that is none' => head('Transfer-Encoding: chunked')
        . "0x$hex\r\n$body\r\n0\r\n\r\n",
);
for my $name (sort keys %try) {
    my $r = $t->http($try{$name});
    like($r->{status}, qr/^(?:400|411|413|501)$/, "$name: refused");
    got_nothing($t, $name);
    $_->reset for values $t->{up}->%*;
}

# bytes beyond the length are the next request, decided on its own
my $s = $t->connect;
$t->send($s, (head("Content-Length: $len") =~ s/Connection: close\r\n//r) . $body . $evil);
my $buf = '';
is($t->response($s, buf => \$buf)->{headers}{'x-served-by'}, 'virginia', 'the first');
is($t->response($s, buf => \$buf)->{headers}{'x-served-by'}, 'riyadh', 'the second');
my @v = $t->up('virginia')->requests;
is(scalar @v, 1, 'one request to Virginia');
is($v[0]{body}, $body, 'and only its body');
unlike($v[0]{raw}, qr/X-Evil/, 'nothing of the next');
$_->reset for values $t->{up}->%*;

# what goes on says its length once, and nothing of the hop
my $r = $t->http(head('Transfer-Encoding: chunked', 'TE: trailers', 'X-A: 1')
    . "$hex;x=y\r\n$body\r\n0\r\n\r\n");
my $got = $t->up('virginia')->last_request;
is_deeply([ map { $got->{headers}{$_} // [] } qw(content-length transfer-encoding) ],
    [ [ $len ], [] ], 'a chunked body goes on with its length');
served($t, $r, 'virginia', 'chunked with an extension');

$t->done;
done_testing;
