# The real client libraries within limits: RateLimitError for a rate, after the
# library's own retries, which wait as Retry-After says; for a spent budget sent
# once.  Streams show their usage to who asked for it.
# Control: a tenant without limits reads the stream as the endpoint sends it.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Npm;
use IG::Standard;
use Test::More;
use Time::Local qw(timegm);

my $sdk = "$FindBin::Bin/sdk";
IG::Npm::install($sdk);

# a tenant for each client and plan, so that none spends another's
my %plan = (
    rate    => '{of: requests, per: minute, max: 30, burst: 1}',
    hour    => '{of: requests, per: hour, max: 1}',
    budget  => '{of: requests, per: day, max: 1}',
    counted => '{of: tokens, per: day, max: 1000000}',
);
my $tenants = "version: 1\nplans:\n"
    . join('', map { "  $_: {limits: [$plan{$_}]}\n" } sort keys %plan)
    . "tenants:\n";
for my $client (qw(o a)) {
    $tenants .= sprintf "  %s-%s: {home: US, keys: [\"%s\"]%s}\n", $client, $_,
        IG::Standard::key("tok-$client-$_"), $plan{$_} ? ", plan: $_" : ''
        for sort(keys %plan), 'free';
}

my $t = standard(start => 0, rules => { 'tenants.yaml' => $tenants },
    http => 'inference_guard_zone guard:2m;',
    server => 'location = /status { inference_guard_status; }');
$_->stop for values $t->{up}->%*;
$t->daemon('virginia', {}, 'node', "$IG::Nginx::ROOT/examples/demo/server.mjs",
    '--port', $t->port('virginia'), '--name', 'virginia', '--city', 'Virginia',
    '--log', $t->dir('logs/virginia.jsonl'));
$t->wait_for('the server', sub { $t->read('logs/virginia.out') =~ /ready/ });
$t->start($t->{conf});

for my $client (qw(openai anthropic)) {
    local $ENV{IG_BASE} = 'http://127.0.0.1:' . $t->port('http');
    local $ENV{IG_DIRECT} = 'http://127.0.0.1:' . $t->port('virginia');
    my ($status, $out) = $t->run('node', "$sdk/limits_$client.mjs");
    is($status, 0, "limits_$client.mjs ran") or diag $out;
    my $n = 0;
    for (split /\n/, $out) {
        if (/^ok (.*)/) { $n++; pass($1) }
        elsif (/^not ok (.*)/) { $n++; fail($1) }
        else { diag $_ }
    }
    cmp_ok($n, '>=', 7, "$client: all ran");
}

sub ms ($r) {
    my ($y, $mo, $d, $h, $m, $s, $ms) = $r->{time}
        =~ /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)\.(\d+)Z$/ or die $r->{time};
    return timegm($s, $m, $h, $d, $mo - 1, $y) * 1000 + $ms;
}

my %of;
push $of{ $_->{tenant} }->@*, $_ for $t->records('decision');
for my $client (qw(o a)) {
    my @rate = map { $_->{reason} // 'passed' } $of{"$client-rate"}->@*;
    is("@rate", 'passed rate_limited passed', "$client: a rate: sent again");
    # a library's own first wait is half a second
    my $waited = ms($of{"$client-rate"}[2]) - ms($of{"$client-rate"}[1]);
    cmp_ok($waited, '>=', 950, "$client: after Retry-After") or diag $waited;

    my @hour = grep { $_->{reason} } $of{"$client-hour"}->@*;
    is(scalar(grep { $_->{reason} eq 'rate_limited' && !$_->{stream} } @hour), 3,
        "$client: a rate that lasts: twice more, then given up");
    my @budget = map { $_->{reason} // 'passed' } $of{"$client-budget"}->@*;
    is("@budget", 'passed insufficient_quota', "$client: a budget: sent once");
}

# both count
my @o = grep { $_->{tokens} } $t->records('outcome');
is(scalar(grep { $_->{tokens}{source} ne 'usage' } @o), 0,
    'what streams took is known, shown or not');
no_leak($t, 'tok-o-', 'tok-a-');
$t->done;
done_testing;
