# A refusal speaks its dialect: the right status, an error body of the right
# form with a code and the request's id, JSON, x-should-retry: false when a
# retry cannot help; and no text of the request.
# Control: an answer of the endpoint is not touched.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $t = standard();
my $canary = 'zanzibar' . ID;

sub check ($r, $status, $retry, $name) {
    is($r->{status}, $status, "$name: $status");
    like($r->{headers}{'content-type'}, qr{^application/json}, "$name: JSON");
    is($r->{headers}{'content-length'}, length $r->{body}, "$name: length");
    is($r->{headers}{'x-should-retry'}, $retry, "$name: x-should-retry");
    unlike($r->{head} . $r->{body}, qr/zanzibar|${\ID}|igsecret/,
        "$name: no text of the request");
    return $t->json($r);
}

my $text = "$canary " . SECRET;
my @openai = ('Authorization: Bearer tok-us');
my $j = check($t->post('/v1/chat/completions', chat($text), @openai), 403,
    'false', 'OpenAI');
is(ref $j->{error}, 'HASH', 'OpenAI: error');
is($j->{error}{code}, 'blocked_by_rule', 'OpenAI: code');
like($j->{error}{message}, qr/\w{3}/, 'OpenAI: message');
ok($j->{error}{type}, 'OpenAI: type');
ok(exists $j->{error}{param}, 'OpenAI: param');

my @anthropic = ('X-Api-Key: tok-us', 'anthropic-version: 2023-06-01');
$j = check($t->post('/v1/messages', { model => 'm', max_tokens => 1,
    messages => [ { role => 'user', content => $text } ] }, @anthropic), 403,
    'false', 'Anthropic');
is($j->{type}, 'error', 'Anthropic: type');
is($j->{error}{type}, 'permission_error', 'Anthropic: error type');
like($j->{error}{message}, qr/blocked_by_rule/, 'Anthropic: message has the code');
ok($j->{request_id}, 'Anthropic: request_id');
is($t->post('/v1/messages', { model => 'm' }, 'X-Api-Key: none',
    'anthropic-version: 2023-06-01')->{body} =~ /"authentication_error"/, 1,
    'Anthropic: 401 is authentication_error');

$j = check($t->post('/api/chat', { model => 'm', messages => [ {
    role => 'user', content => $text } ] }, @openai), 403, 'false', 'Ollama');
ok(!ref $j->{error} && $j->{error}, 'Ollama: error is a string');

check(ask($t, sa => $canary, from 'DE'), 451, 'false', '451');
check(ask($t, xx => $text), 401, 'false', '401');
check($t->post('/v1/nothing/zanzibar', chat($text), @openai), 404, 'false',
    '404');
check($t->post('/v1/chat/completions', "{\"$canary", @openai), 400, 'false',
    '400');
check($t->post('/v1/chat/completions', $canary, @openai,
    'Content-Type: text/plain'), 415, 'false', '415');
my $r = $t->http($t->request('DELETE', '/v1/chat/completions', undef, @openai));
check($r, 405, 'false', '405');
got_nothing($t, 'all of them');

# a stream that was asked for is refused like any other
$r = ask($t, us => chat(SECRET, stream => JSON::PP::true()));
is($r->{status}, 403, 'a refused stream');
like($r->{headers}{'content-type'}, qr/json/, 'a refused stream: JSON');

served($t, ask($t, us => 'hello'), 'virginia', 'the control');
no_leak($t, SECRET, ID, 'zanzibar');

$t->done;
done_testing;
