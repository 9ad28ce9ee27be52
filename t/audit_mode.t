# `inference_guard audit` refuses and narrows nothing, records what would have
# happened, and still needs records and limits on memory.
# Control: the same requests in an enforcing location are refused.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $t = standard(guard => 'audit', http => <<"END");
server {
    listen %%PORT:on%%;
    location / { inference_guard on; ${\PROXY} }
}
END

sub enforced ($who, $text, @h) {
    return $t->http($t->request('POST', '/v1/chat/completions', chat($text),
        "Authorization: Bearer tok-$who", @h), port => 'on');
}

for ([ 'a secret', 'us', SECRET ], [ 'no tenant', 'xx', 'hello' ],
    [ 'no destination', 'sa', 'hello', from 'DE' ],
    [ 'no country', 'us', 'hello', from 'none' ])
{
    my ($name, @ask) = @$_;
    isnt(enforced(@ask)->{status}, 200, "$name: enforced");
    got_nothing($t, "$name: enforced");
    my $r = ask($t, @ask);
    served($t, $r, 'virginia', "$name: audited");
}
served($t, ask($t, us => ID), 'virginia', 'SA data is not routed');

my @d = grep { ($_->{mode} // '') eq 'audit' } $t->wait_records(decision => 9);
is(scalar @d, 5, 'five audited decisions');
is(scalar(grep { $_->{would} } @d), 5, 'each says what would have happened');
my ($secret) = grep { ($_->{would}{reason} // '') eq 'blocked_by_rule' } @d;
ok($secret, 'the secret would have been blocked');

# broken bodies, too, but never without the limits on memory
my $r = $t->post('/v1/chat/completions', '{"model":"m",',
    'Authorization: Bearer tok-us');
is($r->{status}, 200, 'broken JSON passes an audit');
$_->reset for values $t->{up}->%*;
require IO::Compress::Gzip;
my $in = '"' . 'a' x 80_000_000 . '"';
IO::Compress::Gzip::gzip(\$in => \my $bomb);
$r = $t->http($t->request('POST', '/v1/chat/completions', $bomb,
    'Authorization: Bearer tok-us', 'Content-Encoding: gzip'));
refused($t, $r, 413, 'decoded_too_large', 'a bomb');

# and nothing undeclared gets a byte
$t->done;
$t = standard(start => 0, root => 'location / { inference_guard audit; '
    . 'proxy_pass http://127.0.0.1:%%PORT:out%%; }');
$t->upstream('out');
$t->start($t->{conf});
refused($t, ask($t, us => 'hello'), 451, 'destination_not_permitted',
    'an undeclared target');

$t->done;
done_testing;
