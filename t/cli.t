# The command: what each sub-command answers and its exit status (0 yes, 1 no,
# 2 the question could not be asked).

use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Temp;
use IG::Build;
use IG::Standard qw(rules_dir ID SECRET);
use JSON::PP ();
use Test::More;

my $json = JSON::PP->new->utf8->canonical;
my $dir = File::Temp->newdir;
mkdir "$dir/rules";
sub put ($file, $text) {
    open my $fh, '>:raw', "$dir/$file" or die "$file: $!";
    utf8::encode($text) if utf8::is_utf8($text);
    print $fh $text;
    close $fh;
    return "$dir/$file";
}
put("rules/$_", $IG::Standard::RULES{$_}) for keys %IG::Standard::RULES;
sub guard (@args) { run(command(), @args) }

# nothing, nonsense, help
is((guard())[0], 2, 'without a command: 2');
is((guard('nonsense'))[0], 2, 'an unknown command: 2');
is((guard('--help'))[0], 0, '--help: 0');
like((guard('--version'))[1], qr/^inference-guard \d+\.\d+/, '--version');

# check
is((guard('check', "$dir/rules"))[0], 0, 'check: good');
my $bad = put('bad.yaml', "version: 1\njurisdiction: SA\ntitle: x\nrulez: []\n");
my ($status, $out) = guard('check', $bad);
is($status, 1, 'check: bad');
like($out, qr/^\Q$bad\E:4:1: .*rulez.*rules/m, 'check: place, what, and what would be right');
($status, $out) = guard('check', '--json', $bad);
is($status, 1, 'check --json: bad');
ok(eval { $json->decode($out) } || !grep({ !eval { $json->decode($_) } } split /\n/, $out),
    'check --json: JSON') or diag $out;
is((guard('check', "$dir/none.yaml"))[0], 2, 'check: no file');

# scan
my @texts = ('hello', 'é ' . ID . ' ok', SECRET, "٢٠٠٠٠٠٠٠٠٦", 'a ' . ID . ' b ' . ID);
my $in = put('texts', join '', map { $json->encode({ text => $_ }) . "\n" } @texts);
($status, $out) = run('sh', '-c', 'exec "$0" scan --rules "$1" < "$2"', command(),
    "$dir/rules", $in);
is($status, 0, 'scan');
my @lines = map { $json->decode($_) } split /\n/, $out;
is_deeply([ map { $_->{n} } @lines ], [ 0 .. $#texts ], 'scan: n');
is_deeply([ map { scalar $_->{findings}->@* } @lines ], [ 0, 1, 1, 1, 2 ], 'scan: numbers');
my $f = $lines[1]{findings}[0];
is_deeply([ $f->@{qw(detector start end)} ], [ 'sa.id', 3, 13 ], 'scan: bytes of UTF-8');
cmp_ok($f->{score}, '>=', 0.5, 'scan: score');
is_deeply([ sort keys %$f ], [ qw(detector end score start) ], 'scan: keys');
$f = $lines[3]{findings}[0];
is_deeply([ $f->@{qw(start end)} ], [ 0, 20 ], 'scan: other digits, their own bytes');
($status) = run('sh', '-c', 'echo nonsense | "$0" scan --rules "$1"', command(), "$dir/rules");
isnt($status, 0, 'scan: not JSON');

# test
mkdir "$dir/rules/tests";
my $case = <<"END";
- name: SA data stays
  tenant: {home: US}
  client_country: US
  request: {path: /v1/chat/completions, text: "n ${\ID}"}
  expect: {verdict: route, destinations: [SA], findings: [sa.id]}
- name: nothing there
  tenant: bank-us
  client_country: US
  request: {path: /v1/chat/completions, text: "hello"}
  expect: {verdict: route, destinations: [US, SA, DE], findings: []}
END
put('rules/tests/sa.yaml', $case);
($status, $out) = guard('test', "$dir/rules");
is($status, 0, 'test: passes') or diag $out;
put('rules/tests/sa.yaml', $case =~ s/destinations: \[SA\]/destinations: [AE]/r);
($status, $out) = guard('test', "$dir/rules");
is($status, 1, 'test: fails');
like($out, qr/SA data stays/, 'test: names the case');
like($out, qr/AE/, 'test: what was expected');
like($out, qr/\bSA\b/, 'test: what came');
unlike($out, qr/nothing there.*(?:fail|not ok)/i, 'test: the other passes');
unlink "$dir/rules/tests/sa.yaml";
isnt((guard('test', "$dir/rules"))[0], 0, 'test: no case at all is no yes');

# explain
my $body = put('body.json', $json->encode({ model => 'm', messages => [ {
    role => 'user', content => ID } ] }));
my @explain = ('explain', '--rules', "$dir/rules", '--tenant', 'bank-us',
    '--client-ip', '10.3.0.1', '--path', '/v1/chat/completions');
($status, $out) = guard(@explain, $body);
is($status, 0, 'explain') or diag $out;
like($out, qr/riyadh-ep/, 'explain: the endpoint');
like($out, qr/sa-transfers/, 'explain: the rule');
like($out, qr/virginia-ep.*country|country.*virginia-ep/s, 'explain: why not another');
like($out, qr/no-secrets/, 'explain: rules that did not match, too');
unlike($out, qr/${\ID}/, 'explain: not the value');
($status, $out) = guard(@explain, '--json', $body);
my $e = eval { $json->decode($out) };
ok($e, 'explain --json: JSON') or diag $out;
($status, $out) = run('sh', '-c', 'exec "$@" < "$0"', $body, command(), @explain, '-');
is($status, 0, 'explain: a body from standard input');
is((guard(@explain, "$dir/none"))[0], 2, 'explain: no body: 2');

# audit
my @records = map { $json->encode($_) . "\n" } (
    { v => 1, type => 'decision', time => '2026-01-01T00:00:00.000Z', writer => 'w', seq => 1,
      id => 'r1', tenant => 'bank-us', verdict => 'route', rules => [ 'sa-transfers' ],
      jurisdictions => [ { country => 'SA', from => [ 'data' ] } ], endpoint => 'riyadh-ep',
      endpoint_country => 'SA', client_country => 'US' },
    { v => 1, type => 'decision', time => '2026-01-02T00:00:00.000Z', writer => 'w', seq => 2,
      id => 'r2', tenant => 'bank-de', verdict => 'block', reason => 'blocked_by_rule',
      rule => 'no-secrets', rules => [ 'no-secrets' ], client_country => 'DE',
      jurisdictions => [ { country => 'DE', from => [ 'tenant' ] } ] });
my $log = put('audit.jsonl', join '', @records, '{"torn":');
sub search (@args) {
    my ($status, $out) = guard('audit', 'search', '--json', @args, $log);
    return [ $status, map { /"id":\s*"(\w+)"/ ? $1 : () } split /\n/, $out ];
}
is_deeply(search(), [ 0, 'r1', 'r2' ], 'audit search: all');
is_deeply(search('--tenant', 'bank-us'), [ 0, 'r1' ], 'audit search: tenant');
is_deeply(search('--rule', 'no-secrets'), [ 0, 'r2' ], 'audit search: rule');
is_deeply(search('--decision', 'route'), [ 0, 'r1' ], 'audit search: decision');
is_deeply(search('--jurisdiction', 'SA'), [ 0, 'r1' ], 'audit search: jurisdiction');
is_deeply(search('--endpoint-country', 'SA'), [ 0, 'r1' ], 'audit search: endpoint country');
is_deeply(search('--since', '2026-01-01T12:00:00Z'), [ 0, 'r2' ], 'audit search: since');
is_deeply(search('--until', '2026-01-01T12:00:00Z'), [ 0, 'r1' ], 'audit search: until');
is_deeply(search('--tenant', 'nobody'), [ 1 ], 'audit search: nothing is a no');
($status, $out) = guard('audit', 'search', '--tenant', 'bank-us', $log);
like($out, qr/bank-us.*riyadh-ep/, 'audit search: a table');
($status, $out) = guard('audit', 'search', "$dir/none");
is($status, 2, 'audit search: no file');

done_testing;
