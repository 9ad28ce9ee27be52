# Every operation of the three dialects is known, inspected and sent on; what is
# no known path, method or type is refused in its own words.
# Control: each known operation without data goes to the cheapest endpoint.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $t = standard();
my @auth = ('Authorization: Bearer tok-us');
my @anthropic = ('X-Api-Key: tok-us', 'anthropic-version: 2023-06-01');

my @ops = (
    [ '/v1/chat/completions', sub ($s) { chat($s) }, @auth ],
    [ '/v1/completions', sub ($s) { { model => 'm', prompt => $s } }, @auth ],
    [ '/v1/completions',
        sub ($s) { { model => 'm', prompt => [ 'a', $s ] } }, @auth ],
    [ '/v1/responses', sub ($s) { { model => 'm', input => $s } }, @auth ],
    [ '/v1/responses', sub ($s) { { model => 'm', instructions => $s,
        input => [ { role => 'user', content => [ { type => 'input_text',
        text => 'hi' } ] } ] } }, @auth ],
    [ '/v1/responses', sub ($s) { { model => 'm', input => [ {
        role => 'user', content => [ { type => 'input_text',
        text => $s } ] } ] } }, @auth ],
    [ '/v1/embeddings', sub ($s) { { model => 'm', input => $s } }, @auth ],
    [ '/v1/embeddings',
        sub ($s) { { model => 'm', input => [ 'a', $s ] } }, @auth ],
    [ '/v1/messages', sub ($s) { { model => 'm', max_tokens => 5,
        messages => [ { role => 'user', content => $s } ] } }, @anthropic ],
    [ '/v1/messages', sub ($s) { { model => 'm', max_tokens => 5,
        system => [ { type => 'text', text => $s } ],
        messages => [ { role => 'user', content => 'a' } ] } }, @anthropic ],
    [ '/v1/messages/count_tokens', sub ($s) { { model => 'm',
        messages => [ { role => 'user', content => $s } ] } }, @anthropic ],
    [ '/api/chat', sub ($s) { { model => 'm', messages => [ {
        role => 'user', content => $s } ] } }, @auth ],
    [ '/api/generate', sub ($s) { { model => 'm', prompt => $s } }, @auth ],
    [ '/api/generate', sub ($s) { { model => 'm', prompt => 'a',
        system => $s } }, @auth ],
);

for (@ops) {
    my ($path, $body, @h) = @$_;
    served($t, $t->post($path, $body->('hello'), @h), 'virginia', $path);
    served($t, $t->post($path, $body->('number ' . ID), @h), 'riyadh',
        "$path with SA data");
    refused($t, $t->post($path, $body->(SECRET), @h), 403, undef,
        "$path with a secret");
    refused($t, $t->get($path, @h), 405, undef, "GET $path");
}

# reads without a body
for ([ '/v1/models', @auth ], [ '/v1/models', @anthropic ],
    [ '/v1/models/m-1', @auth ], [ '/api/tags', @auth ])
{
    my ($path, @h) = @$_;
    served($t, $t->get($path, @h), 'virginia', "GET $path");
    served($t, $t->get($path, @h, from 'SA'), 'riyadh', "GET $path from SA");
    refused($t, $t->get($path, @h, from 'none'), 451, undef,
        "GET $path from nowhere");
    refused($t, $t->http($t->request('GET', $path, '{"a":1}', @h)), 400,
        undef, "GET $path with a body");
    refused($t, $t->get($path), 401, undef, "GET $path without a key");
}

refused($t, $t->post($_, chat('hello'), @auth), 404, 'unknown_operation', $_)
    for '/v1', '/v1/chat', '/v1/chat/completions/', '/v1/chat/completions/x',
        '/V1/chat/completions', '/v2/chat/completions', '/v1/files',
        '/v1/images/generations', '/v1beta/models/x:generateContent',
        '/openai/deployments/x/chat/completions', '/api/embeddingsx';
refused($t, $t->http($t->request($_, '/v1/chat/completions', chat('hello'),
    @auth)), 405, undef, "$_ a chat") for qw(PUT DELETE PATCH OPTIONS);

$t->done;
done_testing;
