# HTTP/2, over TLS and with prior knowledge, is guarded like HTTP/1.1.
# Control: the harmless request passes.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

use File::Temp;

my $t = standard(start => 0, http => <<'END', listen => 'listen %%PORT:http%%; listen %%PORT:h2%% http2; listen %%PORT:tls%% ssl http2; ssl_certificate %%DIR%%/cert.pem; ssl_certificate_key %%DIR%%/key.pem; client_body_buffer_size 8k;');
END
my ($status, $out) = $t->run('openssl', 'req', '-x509', '-newkey', 'rsa:2048',
    '-nodes', '-days', '2', '-subj', '/CN=guard.test', '-keyout',
    $t->dir('key.pem'), '-out', $t->dir('cert.pem'));
is($status, 0, 'a certificate') or diag $out;
$t->start($t->{conf});

sub curl ($body, @args) {
    $t->write('body.json', ref $body
        ? JSON::PP->new->utf8->canonical->encode($body) : $body);
    my ($status, $out) = $t->run('curl', '-sS', '-k', '-i', '--max-time', '15',
        '-H', 'Authorization: Bearer tok-us', '-H',
        'Content-Type: application/json', '-H', 'Expect:', '--data-binary',
        '@' . $t->dir('body.json'), @args);
    $status == 0 or diag "curl: $status: $out";
    my ($head, $text) = split /\r\n\r\n/, $out, 2;
    my ($code) = $head =~ m{^HTTP/2 (\d+)} or diag "not HTTP/2: $head";
    my %h = map { /^([^:]+): (.*)/ ? (lc $1 => $2) : () } split /\r\n/, $head;
    return { status => $code // 0, headers => \%h, body => $text // '',
        head => $head };
}

my $pad = 'lorem ipsum ' x 20_000;
for my $how ([ 'prior knowledge', '--http2-prior-knowledge',
    'http://127.0.0.1:' . $t->port('h2') . '/v1/chat/completions' ],
    [ 'TLS', '--http2', 'https://127.0.0.1:' . $t->port('tls')
    . '/v1/chat/completions' ])
{
    my ($name, @args) = @$how;
    served($t, curl(chat('hello'), @args), 'virginia', $name);
    served($t, curl(chat('n ' . ID), @args), 'riyadh', "$name, SA data");
    served($t, curl(chat($pad), @args), 'virginia', "$name, large");
    served($t, curl(chat($pad . ID), @args), 'riyadh', "$name, large, SA data");
    refused($t, curl(chat(SECRET), @args), 403, 'blocked_by_rule',
        "$name, a secret");
    # without a length: the body comes from a pipe
    served($t, curl(chat('n ' . ID), '-H', 'Content-Length:', @args),
        'riyadh', "$name, no Content-Length");
}
no_leak($t, ID, SECRET);

$t->done;
done_testing;
