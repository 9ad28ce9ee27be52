# A body that two readers could read differently is refused before it leaves.
# Control: its nearest well-formed neighbour passes.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $t = standard();

sub raw ($body, @h) {
    return $t->post('/v1/chat/completions', $body,
        'Authorization: Bearer tok-us', @h);
}

sub msg ($content, $more = '') {
    return qq({"model":"m","messages":[{"role":"user","content":$content}]$more});
}

served($t, raw(msg('"hello"')), 'virginia', 'plain');
served($t, raw(" \r\n\t" . msg('"hello"') . "\n "), 'virginia', 'white space');
served($t, raw(msg('"\u00e9 \ud83d\ude00 \/"')), 'virginia', 'escapes');
served($t, raw(msg("\"\xc3\xa9\"")), 'virginia', 'UTF-8');

my @bad = (
    [ 'the same key twice', 'duplicate_key',
        '{"model":"m","messages":[{"role":"user","content":"a","content":"b"}]}' ],
    [ 'the same key twice, escaped', 'duplicate_key',
        '{"model":"m","messages":[{"role":"user","content":"a","con\u0074ent":"b"}]}' ],
    [ 'the same key twice at the top', 'duplicate_key',
        msg('"a"', ',"model":"n"') ],
    [ 'the same unknown key twice', 'duplicate_key',
        msg('"a"', ',"zz":1,"zz":2') ],
    [ 'a key in another case', 'ambiguous_key', msg('"a"', ',"Messages":[]') ],
    [ 'invalid UTF-8', 'invalid_utf8', msg("\"\xff\"") ],
    [ 'overlong UTF-8', 'invalid_utf8', msg("\"\xc0\xaf\"") ],
    [ 'a surrogate in UTF-8', 'invalid_utf8', msg("\"\xed\xa0\x80\"") ],
    [ 'a lone surrogate escape', undef, msg('"\ud800"') ],
    [ 'a low surrogate first', undef, msg('"\udc00\ud800"') ],
    [ 'an unknown escape', 'invalid_json', msg('"\q"') ],
    [ 'a raw control character', 'invalid_json', msg("\"a\tb\"") ],
    [ 'a raw NUL', 'invalid_json', msg("\"a\0b\"") ],
    [ 'bytes after the document', 'trailing_bytes', msg('"a"') . 'x' ],
    [ 'a second document', 'trailing_bytes', msg('"a"') . msg('"b"') ],
    [ 'a NUL after the document', 'trailing_bytes', msg('"a"') . "\0" ],
    [ 'cut short', 'invalid_json', substr msg('"a"'), 0, -1 ],
    [ 'a byte order mark', undef, "\xef\xbb\xbf" . msg('"a"') ],
    [ 'UTF-16', undef, join '', map { "$_\0" } split //, msg('"a"') ],
    [ 'a comment', 'invalid_json', msg('"a" /* b */') ],
    [ 'a trailing comma', 'invalid_json', msg('"a"', ',') ],
    [ 'NaN', 'invalid_json', msg('"a"', ',"temperature":NaN') ],
    [ 'a leading zero', 'invalid_json', msg('"a"', ',"n":01') ],
    [ 'single quotes', 'invalid_json', "{'model':'m'}" ],
    [ 'nested too deeply', 'too_deep',
        msg('"a"', ',"x":' . '[' x 100_000 . ']' x 100_000) ],
    [ 'an array', undef, '[]' ],
    [ 'a string', undef, '"a"' ],
    [ 'no messages', 'missing_field', '{"model":"m"}' ],
    [ 'no model', 'missing_field', '{"messages":[]}' ],
    [ 'messages as a string', 'wrong_type', '{"model":"m","messages":"x"}' ],
    [ 'a model as a number', 'wrong_type', '{"model":1,"messages":[]}' ],
);

for (@bad) {
    my ($name, $code, $body) = @$_;
    refused($t, raw($body), 400, $code, $name);
}

refused($t, raw(''), 400, 'missing_body', 'an empty body');
refused($t, raw(msg('"a"'), "Content-Type: $_"), 415,
    'unsupported_media_type', "type $_")
    for 'text/plain', 'application/xml', 'multipart/form-data; boundary=x',
        'application/jsonx', 'application/json; charset=utf-16';
served($t, raw(msg('"a"'), "Content-Type: $_"), 'virginia', "type $_")
    for 'application/json; charset=utf-8', 'Application/JSON';

$t->done;
done_testing;
