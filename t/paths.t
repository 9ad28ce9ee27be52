# The path that is judged is the path that leaves: one that NGINX would read
# otherwise than the upstream is refused.  Control: its normal form passes, and
# a query string is inspected.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $t = standard(server => 'merge_slashes on;');

sub at ($uri, $text = 'hello') {
    return $t->post($uri, chat($text), 'Authorization: Bearer tok-us');
}

served($t, at('/v1/chat/completions'), 'virginia', 'the normal form');
served($t, at('/v1/chat/completions?a=b&c=d%20e'), 'virginia', 'a query');

for my $uri ('//v1/chat/completions', '/v1//chat/completions',
    '/v1/./chat/completions', '/v1/x/../chat/completions',
    '/v1/%63hat/completions', '/v1/chat%2fcompletions',
    '/v1/chat%2Fcompletions', '/v1/%2e%2e/v1/chat/completions',
    '/v1/chat/completions%20', '/v1/chat/completions%00',
    '/x/%2e%2e/v1/chat/completions')
{
    my $r = at($uri);
    like($r->{status}, qr/^(?:400|404)$/, "$uri: refused");
    got_nothing($t, $uri);
    like($t->json($r)->{error}{code} // '-', qr/^raw_path_differs$/,
        "$uri: why") if $uri !~ /%00/;
}

# data in the query counts like data in the body
served($t, at('/v1/chat/completions?user=' . ID), 'riyadh', 'SA data in it');
served($t, at('/v1/chat/completions?u=2000%30%30%30006'), 'riyadh',
    'percent-encoded SA data');
served($t, at('/v1/chat/completions?' . ID . '=1'), 'riyadh', 'as a name');
served($t, at('/v1/chat/completions?iqama=2000+000+006'), 'riyadh',
    'with plus signs');
refused($t, at('/v1/chat/completions?a=%zz'), 400, 'invalid_query',
    'a broken escape');
refused($t, at('/v1/chat/completions?a=%ff'), 400, undef,
    'invalid UTF-8 in it');

no_leak($t, ID);
$t->done;
done_testing;
