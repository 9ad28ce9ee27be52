# The path that is sent ends with the path that was inspected: proxy_pass may put
# a prefix before it, and may not replace it.
# Control: without a URI part the request passes.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $target = '$inference_guard_scheme://$inference_guard_upstream';
my %uri = (
    none     => '',
    prefix   => '/openai$request_uri',
    replaced => '/v1/embeddings',
    doubled  => '/v1/chat/completions/x?y=$uri',
);

for my $name (sort keys %uri) {
    my $t = standard(root => <<"END");
location / {
    inference_guard on;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_pass $target$uri{$name};
}
END
    my $r = ask($t, us => 'hello');
    if ($name eq 'none' || $name eq 'prefix') {
        is($t->up('virginia')->last_request->{uri} // '-',
            ($name eq 'prefix' ? '/openai' : '') . '/v1/chat/completions',
            "$name: the path");
        served($t, $r, 'virginia', $name);
    }
    else {
        refused($t, $r, 451, 'destination_not_permitted', $name);
    }
    $t->done;
}
done_testing;
