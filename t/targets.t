# Whatever proxy_pass names, only a declared and permitted endpoint gets a byte:
# no address literal, no undeclared upstream, no other pass module.
# Control: the endpoint's own upstream, named statically, is served.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my %to = (
    static => 'proxy_pass http://virginia;',
    literal => 'proxy_pass http://127.0.0.1:%%PORT:out%%;',
    variable => 'set $x 127.0.0.1:%%PORT:out%%; proxy_pass http://$x;',
    header => 'proxy_pass http://$http_x_target;',
    undeclared => 'proxy_pass http://other;',
    undeclaredvar => 'set $x other; proxy_pass http://$x;',
    sameport => 'proxy_pass http://127.0.0.1:%%PORT:virginia%%;',
    fastcgi => 'fastcgi_pass 127.0.0.1:%%PORT:out%%;',
    uwsgi => 'uwsgi_pass 127.0.0.1:%%PORT:out%%;',
    scgi => 'scgi_pass 127.0.0.1:%%PORT:out%%;',
    grpc => 'grpc_pass grpc://127.0.0.1:%%PORT:out%%;',
    memcached => 'set $memcached_key x; memcached_pass 127.0.0.1:%%PORT:out%%;',
    unix => 'proxy_pass http://unix:%%DIR%%/sock:;',
);
my $servers = "upstream other { server 127.0.0.1:%%PORT:out%%; }\n"
    . join '', map { <<"END" } sort keys %to;
server { listen %%PORT:$_%%; location / { inference_guard on; $to{$_} } }
END

my $t = standard(start => 0, http => $servers);
$t->upstream('out');
$t->start($t->{conf});

sub at ($port, $text, @h) {
    return $t->http($t->request('POST', '/v1/chat/completions', chat($text),
        'Authorization: Bearer tok-us', @h), port => $port);
}

served($t, at(static => 'hello'), 'virginia', 'the static control');
refused($t, at(static => ID), 451, 'destination_not_permitted',
    'a static target that this request may not reach');
for my $name (sort grep { $_ ne 'static' } keys %to) {
    my $r = at($name => 'hello', 'X-Target: 127.0.0.1:' . $t->port('out'));
    if ($name eq 'memcached') {                # its handler takes no POST
        is($r->{status}, 405, 'memcached: refused');
        got_nothing($t, 'memcached');
        next;
    }
    refused($t, $r, 451, 'destination_not_permitted', $name);
}
refused($t, at(header => 'hello', 'X-Target: frankfurt.evil.test'), 451,
    'destination_not_permitted', 'a name from a header');
served($t, at(header => 'hello', 'X-Target: virginia'), 'virginia',
    'a permitted name from a header');
refused($t, at(header => ID, 'X-Target: virginia'), 451,
    'destination_not_permitted', 'a name from a header, SA data');

$t->done;
done_testing;
