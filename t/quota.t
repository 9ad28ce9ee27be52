# The operator's page of limits, and their reset: only by a POST that means it,
# recorded, of one limit or of all.
# Control: a GET changes nothing.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Limits;
use IG::Standard;
use Test::More;

my $t = limited(<<'END');
limits:
  - {of: tokens, per: day, max: 100}
  - {of: requests, per: day, max: 10}
END
ask($t, us => take(60, 40));
settled($t);
my $refused = ask($t, us => take(1, 1));
is($refused->{status}, 429, 'spent');

my $r = $t->get('/quota?tenant=bank-us');
like($r->{headers}{'content-type'}, qr{^application/json}, 'JSON');
my $c = counters($t);
is($c->{'tokens/day'}{used}, '100', 'what is used');
is($c->{'tokens/day'}{max}, '100', 'of how much');
is($c->{'tokens/day'}{enforcement}, 'enforce', 'and whether it refuses');
ok($c->{'tokens/day'}{resets_s} > 0, 'and until when');
is_deeply([ sort keys $t->json($t->get('/quota'))->{tenants}->%* ],
    [ 'bank-us' ], 'all tenants that have limits');
is($t->get('/quota?tenant=nobody')->{status}, 404, 'no such tenant');
is_deeply([ sort map { $_->{max} } status_of($t)->{tenants}{'bank-us'}->@* ],
    [ '10', '100' ], 'the status has it, too');

my @mean = ('X-Inference-Guard: reset');
is($t->post('/quota?tenant=bank-us', '')->{status}, 403, 'a POST must mean it');
is($t->post('/quota', '', @mean)->{status}, 400, 'and name a tenant');
is($t->post('/quota?tenant=nobody', '', @mean)->{status}, 404, 'a known one');
is($t->post('/quota?tenant=bank-us&limit=x', '', @mean)->{status}, 404,
    'and a known limit');
$t->get('/quota?tenant=bank-us', @mean);
is(used($t, 'tokens/day'), 100, 'nothing of it changed anything');

$r = $t->post('/quota?tenant=bank-us&limit=tokens%2Fday', '', @mean);
is($r->{status}, 200, 'reset');
is(used($t, 'tokens/day'), 0, 'the limit is unused');
is(used($t, 'requests/day'), 1, 'the other is not');
$_->reset for values $t->{up}->%*;
served($t, ask($t, us => take(1, 1)), 'virginia', 'and lets in again');
settled($t);
$t->post('/quota?tenant=bank-us', '', @mean);
is(used($t, 'requests/day'), 0, 'all of them');
# without a record nothing is set back
served($t, ask($t, us => take(1, 1)), 'virginia', 'used again');
settled($t);
my $used = used($t, 'tokens/day');
$t->{torn} = 1;
for my $size ('1', 'unlimited') {
    for my $w ($t->workers) {
        my ($status, $out) = $t->run('prlimit', "--pid=$w",
            "--fsize=$size:unlimited");
        is($status, 0, "size of files: $size") or diag $out;
    }
    last if $size eq 'unlimited';
    is($t->post('/quota?tenant=bank-us', '', @mean)->{status}, 503,
        'a reset that cannot be recorded is none');
    is(used($t, 'tokens/day'), $used, 'and changes nothing');
}
$t->wait_for('recorded again', sub {
    $t->post('/quota?tenant=bank-us', '', @mean)->{status} == 200 });
is(used($t, 'tokens/day'), 0, 'and then it is done');

my @e = $t->wait_records(reset => 2);
is($e[0]{tenant}, 'bank-us', 'it is recorded');
is($e[0]{limit}, 'tokens/day', 'which limit');
ok(!exists $e[1]{limit}, 'or all');
is($e[0]{by}, '127.0.0.1', 'and from where');

$t->done;

# a limit that counts no tokens is named by the record of its refusal, too
$t = limited("limits:\n  - {of: requests, per: day, max: 1}");
ask($t, us => 'hello') for 1 .. 2;
my ($d) = grep { $_->{reason} } $t->wait_records(decision => 2);
is_deeply($d->{limits}, [ { limit => 'requests/day', result => 'refused',
    used => '1', max => '1', resets_s => $d->{limits}[0]{resets_s} } ],
    'which limit refused');
ok(!$d->{estimate}, 'without an estimate of what does not count');

$t->done;
done_testing;
