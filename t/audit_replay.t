# audit replay, over a log that a real server wrote: under the same rules nothing
# differs; under others what differs is counted, named and priced; what a record
# does not hold is said, never guessed.  Any size, in bounded memory.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Build;
use IG::Standard;
use JSON::PP;
use Test::More;

my $image = { model => 'm-1', messages => [ { role => 'user', content => [
    { type => 'image_url', image_url => { url => 'https://x.example/a.png' } } ]
    } ] };
my $tool = chat('hello', tools => [ { type => 'function', function =>
    { name => 'mail_send', parameters => {} } } ]);

my $t = standard(server => 'location /audited/ { inference_guard audit; '
    . 'rewrite ^/audited(/.*) $1 break; ' . IG::Standard::PROXY . ' }');

my @asked = (
    [ us => 'hello' ], [ us => 'hello', from('SA') ],
    [ us => 'iqama ' . ID ], [ us => 'a ' . SECRET ], [ us => 'USCASE-1234' ],
    [ sa => 'hello', from('SA') ], [ sa => 'iqama ' . ID, from('SA') ],
    [ sa => 'hello', from('DE') ], [ de => 'hello', from('DE') ],
    [ de => 'hello', from('FR') ], [ us => 'hello', from('none') ],
    [ nobody => 'hello' ], [ us => $image ], [ us => '{"model":' ],
    [ us => 'hello', 'X-Api-Key: tok-sa' ], [ us => $tool ],
);
my $n = 0;
for my $a (@asked) {
    my ($who, $what, @more) = @$a;
    my $r = ref $what || $what !~ /^\{/ ? ask($t, $who, $what, @more)
        : $t->post('/v1/chat/completions', $what, "Authorization: Bearer tok-$who");
    $n++ if $r->{status};
}
$t->post('/audited/v1/chat/completions', chat($_->[1]),
    "Authorization: Bearer tok-$_->[0]", from('SA')) && $n++
    for [ sa => 'hello' ], [ us => 'a ' . SECRET ], [ us => 'iqama ' . ID ];
$t->wait_records(outcome => scalar @asked + 3);
my $log = $t->dir('audit.jsonl');
my @decided = $t->records('decision');
cmp_ok(scalar @decided, '>=', 15, 'requests were decided');

sub replay (@args) {
    my ($status, $out) = run(command, 'audit', 'replay', '--json', @args);
    my $j = eval { decode_json($out) };
    return ($status, $j, $out);
}

# rules of the test, with some files replaced
my $worlds = 0;
sub rules (%over) {
    my $dir = 'new' . ++$worlds;
    my %all = (%IG::Standard::RULES, %over);
    $t->write("$dir/$_", $all{$_}) for keys %all;
    return $t->dir($dir);
}

# --- the same rules ---

my $old = $t->dir('rules');
my ($status, $j, $out) = replay('--rules', $old, $log);
is($status, 0, 'under the same rules nothing differs') or diag $out;
is($j->{decided}, scalar @decided, 'every decision was decided again');
is($j->{same}, $j->{decided}, 'and is the same');
is_deeply([ $j->@{qw(differ untold assumed)} ], [ 0, 0, 0 ], 'nothing else');

($status, $out) = run(command, 'audit', 'replay', '--rules', $old, $log);
is($status, 0, 'as text');
like($out, qr/^\d+ decided again: \d+ the same, 0 differ, 0 cannot be told$/m,
    'says so');

# --- other rules ---

my $sa = $IG::Standard::RULES{'sa.yaml'} =~ s/allowed: \[SA\]/allowed: [SA, US]/r;
($status, $j, $out) = replay('--rules', rules('sa.yaml' => $sa), '--old', $old, $log);
is($status, 1, 'a wider transfer: something differs') or diag $out;
is($j->{untold}, 0, 'all can be told') or diag $out;
cmp_ok($j->{kinds}{moved}, '>', 0, 'requests would go elsewhere');
is($j->{kinds}{refused}, 0, 'none would be refused');
my ($moved) = grep { $_->{what} eq 'moved' && $_->{tenant} eq 'bank-us' }
    $j->{groups}->@*;
like($moved->{from}, qr/^route riyadh-ep \(SA\)$/, 'from Riyadh');
like($moved->{to}, qr/^route virginia-ep \(US\)$/, 'to Virginia');
ok((grep { $_->{id} eq $moved->{examples}[0] } @decided), 'an example is a request');

my $ban = "version: 1\nrules: [{id: ban, when: {client_country: [US]}, then: {block: true}}]\n";
($status, $j, $out) = replay('--rules', rules('ban.yaml' => $ban), '--old', $old, $log);
is($status, 1, 'a new block') or diag $out;
my ($refused) = grep { $_->{what} eq 'refused' } $j->{groups}->@*;
is($refused->{rule}, 'ban', 'by that rule');
is($refused->{tenant}, 'bank-us', 'of that tenant');
like($refused->{to}, qr/^block blocked_by_rule$/, 'with that reason');
my $want = grep { $_->{client_country} eq 'US' && $_->{verdict} ne 'block'
    && $_->{mode} eq 'enforce' } @decided;
is($j->{kinds}{refused}, $want, 'as many as came from there and went');

my $open = $IG::Standard::RULES{'common.yaml'} =~ s/\nrules:.*//sr;
($status, $j, $out) = replay('--rules', rules('common.yaml' => "$open\n"), '--old', $old, $log);
my ($permitted) = grep { $_->{what} eq 'permitted' } $j->{groups}->@*;
is($permitted->{rule}, 'no-secrets', 'a rule less: what it had blocked is named by it')
    or diag $out;

# --- what cannot be told ---

my $tools = "version: 1\nrules: [{id: mail, when: {tools: ['mail_*']}, then: {block: true}}]\n";
($status, $j, $out) = replay('--rules', rules('tools.yaml' => $tools), '--old', $old, $log);
is($status, 1, 'a rule about tools');
my ($why) = grep { $_->{why} eq 'tools' } $j->{cannot_be_told}->@*;
cmp_ok($why->{count}, '>', 0, 'cannot be told') or diag $out;
is($why->{about}, 'mail', 'and which rule asks');
is($j->{kinds}{refused}, 0, 'nothing is guessed');

my $word = "version: 1\ndetectors: {t.word: {title: w, pattern: hello, anchor: hello, "
    . "score: {shape: 0.6}}}\nrules: [{id: w, when: {data: [t.word]}, then: {block: true}}]\n";
my $new = rules('word.yaml' => $word);
($status, $j, $out) = replay('--rules', $new, '--old', $old, $log);
($why) = grep { $_->{why} eq 'detector' } $j->{cannot_be_told}->@*;
cmp_ok($why->{count}, '>', 5, 'nor what a new detector would have found') or diag $out;
is($why->{about}, 't.word', 'and which');
($status, $j, $out) = replay('--rules', $new, $log);
is($j->{assumed}, $j->{decided}, 'without the old rules it is said what is taken for granted');

# a limit is no rule: what it refused is not said to be permitted
my $limited = (grep { /"type":"decision"/ && /"id":"$decided[0]{id}"/ } split /\n/,
    $t->read('audit.jsonl'))[0] =~ s/"verdict":"\w+"/"verdict":"block","reason":"rate_limited","status":429/r;
$t->write('limited.jsonl', "$limited\n");
($status, $j, $out) = replay('--rules', $old, $t->dir('limited.jsonl'));
is_deeply($j->{cannot_be_told}[0], { why => 'limit', count => 1, about => '',
    example => $decided[0]{id} }, 'refused for a limit') or diag $out;

# --- what it costs ---

my ($routed) = grep { $_->{endpoint} && $_->{endpoint} eq 'riyadh-ep'
    && $_->{tenant} eq 'bank-us' && $_->{mode} eq 'enforce' } @decided;
my @lines = split /\n/, $t->read('audit.jsonl');
my $priced = join "\n", map {
    my $line = s/,"tokens":\{[^}]*\},"cost":"[^"]*","currency":"USD"//r;
    $line =~ /"type":"outcome"/ && $line =~ /"id":"$routed->{id}"/
        ? $line =~ s/\}$/,"tokens":{"input":1000000,"output":500000,"source":"usage"},"cost":"4.500000000","currency":"USD"}/r
        : $line
} @lines;
$t->write('priced.jsonl', "$priced\n");
($status, $j, $out) = replay('--rules', rules('sa.yaml' => $sa), '--old', $old,
    $t->dir('priced.jsonl'));
is_deeply($j->{costs}, [ { currency => 'USD', recorded => '4.500000000',
    replayed => '1.500000000' } ], 'a million tokens in and half of it out, elsewhere')
    or diag $out;

# --- torn, long, missing ---

$t->write('torn.jsonl', substr($lines[0], 0, 40) . $lines[0] . "\nnot json\n"
    . join("\n", @lines[1 .. $#lines]) . "\n" . substr($lines[-1], 0, 30));
($status, $out) = run(command, 'audit', 'replay', '--rules', $old, $t->dir('torn.jsonl'));
like($out, qr/torn\.jsonl:1: this line begins with a torn record/, 'a torn record is named');
like($out, qr/torn\.jsonl:2: this line is no JSON/, 'and what is none');
like($out, qr/^${\ scalar @decided } decided again: /m, 'the others are decided');

my $many = 60;
open my $fh, '>', $t->dir('long.jsonl');
print $fh $t->read('audit.jsonl') x ($many * 20);
close $fh;
my $small = 'ulimit -v 400000; exec "$@"';
($status, $out) = run('sh', '-c', $small, 'sh', command, 'audit', 'replay', '--json',
    '--rules', $old, ($t->dir('long.jsonl')) x 3);
is($status, 0, 'a long log in little memory') or diag substr $out, 0, 500;
is(decode_json($out)->{decided}, @decided * $many * 60, 'all of it');

for ([ '--rules', $old, $t->dir('none') ], [ '--rules', $t->dir('none'), $log ],
    [ $log ], [ '--rules', $old ], [ '--what', $log ])
{
    ($status) = run(command, 'audit', 'replay', @$_);
    is($status, 2, "not asked: @$_[0]");
}

$t->done;
done_testing;
