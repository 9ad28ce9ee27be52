# The command and the server decide alike: for the same request `explain` names
# the verdict, reason and endpoint that NGINX records.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Build qw(command);
use IG::Standard;
use JSON::PP ();
use Test::More;

my $t = standard(nginx => { workers => 1 });
my $json = JSON::PP->new->utf8->canonical;
my %ip = (SA => '10.1.2.3', DE => '10.2.2.3', US => '10.3.2.3',
    FR => '10.4.2.3', none => '192.0.2.9');

my $n = 0;
for my $who (qw(us sa de)) {
    for my $country (qw(US SA DE FR none)) {
        for my $text ('hello', 'n ' . ID, SECRET) {
            $n++;
            my $body = $json->encode(chat($text));
            my $r = $t->post('/v1/chat/completions', $body,
                "Authorization: Bearer tok-$who", "X-Forwarded-For: $ip{$country}");
            my ($d) = ($t->wait_records(decision => $n))[-1];
            $t->write('body.json', $body);
            my ($status, $out) = $t->run(command(), 'explain', '--json',
                '--rules', $t->dir('rules'), '--tenant', "bank-$who",
                '--client-ip', $ip{$country}, '--path', '/v1/chat/completions',
                $t->dir('body.json'));
            my $e = eval { $json->decode($out) } // {};
            is($e->{verdict} // '-', $d->{verdict}, "$who, $country, $text: verdict")
                or diag $out;
            is($e->{reason} // '-', $d->{reason} // '-', "$who, $country, $text: reason");
            is($e->{endpoint} // '-', $d->{endpoint} // '-', "$who, $country, $text: endpoint");
        }
    }
}
$t->done;
done_testing;
