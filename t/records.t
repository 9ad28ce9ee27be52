# The decision is in the file before the endpoint has a byte, the outcome comes
# after the answer, and a request that never came to a decision has a record,
# too.  Every line is one JSON object and no text of a request is in any.
# Control: the fields say who, from where, what, whither and why.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $seen;
my $t = standard(start => 0);
$t->{up}{virginia}->stop;
$seen = $t->dir('seen');
$t->{up}{virginia} = IG::Upstream->new(name => 'virginia',
    port => $t->port('virginia'), dir => $t->dir('upstream-v2'),
    on_bytes => sub ($c) {
        open my $fh, '>>', $seen;
        print $fh scalar(() = $t->read('audit.jsonl') =~ /"type":"decision"/g),
            "\n";
    });
$t->start($t->{conf});

for my $i (1 .. 5) {
    served($t, ask($t, us => "canary-$i"), 'virginia', "request $i");
    my @n = split /\n/, $t->read('seen');
    is($n[-1], $i, "request $i: its decision was there at the first byte");
}
my @o = $t->wait_records(outcome => 5);
my @d = $t->records('decision');
is(scalar @d, 5, 'five decisions');
my %id = map { $_->{id} => 1 } @d;
is(scalar(keys %id), 5, 'each of another request');
is_deeply([ sort map { $_->{id} } @o ], [ sort keys %id ],
    'an outcome for each');
my %seq;
$seq{ $_->{writer} }{ $_->{seq} }++ for $t->records;
is_deeply([ grep { $_ != 1 } map { values %$_ } values %seq ], [],
    'no number twice in a writer');
for my $w (keys %seq) {
    my @n = sort { $a <=> $b } keys $seq{$w}->%*;
    is($n[-1] - $n[0] + 1, scalar @n, 'no number is missing in a writer');
}

$_->reset for values $t->{up}->%*;
my $r = ask($t, us => 'my number ' . ID . ' canary');
served($t, $r, 'riyadh', 'SA data');
my ($d) = grep { $_->{verdict} eq 'route' && @{ $_->{findings} // [] } }
    $t->records('decision');
ok($d, 'its decision') or diag $t->read('audit.jsonl');
is($d->{tenant}, 'bank-us', 'tenant');
is($d->{client_country}, 'US', 'client country');
is($d->{dialect}, 'openai', 'dialect');
is($d->{model}, 'm-1', 'model');
is($d->{operation}, 'chat_completions', 'operation');
is($d->{endpoint}, 'riyadh-ep', 'endpoint');
is_deeply([ map { $_->{country} } $d->{jurisdictions}->@* ], [ 'SA', 'US' ],
    'jurisdictions');
is_deeply([ sort $d->{rules}->@* ], [ 'sa-transfers', 'us-transfers' ],
    'rules');
is($d->{findings}[0]{detector}, 'sa.id', 'finding');
my $text = JSON::PP->new->canonical->encode($d);
like($text, qr{/messages/0/content}, 'its place');
like($d->{time}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, 'time');
like($d->{policy}, qr/^(?:sha256:)?[0-9a-f]{64}$/, 'digest of the policy');

my ($o) = grep { $_->{id} eq $d->{id} }
    $t->wait_records(outcome => 6);
is($o->{status}, 200, 'outcome: status');
is($o->{upstream_status}, 200, "outcome: the endpoint's status");
is($o->{address}, '127.0.0.1:' . $t->port('riyadh'), 'outcome: address');
ok($o->{verified}, 'outcome: inside the declared addresses');
ok($o->{sent} > 0 && $o->{received} > 0, 'outcome: bytes');

# refusals have a decision and an outcome
$_->reset for values $t->{up}->%*;
refused($t, ask($t, us => SECRET), 403, 'blocked_by_rule', 'a secret');
($d) = grep { ($_->{reason} // '') eq 'blocked_by_rule' }
    $t->wait_records(decision => 7);
is($d->{verdict}, 'block', 'refusal: verdict');
is($d->{rule}, 'no-secrets', 'refusal: rule');

# never decided
my $s = $t->connect;
$t->send($s, "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n"
    . "Content-Length: 100\r\nAuthorization: Bearer tok-us\r\n\r\n{\"canary");
close $s;
my ($u) = $t->wait_records(undecided => 1);
ok($u->{id}, 'undecided: a record');

unlike($t->read('audit.jsonl'), qr/\r/, 'lines end with a newline');
like($t->read('audit.jsonl'), qr/\}\n\z/, 'the file ends with one');
no_leak($t, ID, SECRET, 'canary', 'tok-us');

$t->done;
done_testing;
