# Keepalive on both sides: decisions of one connection do not touch one another,
# and a pooled connection of one endpoint never carries another's request.
# Control: connections are in fact reused.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $t = standard(nginx => { workers => 1 }, upstreams => { map {
    $_ => "server 127.0.0.1:%%PORT:$_%%; keepalive 4;" }
    qw(riyadh frankfurt virginia) });

my $s = $t->connect;
my $buf = '';
my @want;
for my $i (1 .. 20) {
    my $sa = $i % 3 == 0;
    my $no = $i % 5 == 0;
    $t->send($s, $t->request('POST', '/v1/chat/completions',
        chat("n$i " . ($no ? SECRET : $sa ? ID : 'x')), 'Connection: keep-alive',
        'Authorization: Bearer tok-us'));
    my $r = $t->response($s, buf => \$buf);
    is($no ? $r->{status} : $r->{headers}{'x-served-by'},
        $no ? 403 : $sa ? 'riyadh' : 'virginia', "request $i");
}
is($t->up('riyadh')->connections, 1, 'one connection to Riyadh');
is($t->up('virginia')->connections, 1, 'one connection to Virginia');
is_deeply([ grep { $_->{body} =~ /${\ID}/ } $t->up('virginia')->requests ], [],
    'no SA data in it');
is($t->up('frankfurt')->bytes, 0, 'nothing to Frankfurt');

$t->done;
done_testing;
