# What cannot be inspected (images, files, remote URLs, references, unknown
# parts) is refused, or goes only to the endpoints that the stance names.
# Control: the same request without it passes.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my %part = (
    'an image' => [ image_url => { url => 'data:image/png;base64,aWdzZWNyZXQ=' } ],
    'a remote image' => [ image_url => { url => 'https://example.com/a.png' } ],
    'audio' => [ input_audio => { data => 'aGVsbG8=', format => 'wav' } ],
    'a file' => [ file => { file_id => 'file-1' } ],
    'an unknown part' => [ hologram => { x => 'y' } ],
);

sub part ($type, $v) {
    return chat([ { type => 'text', text => 'see' },
        { type => $type, $type => $v } ]);
}

my %anthropic = (
    'a document' => { type => 'document', source => { type => 'base64',
        media_type => 'application/pdf', data => 'aGVsbG8=' } },
    'an image by file' => { type => 'image', source => { type => 'file',
        file_id => 'f' } },
);

sub messages ($part) {
    return { model => 'm', max_tokens => 1, messages => [ { role => 'user',
        content => [ { type => 'text', text => 'see' },
            ($part ? $part : ()) ] } ] };
}

my @h  = ('X-Api-Key: tok-us', 'anthropic-version: 2023-06-01');
my $t = standard();

served($t, ask($t, us => chat([ { type => 'text', text => 'see' } ])),
    'virginia', 'text alone');
served($t, $t->post('/v1/messages', messages(undef), @h), 'virginia',
    'an Anthropic text alone');
refused($t, ask($t, us => part($part{$_}->@*)), 403, 'uninspectable', $_)
    for sort keys %part;
refused($t, $t->post('/v1/messages', messages($anthropic{$_}), @h), 403,
    undef, $_) for sort keys %anthropic;
refused($t, $t->post('/v1/responses', { model => 'm', input => 'hi',
    previous_response_id => 'resp_1' }, 'Authorization: Bearer tok-us'), 403,
    'uninspectable', 'a reference to an earlier answer');
served($t, $t->post('/v1/responses', { model => 'm', input => 'hi',
    previous_response_id => undef }, 'Authorization: Bearer tok-us'),
    'virginia', 'a null reference is none');
refused($t, $t->post('/v1/embeddings', { model => 'm',
    input => [ 1, 2, 3 ] }, 'Authorization: Bearer tok-us'), 403,
    'uninspectable', 'token numbers');
refused($t, $t->post('/api/generate', { model => 'm', prompt => 'a',
    images => [ 'aGVsbG8=' ] }, 'Authorization: Bearer tok-us'), 403,
    undef, 'an image for Ollama');
refused($t, $t->post('/api/generate', { model => 'm', prompt => 'a',
    context => [ 1, 2, 3 ] }, 'Authorization: Bearer tok-us'), 403,
    undef, 'a context of token numbers');
$t->done;

# the stance: such requests go to the named endpoints and nowhere else
$t = standard(rules => { 'stance.yaml' => undef, 'policy.yaml' =>
    $IG::Standard::RULES{'policy.yaml'}
    . "  uninspectable: {endpoints: [frankfurt-ep]}\n" });
served($t, ask($t, us => part($part{'an image'}->@*)), 'frankfurt',
    'an image under the stance');
served($t, ask($t, us => 'no image'), 'virginia', 'text under the stance');
refused($t, ask($t, sa => part($part{'an image'}->@*), from 'SA'), 451,
    'no_permitted_destination', 'the stance does not widen');
served($t, $t->post('/v1/unknown', { x => 'y' },
    'Authorization: Bearer tok-us'), 'frankfurt', 'an unknown operation');
refused($t, $t->post('/v1/chat/completions', '{"model":',
    'Authorization: Bearer tok-us'), 400, 'invalid_json',
    'what is broken stays refused');

$t->done;
done_testing;
