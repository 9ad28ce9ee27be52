# HTTP/1.0 clients and HEAD are decided like any other.
# Control: a POST of HTTP/1.1.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $t = standard();

sub http10 ($text) {
    my $w = $t->request('POST', '/v1/chat/completions', chat($text),
        'Authorization: Bearer tok-us');
    $w =~ s{HTTP/1\.1}{HTTP/1.0};
    return $t->http($w);
}
served($t, ask($t, us => 'hello'), 'virginia', 'the control');
served($t, http10('hello'), 'virginia', 'HTTP/1.0');
served($t, http10(ID), 'riyadh', 'HTTP/1.0, SA data');
refused($t, http10(SECRET), 403, 'blocked_by_rule', 'HTTP/1.0, a secret');

my $s = $t->connect;
$t->send($s, $t->request('HEAD', '/v1/models', undef,
    'Authorization: Bearer tok-us'));
my $r = $t->response($s, head => 1);
ok($r->{status} == 200 || $r->{status} == 405, 'HEAD is decided');
my @seen = map { $_->requests } values $t->{up}->%*;
is_deeply([ grep { $_->{method} ne 'HEAD' && $_->{method} ne 'GET' } @seen ],
    [], 'HEAD stays a read');
$_->reset for values $t->{up}->%*;

$s = $t->connect;
$t->send($s, $t->request('HEAD', '/v1/models', undef, from('none'),
    'Authorization: Bearer tok-us'));
$r = $t->response($s, head => 1);
cmp_ok($r->{status}, '>=', 400, 'HEAD from nowhere: refused');
my $rest = '';
1 while sysread $s, $rest, 100, length $rest;
is($rest, '', 'HEAD: no body');
got_nothing($t, 'HEAD from nowhere');

$t->done;
done_testing;
