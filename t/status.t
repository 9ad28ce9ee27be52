# inference_guard_status shows what all workers counted: decisions, refusals by
# reason, requests by endpoint.  A reload keeps the counters, another size of the
# zone begins anew, and without a zone the page says that nothing is counted.
# Control: the counters are zero at the start.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $status = "location = /status { inference_guard off; inference_guard_status; }\n";
my $t = standard(http => "inference_guard_zone guard:1m;\n", server => $status);

sub counters () {
    my $r = $t->get('/status');
    is($r->{status}, 200, 'the status answers');
    like($r->{headers}{'content-type'}, qr{^application/json}, 'in JSON');
    return $t->json($r);
}

my $c = counters();
ok($c->{zone}, 'there is a zone');
like($c->{policy}, qr/^[0-9a-f]{64}$/, 'the policy');
is($c->{decided}, 0, 'nothing is decided at the start');

# enough connections for both workers to have some
my $n = 0;
$t->wait_for('requests on both workers', sub {
    ask($t, us => 'hello') for 1 .. 10;
    $n += 10;
    my %w = map { $_->{writer} => 1 } $t->records('decision');
    return keys %w == 2;
});
ask($t, sa => 'hello') for 1 .. 3;
ask($t, us => SECRET) for 1 .. 4;
$t->post('/v1/chat/completions', '{', 'Authorization: Bearer tok-us') for 1 .. 2;

$c = counters();
is($c->{decided}, $n + 9, 'all are counted, whichever worker had them');
is($c->{decisions}{route}, $n + 3, 'routed');
is($c->{decisions}{block}, 6, 'refused');
is($c->{refused}{blocked_by_rule}, 4, 'by a rule');
is($c->{refused}{invalid_json}, 2, 'unreadable');
is($c->{endpoints}{'virginia-ep'}{requests}, $n, 'to Virginia');
is($c->{endpoints}{'riyadh-ep'}{requests}, 3, 'to Riyadh');
is($c->{endpoints}{'frankfurt-ep'}{requests}, 0, 'none to Frankfurt');

$t->reload;
is(counters()->{decided}, $n + 9, 'a reload keeps them');

my $r = $t->post('/status', '{}');
is($r->{status}, 405, 'nothing is changed by a POST') or diag $r->{head};

$t->write('nginx.conf', $t->read('nginx.conf') =~ s/guard:1m/guard:2m/r);
$t->reload;
is(counters()->{decided}, 0, 'another size begins anew');
$t->done;

$t = standard(server => $status);
ask($t, us => 'hello');
$c = counters();
ok(!$c->{zone}, 'without a zone it says so');
ok(!exists $c->{decided}, 'and pretends no counters');
$t->done;
done_testing;
