# Every fact and decision is a variable: in log_format, add_header, map (volatile)
# and proxy_set_header; none holds text of the request.
# Control: outside of a guarded location they are empty or "-".

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Limits;
use IG::Standard;
use Test::More;

my @names = qw(decision rule jurisdictions client_country tenant upstream scheme
    host endpoint endpoint_country findings dialect model policy time reason
    limit tokens_input tokens_output cost);
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
like($log, qr/^403 .* tokens_input=-; tokens_output=-; cost=-;$/m,
    'refused: nothing was taken');

$r = $t->http($t->request('GET', '/'), port => 'off');
like($r->{body}, qr/^d=-?;c=/, 'without a guard');
no_leak($t, ID, SECRET);
$t->done;

# what a request took is known when it has ended: in logs, also another's that
# stands before ours, and not in a header
$t = limited("limits:\n  - {of: tokens, per: day, max: 1000}", http => <<'END',
log_format took '$status l=$inference_guard_limit; $inference_guard_tokens_input'
    ' $inference_guard_tokens_output $inference_guard_cost';
END
    location => <<'END');
access_log %%DIR%%/logs/took.log took;
access_log %%DIR%%/logs/if.log took if=$inference_guard_tokens_input;
add_header X-Limit l=$inference_guard_limit always;
add_header X-Took t=$inference_guard_tokens_input$inference_guard_cost always;
END
my @lines;
sub took ($body, @headers) {
    my $r = ask($t, us => $body, @headers);
    @lines = $t->wait_for('a line', sub {
        my @l = split /^/, $t->read('logs/took.log');
        @l > @lines && [ @l ];
    })->@*;
    return ($r, $lines[-1] =~ s/\n//r);
}
($r, my $line) = took(take(30, 45));
is($line, '200 l=-; 30 45 0.000075000', 'tokens and cost in a log');
is($r->{headers}{'x-limit'}, 'l=', 'no limit refused');
is($r->{headers}{'x-took'}, 't=', 'nothing is said before the end');
($r, $line) = took(take(20, 10, stream => JSON::PP::true()));
is($line, '200 l=-; 20 10 0.000030000', 'of a stream');
($r, $line) = took(take(1, 950));
is($line, '429 l=tokens/day; - - -', 'a limit that refused');
is($r->{headers}{'x-limit'}, 'l=tokens/day', 'in a header, too');
$r = $t->post('/v1/chat/completions', chat('x'), 'Authorization: Bearer tok-sa');
is(($t->wait_for('a line', sub { (split /^/, $t->read('logs/took.log'))[3] })
        =~ /l=(\S+)/)[0], '-;', 'a tenant without limits');
is(scalar(() = $t->read('logs/if.log') =~ /\n/g), 3, 'as a condition of a log');

$t->done;
done_testing;
