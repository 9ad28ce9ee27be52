# Every fact and decision is a variable: in log_format, add_header, map (volatile)
# and proxy_set_header; none holds text of the request.
# Control: outside of a guarded location they are empty or "-".

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my @names = qw(decision rule jurisdictions client_country tenant upstream scheme
    host endpoint endpoint_country findings dialect model policy time reason);
my $all = join ' ', map { "$_=\$inference_guard_$_;" } @names;
my $headers = join ' ', map { "add_header X-G-$_ \$inference_guard_$_ always;" }
    grep { $_ ne 'time' } @names;
my $t = standard(http => <<"END", location => <<"END2");
log_format guard '\$status $all';
map \$inference_guard_decision \$mapped { volatile; default other; route routed; block blocked; }
server {
    listen %%PORT:off%%;
    access_log %%DIR%%/logs/off.log guard;
    location / { return 200 "d=\$inference_guard_decision;c=\$inference_guard_client_country;"; }
}
END
access_log %%DIR%%/logs/guard.log guard;
add_header X-Mapped \$mapped always;
proxy_set_header X-Country \$inference_guard_endpoint_country;
$headers
END2

my $r = ask($t, us => 'my number ' . ID);
is($t->up('riyadh')->last_request->{headers}{'x-country'}[0], 'SA',
    'in proxy_set_header');
served($t, $r, 'riyadh', 'SA data');
my $h = $r->{headers};
is($h->{'x-g-decision'}, 'route', 'decision');
is($h->{'x-mapped'}, 'routed', 'in a map');
is($h->{'x-g-tenant'}, 'bank-us', 'tenant');
is($h->{'x-g-client_country'}, 'US', 'client country');
is($h->{'x-g-jurisdictions'}, 'SA,US', 'jurisdictions');
is($h->{'x-g-endpoint'}, 'riyadh-ep', 'endpoint');
is($h->{'x-g-endpoint_country'}, 'SA', 'endpoint country');
is($h->{'x-g-upstream'}, 'riyadh', 'upstream');
is($h->{'x-g-scheme'}, 'http', 'scheme');
is($h->{'x-g-host'}, 'riyadh', 'host');
is($h->{'x-g-dialect'}, 'openai', 'dialect');
is($h->{'x-g-model'}, 'm-1', 'model');
like($h->{'x-g-findings'}, qr/sa\.id/, 'findings');
like($h->{'x-g-policy'}, qr/^[0-9a-f]{8,64}$/, 'policy');
like($h->{'x-g-rule'}, qr/sa-transfers/, 'rule');

$r = ask($t, us => SECRET);
is($r->{headers}{'x-g-decision'}, 'block', 'refused: decision');
is($r->{headers}{'x-mapped'}, 'blocked', 'refused: in a map');
is($r->{headers}{'x-g-rule'}, 'no-secrets', 'refused: rule');
is($r->{headers}{'x-g-reason'}, 'blocked_by_rule', 'refused: reason');

my $log = $t->wait_for('the log', sub {
    my $l = $t->read('logs/guard.log');
    (() = $l =~ /\n/g) == 2 ? $l : undef;
});
like($log, qr/^200 decision=route;.* time=\d+(?:\.\d+)?;/m, 'in log_format');
like($log, qr/^403 decision=block;/m, 'in log_format, refused');

$r = $t->http($t->request('GET', '/'), port => 'off');
like($r->{body}, qr/^d=-?;c=/, 'without a guard');
no_leak($t, ID, SECRET);

$t->done;
done_testing;
