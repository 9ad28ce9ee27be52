# Data is found wherever in a request it stands: every role and kind of part,
# tools, metadata, unknown keys, keys, numbers, JSON inside strings, split over
# parts, and however it is written.  Control: the same places with a number that
# is none pass.

use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use JSON::PP ();
use Test::More;

my $t = standard();
my $id = ID;
(my $not = $id) =~ s/6$/7/;

sub user ($content) { { role => 'user', content => $content } }

my %place = (
    'user' => sub ($d) { chat($d) },
    'system' => sub ($d) { chat('a', messages => [
        { role => 'system', content => $d }, user('a') ]) },
    'developer' => sub ($d) { chat('a', messages => [
        { role => 'developer', content => $d }, user('a') ]) },
    'assistant' => sub ($d) { chat('a', messages => [ user('a'),
        { role => 'assistant', content => $d }, user('b') ]) },
    'tool result' => sub ($d) { chat('a', messages => [ user('a'),
        { role => 'tool', tool_call_id => 'c', content => $d } ]) },
    'unknown role' => sub ($d) { chat('a', messages => [ user('a'),
        { role => 'narrator', content => $d } ]) },
    'first of many messages' => sub ($d) { chat('a', messages => [ user($d),
        map { user('x') } 1 .. 20 ]) },
    'text part' => sub ($d) { chat([ { type => 'text', text => 'a' },
        { type => 'text', text => $d } ]) },
    'null content beside' => sub ($d) { chat('a', messages => [
        { role => 'assistant', content => undef, tool_calls => [ { id => 'c',
        type => 'function', function => { name => 'f',
        arguments => qq({"n":"$d"}) } } ] }, user('a') ]) },
    'tool arguments, a number in JSON in a string' => sub ($d) { chat('a',
        messages => [ { role => 'assistant', content => undef, tool_calls => [
        { id => 'c', type => 'function', function => { name => 'f',
        arguments => qq({"n":$d}) } } ] }, user('a') ]) },
    'tool description' => sub ($d) { chat('a', tools => [ { type => 'function',
        function => { name => 'f', description => $d,
        parameters => { type => 'object' } } } ]) },
    'enum of a tool' => sub ($d) { chat('a', tools => [ { type => 'function',
        function => { name => 'f', parameters => { type => 'object',
        properties => { p => { enum => [ 'a', $d ] } } } } } ]) },
    'metadata' => sub ($d) { chat('a', metadata => { k => $d }) },
    'user id' => sub ($d) { chat('a', user => $d) },
    'name of a message' => sub ($d) { chat('a', messages => [
        { role => 'user', name => $d, content => 'a' } ]) },
    'stop' => sub ($d) { chat('a', stop => [ $d ]) },
    'response format' => sub ($d) { chat('a', response_format => {
        type => 'json_schema', json_schema => { name => 'x',
        schema => { description => $d } } }) },
    'unknown key' => sub ($d) { chat('a', x_unknown => { deep => [ [
        { er => $d } ] ] }) },
    'a key' => sub ($d) { chat('a', metadata => { $d => 'x' }) },
    'a number' => sub ($d) { chat('a', metadata => { n => $d + 0 }) },
    'a number alone' => sub ($d) { chat('a', seed => $d + 0) },
    'model' => sub ($d) { chat('a', model => "m-$d") },
    'prediction' => sub ($d) { chat('a', prediction => { type => 'content',
        content => $d }) },
    'JSON in a string in a string' => sub ($d) { chat(JSON::PP->new->encode(
        { a => JSON::PP->new->encode({ b => $d }) })) },
);

for my $name (sort keys %place) {
    served($t, ask($t, us => $place{$name}->($not)), 'virginia',
        "$name, a number that is none");
    served($t, ask($t, us => $place{$name}->($id)), 'riyadh', $name);
}

# how it is written
my %writing = (
    'spaces' => '2000 000 006', 'hyphens' => '2000-000-006',
    'dots' => '20.0000.0006', 'no-break spaces' => "2000\x{a0}000\x{a0}006",
    'Arabic-Indic digits' => '٢٠٠٠٠٠٠٠٠٦',
    'Persian digits' => '۲۰۰۰۰۰۰۰۰۶', 'Devanagari digits' => '२००००००००६',
    'full-width digits' => '２００００００００６',
    'zero-width spaces' => join("\x{200b}", split //, $id),
    'soft hyphens' => join("\x{ad}", split //, $id),
    'Unicode dashes' => "2000\x{2011}000\x{2011}006",
    'bidi controls' => "\x{202e}$id\x{202c}",
    'in a word of Arabic' => "هوية$id",
    'after an underscore' => "user_$id",
);
for my $name (sort keys %writing) {
    served($t, ask($t, us => "it is $writing{$name} now"), 'riyadh', $name);
}

# raw JSON text that an encoder would not write
sub raw ($body) {
    return $t->post('/v1/chat/completions', $body,
        'Authorization: Bearer tok-us');
}
my $escaped = join '', map { sprintf '\u%04x', ord } split //, $id;
served($t, raw(qq({"model":"m","messages":[{"role":"user","content":"$escaped"}]})),
    'riyadh', 'every digit escaped');
served($t, raw(qq({"model":"m","messages":[{"role":"user","content":"2000\\n000\\n006"}]})),
    'virginia', 'digits on three lines are three numbers');
served($t, raw(qq({"model":"m","metadata":{"$escaped":1},"messages":[{"role":"user","content":"a"}]})),
    'riyadh', 'an escaped key');
served($t, raw(qq({"model":"m","x":{"n":${\ID}},"messages":[{"role":"user","content":"a"}]})),
    'riyadh', 'a number token');

# split over neighbours
served($t, ask($t, us => chat([ { type => 'text', text => 'id 20000' },
    { type => 'text', text => '00006 ok' } ])), 'riyadh', 'over two parts');
served($t, ask($t, us => chat('a', messages => [ user('number 2000000'),
    user('006') ])), 'riyadh', 'over two messages');
served($t, $t->post('/v1/messages', { model => 'm', max_tokens => 1,
    messages => [ { role => 'user', content => [
        { type => 'text', text => '20000' },
        { type => 'text', text => '00006' } ] } ] },
    'X-Api-Key: tok-us', 'anthropic-version: 2023-06-01'), 'riyadh',
    'over two parts of an Anthropic message');
served($t, ask($t, us => chat('igsecret-abc')), 'virginia', 'half a secret');
refused($t, ask($t, us => chat([ { type => 'text', text => 'igsecret-abc' },
    { type => 'text', text => 'defgh' } ])), 403, 'blocked_by_rule',
    'a secret over two parts');

# tool use of Anthropic
served($t, $t->post('/v1/messages', { model => 'm', max_tokens => 1,
    messages => [ { role => 'assistant', content => [ { type => 'tool_use',
        id => 't', name => 'f', input => { n => $_->[0] + 0 } } ] },
        { role => 'user', content => [ { type => 'tool_result',
        tool_use_id => 't', content => 'ok' } ] } ] },
    'X-Api-Key: tok-us', 'anthropic-version: 2023-06-01'), $_->[1],
    "a tool's input $_->[1]") for [ $id, 'riyadh' ], [ $not, 'virginia' ];
served($t, $t->post('/v1/messages', { model => 'm', max_tokens => 1,
    messages => [ { role => 'user', content => [ { type => 'tool_result',
        tool_use_id => 't', content => [ { type => 'text',
        text => $_->[0] } ] } ] } ] },
    'X-Api-Key: tok-us', 'anthropic-version: 2023-06-01'), $_->[1],
    "a tool's result $_->[1]") for [ $id, 'riyadh' ], [ $not, 'virginia' ];

# headers that go on and hold text
served($t, ask($t, us => 'hello', "OpenAI-Organization: org $id"), 'riyadh',
    'a header');

# a path that goes on and holds a name
served($t, $t->get("/v1/models/$_->[0]", 'Authorization: Bearer tok-us'),
    $_->[1], "a model in the path $_->[1]")
    for [ $id, 'riyadh' ], [ $not, 'virginia' ];

no_leak($t, ID, SECRET);
$t->done;
done_testing;
