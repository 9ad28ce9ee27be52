# gzip and deflate bodies are decoded, inspected and go on decoded, without
# Content-Encoding; bombs, broken streams, other codings and chains of them are
# refused.  Control: the same bodies without the data pass.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Compress::Zlib ();
use IG::Standard;
use IO::Compress::Deflate qw(deflate);
use IO::Compress::Gzip qw(gzip);
use IO::Compress::RawDeflate qw(rawdeflate);
use JSON::PP ();
use Test::More;

my $t = standard(server => 'client_max_body_size 8m;');
my $json = JSON::PP->new->utf8->canonical;

sub code ($how, $in) {
    my $out;
    my $ok = $how eq 'gzip' ? gzip(\$in => \$out)
        : $how eq 'deflate' ? deflate(\$in => \$out)
        : rawdeflate(\$in => \$out);
    $ok or die;
    return $out;
}

sub coded ($encoding, $body) {
    return ask_raw($body, "Content-Encoding: $encoding");
}

sub ask_raw ($body, @headers) {
    return $t->http($t->request('POST', '/v1/chat/completions', $body,
        'Authorization: Bearer tok-us', @headers));
}

my $clean = $json->encode(chat('hello'));
my $hit   = $json->encode(chat('number ' . ID));
my $large = $json->encode(chat(join ' ', map { "word$_" } 1 .. 60_000));

for ([ gzip => 'gzip' ], [ gzip => 'x-gzip' ], [ gzip => 'GZIP' ],
    [ deflate => 'deflate' ], [ raw => 'deflate' ])
{
    my ($how, $name) = @$_;
    my $r   = coded($name, code($how, $clean));
    my $got = $t->up('virginia')->last_request;
    is($got->{body}, $clean, "$how as $name: decoded goes on");
    is($got->{headers}{'content-encoding'}, undef,
        "$how as $name: no Content-Encoding goes on");
    is($got->{headers}{'content-length'}[0], length $clean,
        "$how as $name: the new length");
    served($t, $r, 'virginia', "$how as $name");
    served($t, coded($name, code($how, $hit)), 'riyadh',
        "$how as $name with SA data");
    $r = coded($name, code($how, $large));
    is($t->up('virginia')->last_request->{body}, $large,
        "$how as $name: a large body arrives whole");
    served($t, $r, 'virginia', "$how as $name, large");
}

served($t, coded('identity', $clean), 'virginia', 'identity');
served($t, coded('identity', $hit), 'riyadh', 'identity with SA data');

# chunked and compressed
my $z = code(gzip => $hit);
served($t, $t->http($t->request('POST', '/v1/chat/completions', '',
    'Authorization: Bearer tok-us', 'Content-Encoding: gzip',
    'Transfer-Encoding: chunked')
    . sprintf("%x\r\n%s\r\n0\r\n\r\n", length $z, $z)), 'riyadh',
    'gzip, chunked');

# what cannot be decoded, or not within limits
my $gz = code(gzip => $clean);
# (the size at its end, read first, may already be too large)
sub broken ($r, $name) {
    like($r->{status}, qr/^(?:400|413)$/, "$name: refused");
    like($t->json($r)->{error}{code}, qr/^(?:invalid_encoding|decoded_too_large)$/,
        "$name: why");
    got_nothing($t, $name);
    $_->reset for values $t->{up}->%*;
}
broken(coded(gzip => $clean), 'not gzip');
broken(coded(gzip => substr $gz, 0, -9), 'gzip cut short');
broken(coded(gzip => $gz . 'tail'), 'bytes after gzip');
for my $at (0, 2, 12, -7, -4) {
    my $bad = $gz;
    substr($bad, $at, 1) ^.= "\x55";
    broken(coded(gzip => $bad), "byte $at of gzip changed");
}

# RFC 1952, 2.3.1: a checksum, then the size.  A size within the limits is not
# believed either: what is inflated must have it.
my ($crc, $size) = unpack 'VV', substr $gz, -8;
is($crc, Compress::Zlib::crc32($clean), 'the checksum is where it should be');
is($size, length $clean, 'and the size');
for my $bad (map({ [ $crc ^ 1 << $_, $size ] } 0, 7, 8, 31),
    [ 0, $size ], [ Compress::Zlib::crc32($hit), $size ],
    map { [ $crc, $_ ] } 0, 1, $size - 9, $size - 1, $size + 1, $size + 4096)
{
    refused($t, coded(gzip => substr($gz, 0, -8) . pack 'VV', @$bad), 400,
        'invalid_encoding', sprintf 'CRC %08x, size %d', @$bad);
}
refused($t, coded(gzip => substr($gz, 0, -4) . pack 'V', 1 << 31), 413,
    'decoded_too_large', 'a size that nobody may have');
served($t, coded(gzip => substr($gz, 0, -8) . pack 'VV', $crc, $size),
    'virginia', 'both right again');
broken(coded(gzip => $gz . code(gzip => $hit)), 'a second member');
broken(coded(gzip => code(gzip => substr $clean, 0, 20)
    . code(gzip => substr $clean, 20)), 'a document in two members');
refused($t, coded(deflate => substr code(deflate => $clean), 0, -5), 400,
    'invalid_encoding', 'deflate cut short');
refused($t, coded(gzip => code(gzip => '[' . ' ' x 70_000_000 . ']')), 413,
    'decoded_too_large', 'a bomb');
refused($t, coded(deflate => code(deflate => '"' . 'a' x 30_000_000 . '"')),
    413, 'decoded_too_large', 'a bomb by ratio');
refused($t, coded($_ => $clean), 415, 'unsupported_encoding', $_)
    for 'br', 'zstd', 'compress', 'gzip, gzip', 'gzip, identity', 'x';
refused($t, ask_raw($gz, 'Content-Encoding: gzip', 'Content-Encoding: br'),
    415, 'unsupported_encoding', 'two headers');

no_leak($t, ID);
$t->done;
done_testing;
