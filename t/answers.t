# What an endpoint answers passes the guard as it is: statuses, compressed,
# empty, large and slow to take, cut short; and each has its outcome.
# Control: the plain answer.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

require IO::Compress::Gzip;
my $big = 'x' x 3_000_000;
my $t = standard(location => 'limit_rate 20m;', handler => sub ($r, $c) {
    my ($what) = $r->{body} =~ /do-(\w+)/;
    $what //= '';
    my $json = 'Content-Type: application/json';
    if ($what eq 'gzip') {
        my $in = '{"zipped":true}';
        IO::Compress::Gzip::gzip(\$in => \my $z);
        return $c->respond(200, [ $json, 'Content-Encoding: gzip' ], $z);
    }
    return $c->write("HTTP/1.1 204 No Content\r\n\r\n") if $what eq 'empty';
    return $c->respond(200, [ $json ], qq({"x":"$big"})) if $what eq 'large';
    return $c->respond(418, [ $json, 'X-Own: 1' ], '{"own":1}') if $what eq 'teapot';
    return $c->respond(500, [ 'Content-Type: text/html' ], '<b>own</b>')
        if $what eq 'fail';
    if ($what eq 'cut') {
        $c->write("HTTP/1.1 200 OK\r\n$json\r\nContent-Length: 100\r\n\r\n{\"a\":");
        return $c->close;
    }
    if ($what eq 'close') {
        $c->write("HTTP/1.1 200 OK\r\n$json\r\nConnection: close\r\n\r\n{\"a\":1}");
        return $c->close;
    }
    return $c->close if $what eq 'nothing';
    IG::Upstream::answer($r, $c);
});

served($t, ask($t, us => 'plain'), 'virginia', 'plain');
my $r = ask($t, us => 'do-gzip');
is($r->{headers}{'content-encoding'}, 'gzip', 'compressed: still is');
is(ask($t, us => 'do-empty')->{status}, 204, 'empty: 204');
$r = ask($t, us => 'do-large');
is(length $r->{body}, length($big) + 8, 'large: whole');
$r = ask($t, us => 'do-teapot');
is($r->{status}, 418, "its status");
is($r->{body}, '{"own":1}', "its body");
is($r->{headers}{'x-own'}, 1, "its header");
$r = ask($t, us => 'do-fail');
is($r->{status}, 500, 'its 500');
is($r->{body}, '<b>own</b>', 'its own page is not ours to change');
is(ask($t, us => 'do-cut')->{complete}, 0, 'cut short: the client can tell');
is(ask($t, us => 'do-close')->{body}, '{"a":1}', 'until the end of the connection');
$r = ask($t, us => 'do-nothing');
like($r->{status}, qr/^50[23]$/, 'no answer at all');
ok(ref $t->json($r)->{error}, 'no answer at all: in the dialect');

my @o = $t->wait_records(outcome => 9);
is_deeply([ map { $_->{status} } @o[0 .. 5] ], [ 200, 200, 204, 200, 418, 500 ],
    'outcomes: statuses');
cmp_ok($o[3]{received}, '>', 3_000_000, 'outcome: bytes of the large one');

$t->done;
done_testing;
