# The tenant's credential never reaches an endpoint, the endpoint's own does, and
# what a client sends in our name is removed.
# Control: the client's other headers arrive.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $endpoints = $IG::Standard::RULES{'endpoints.yaml'}
    =~ s/upstream: virginia\n/upstream: virginia\n    credential: {header: authorization, file: %%DIR%%\/virginia.key}\n/r;
$endpoints =~ s/upstream: frankfurt\n/upstream: frankfurt\n    credential: {header: x-api-key, file: %%DIR%%\/frankfurt.key}\n/;
my $t = standard(start => 0, rules => { 'endpoints.yaml' => $endpoints });
$t->write('virginia.key', "Bearer sk-virginia-own\n");
$t->write('frankfurt.key', "sk-frankfurt-own");
$t->start($t->{conf});

my @ours = ('X-Inference-Guard-Decision: allow', 'x-inference-guard: off',
    'X-Inference-Guard-Endpoint: frankfurt-ep');

my $r   = ask($t, us => 'hello', @ours, 'X-Custom: stays', 'X-Api-Key: tok-us');
my $got = $t->up('virginia')->last_request;
is_deeply($got->{headers}{authorization}, [ 'Bearer sk-virginia-own' ],
    "the endpoint's own credential, once");
is($got->{headers}{'x-api-key'}, undef, 'no other one');
is($got->{headers}{'x-custom'}[0], 'stays', 'other headers arrive');
is_deeply([ grep { /^x-inference-guard/ } keys $got->{headers}->%* ], [],
    'headers in our name do not');
unlike($got->{raw}, qr/tok-us/, "the tenant's is nowhere");
served($t, $r, 'virginia', 'credential');

$r   = ask($t, de => 'hello', from 'DE');
$got = $t->up('frankfurt')->last_request;
is_deeply($got->{headers}{'x-api-key'}, [ 'sk-frankfurt-own' ],
    'in the header that the endpoint wants');
is($got->{headers}{authorization}, undef, "the tenant's header is gone");
unlike($got->{raw}, qr/tok-de/, "the tenant's is nowhere");
served($t, $r, 'frankfurt', 'another header');

$r   = ask($t, sa => 'hello', from 'SA');
$got = $t->up('riyadh')->last_request;
is($got->{headers}{authorization}, undef, 'without one: none');
unlike($got->{raw}, qr/tok-sa/, "the tenant's is nowhere");
served($t, $r, 'riyadh', 'no credential');

# nothing that a client says turns the guard off
refused($t, ask($t, us => SECRET, @ours, 'X-Inference-Guard-Mode: audit',
    'x-vsr-skip-processing: true', 'X-Guardrails: off'), 403, 'blocked_by_rule',
    'headers that ask for no guard');
refused($t, ask($t, us => chat(SECRET, inference_guard => 'off', guardrails => [],
    metadata => { tags => [ 'no-guard' ] })), 403, 'blocked_by_rule',
    'fields that ask for no guard');

# doubled headers, another case
$t->http($t->request('POST', '/v1/chat/completions', chat('hello'),
    'AUTHORIZATION: bearer tok-us', 'X-API-KEY: tok-us'));
$got = $t->up('virginia')->last_request;
is_deeply($got->{headers}{authorization}, [ 'Bearer sk-virginia-own' ],
    'in capitals');
unlike($got->{raw}, qr/tok-us/, 'in capitals: nowhere');
$_->reset for values $t->{up}->%*;
$r = $t->http($t->request('POST', '/v1/chat/completions', chat('hello'),
    'X-Api-Key: tok-us', 'X-Api-Key: tok-other'));
unlike(join('', map { $_->{raw} } map { $_->requests } values $t->{up}->%*),
    qr/tok-/, 'a doubled header: none goes on');
no_leak($t, 'tok-us', 'tok-de', 'tok-sa', 'sk-virginia-own',
    'sk-frankfurt-own');

$t->done;
done_testing;
