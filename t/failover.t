# proxy_next_upstream and backup servers stay inside an endpoint: a peer whose
# address is outside the declared ranges is never connected to.
# Control: a second peer inside the ranges takes over.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $dead = 'server 127.0.0.1:%%PORT:nobody%%;';
my $fail = sub ($r, $c) { $c->json(500, { error => 'x' }) };

# a second peer within the declared addresses
my $t = standard(upstreams => { virginia =>
    "$dead server 127.0.0.1:%%PORT:virginia%%;" },
    location => 'proxy_next_upstream error timeout http_500;');
served($t, ask($t, us => 'hello'), 'virginia', 'the next peer') for 1 .. 3;
$t->done;

for my $case ([ 'a second server', '' ], [ 'a backup', 'backup' ]) {
    my ($name, $kind) = @$case;
    for my $first ([ 'dead', $dead ],
        [ 'failing', 'server 127.0.0.1:%%PORT:failing%%;' ])
    {
        my $t = standard(start => 0,
            upstreams => { virginia =>
                "$first->[1] server 127.0.0.2:%%PORT:outside%% $kind;" },
            location => 'proxy_next_upstream error timeout http_500 '
                . 'non_idempotent; proxy_next_upstream_tries 5;');
        $t->upstream('failing', $fail);
        $t->upstream('outside', undef, address => '127.0.0.2');
        $t->start($t->{conf});
        my @r = map { ask($t, us => 'hello') } 1 .. 3;
        is_deeply([ grep { !/^(?:451|50[0234])$/ } map { $_->{status} } @r ], [],
            "$name after a $first->[0] one: no answer of it");
        is($t->up('outside')->connections, 0,
            "$name after a $first->[0] one: not even a connection");
        is_deeply([ grep { $t->json($_)->{error}{code} eq '' } @r ], [],
            "$name after a $first->[0] one: in the dialect's format");
        $t->done;
    }
}

# the only peer is outside
$t = standard(start => 0, upstreams => { virginia =>
    'server 127.0.0.2:%%PORT:outside%%;' });
$t->upstream('outside', undef, address => '127.0.0.2');
$t->start($t->{conf});
my $r = ask($t, us => 'hello');
like($r->{status}, qr/^(?:451|503)$/, 'the only peer is outside');
is($t->up('outside')->connections, 0, 'the only peer is outside: nothing');
got_nothing($t, 'the only peer is outside');
my ($o) = $t->wait_records(outcome => 1);
is($o->{upstream_status} // 0, 0, 'its outcome says that nothing answered');
$t->done;

# balancers of NGINX do not undo the check
for my $lb ('least_conn;', 'ip_hash;', 'hash $request_id;', 'random;',
    'keepalive 4;', 'least_conn; keepalive 4;', 'zone z 64k; random two;')
{
    my ($before, $after) = $lb =~ /^keepalive/ ? ('', $lb)
        : $lb =~ /^(.*)(keepalive.*)$/ ? ($1, $2) : ($lb, '');
    my $t = standard(start => 0, upstreams => { virginia =>
        "$before server 127.0.0.2:%%PORT:outside%%; $after" });
    $t->upstream('outside', undef, address => '127.0.0.2');
    $t->start($t->{conf});
    my $r = ask($t, us => 'hello');
    like($r->{status}, qr/^(?:451|503)$/, "$lb refused");
    is($t->up('outside')->connections, 0, "$lb nothing");
    served($t, ask($t, sa => 'hello', from 'SA'), 'riyadh', "$lb control");
    $t->done;
}

$t = standard();
served($t, ask($t, us => 'hello'), 'virginia', 'the control');

$t->done;
done_testing;
