# The real client libraries through the module: every call they make works, each
# refusal raises the library's own exception class, and what a retry cannot
# change is sent once.  Control: what a retry may change is sent again.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Npm;
use IG::Standard;
use Test::More;

my $sdk = "$FindBin::Bin/sdk";
IG::Npm::install($sdk);

my $t = standard(start => 0, server => 'client_max_body_size 1m;');
for my $up ([ riyadh => 'Riyadh' ], [ virginia => 'Virginia' ],
    [ frankfurt => '' ])
{
    my ($name, $city) = @$up;
    $t->up($name)->stop;
    $t->daemon($name, {}, 'node', "$IG::Nginx::ROOT/examples/demo/server.mjs",
        '--port', $t->port($name), '--name', $name, '--city', $city,
        '--log', $t->dir("logs/$name.jsonl")) if $city;
}
$t->wait_for("the servers", sub {
    $t->read('logs/riyadh.out') =~ /ready/
        && $t->read('logs/virginia.out') =~ /ready/ });
$t->start($t->{conf});

my %asked;
for my $client (qw(openai anthropic)) {
    my $before = $t->records('decision') // 0;
    local $ENV{IG_BASE} = 'http://127.0.0.1:' . $t->port('http');
    my ($status, $out) = $t->run('node', "$sdk/$client.mjs");
    is($status, 0, "$client.mjs ran") or diag $out;
    my $n = 0;
    for (split /\n/, $out) {
        if (/^ok (.*)/) { $n++; pass($1) }
        elsif (/^not ok (.*)/) { $n++; fail($1) }
        else { diag $_ }
    }
    cmp_ok($n, '>=', 15, "$client: all ran");
}

# once for what cannot change; more than once for what may
my %times;
for ($t->records('decision')) {
    $times{ $_->{reason} // 'passed' }++;
}
my %want = (unknown_tenant => 2, unknown_operation => 2, missing_field => 2,
    no_permitted_destination => 2, blocked_by_rule => 4);
is($times{$_} // 0, $want{$_}, "$_: sent once each") for sort keys %want;
# (NGINX itself refuses this one, before a decision)
is(scalar(grep { $_->{status} == 413 } $t->records('undecided')), 2,
    'body_too_large: sent once each');
my @down = grep { ($_->{reason} // '') eq 'endpoints_down'
    || $_->{status} == 503 } $t->records('outcome');
cmp_ok(scalar @down, '>', 2, 'endpoints_down: tried again');

my @lines = map { split /\n/, $t->read("logs/$_.jsonl") } qw(riyadh virginia);
cmp_ok(scalar @lines, '>', 10, 'the servers were asked');
is(scalar(grep { /tok-/ } @lines), 0, "no tenant's key reached them");
no_leak($t, ID, SECRET, 'tok-us');
$t->done;
done_testing;
