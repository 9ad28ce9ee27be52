# An endpoint declared https gets its request over TLS, to the host declared and
# with a certificate that is checked; one declared https gets not a byte in
# plain text, and one declared http none over TLS.
# Control: the scheme that was declared works.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

sub openssl ($t, @args) {
    my ($status, $out) = $t->run('openssl', @args);
    is($status, 0, "openssl $args[0]") or diag $out;
}

my $endpoints = $IG::Standard::RULES{'endpoints.yaml'}
    =~ s/upstream: virginia\n/upstream: virginia\n    scheme: https\n    host: api.example.com\n/r;

my $tls = <<'END';
proxy_ssl_server_name on;
proxy_ssl_name $inference_guard_host;
proxy_ssl_verify on;
proxy_ssl_trusted_certificate %%DIR%%/cert.pem;
END

# a TLS endpoint: an NGINX of its own before a fake one
my $far = IG::Nginx->new(module => 0, workers => 1);
openssl($far, 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2',
    '-subj', '/CN=api.example.com', '-addext',
    'subjectAltName=DNS:api.example.com', '-keyout', $far->dir('key.pem'),
    '-out', $far->dir('cert.pem'));
openssl($far, 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2',
    '-subj', '/CN=other.example.com', '-addext',
    'subjectAltName=DNS:other.example.com', '-keyout', $far->dir('key2.pem'),
    '-out', $far->dir('cert2.pem'));
$far->upstream('behind');
$far->start(<<'END');
log_format names '$ssl_server_name $host $status';
access_log %%DIR%%/logs/names.log names;
server {
    listen %%PORT:tls%% ssl;
    ssl_certificate %%DIR%%/cert.pem; ssl_certificate_key %%DIR%%/key.pem;
    location / { proxy_pass http://127.0.0.1:%%PORT:behind%%; }
}
server {
    listen %%PORT:other%% ssl;
    ssl_certificate %%DIR%%/cert2.pem; ssl_certificate_key %%DIR%%/key2.pem;
    location / { proxy_pass http://127.0.0.1:%%PORT:behind%%; }
}
END

my $t = standard(start => 0, rules => { 'endpoints.yaml' => $endpoints },
    upstreams => { virginia => 'server 127.0.0.1:' . $far->port('tls') . ';' },
    location => $tls, server => <<'END', http => <<'END2');
location = /plain/v1/chat/completions { return 404; }
END
server {
    listen %%PORT:plain%%;
    location / {
        inference_guard on;
        proxy_pass http://$inference_guard_upstream;
    }
}
server {
    listen %%PORT:https%%;
    location / {
        inference_guard on;
        proxy_pass https://$inference_guard_upstream;
    }
}
END2
$t->write('cert.pem', IG::Upstream::slurp($far->dir('cert.pem')));
$t->start($t->{conf});

my $r = ask($t, us => 'hello');
is($r->{status}, 200, 'over TLS');
is($far->up('behind')->last_request->{headers}{host}[0], '127.0.0.1:'
    . $far->port('behind'), 'it came through the TLS server');
$far->wait_for('its log', sub { length $far->read('logs/names.log') });
is((split /\n/, $far->read('logs/names.log'))[0],
    'api.example.com api.example.com 200', 'its SNI and Host');
$far->up('behind')->reset;
got_nothing($t, 'TLS');

my @sa = (sa => 'hello', from 'SA');
served($t, ask($t, @sa), 'riyadh', 'an http endpoint by http');

# the wrong scheme, both ways
my @post = ('POST', '/v1/chat/completions', chat('hello'));
$r = $t->http($t->request(@post, 'Authorization: Bearer tok-us'),
    port => 'plain');
refused($t, $r, 451, 'destination_not_permitted', 'https endpoint, by http');
is($far->up('behind')->connections, 0, 'https endpoint, by http: no request');
$r = $t->http($t->request(@post, 'Authorization: Bearer tok-sa', from 'SA'),
    port => 'https');
refused($t, $r, 451, 'destination_not_permitted', 'http endpoint, by https');
$t->done;

# a certificate of someone else
$t = standard(start => 0, rules => { 'endpoints.yaml' => $endpoints },
    upstreams => { virginia => 'server 127.0.0.1:' . $far->port('other')
    . ';' }, location => $tls);
$t->write('cert.pem', IG::Upstream::slurp($far->dir('cert2.pem')));
$t->start($t->{conf});
$r = ask($t, us => 'hello');
like($r->{status}, qr/^50[23]$/, 'a certificate of another name');
is($far->up('behind')->connections, 0, 'a certificate of another name: nothing');
$far->done;

$t->done;
done_testing;
