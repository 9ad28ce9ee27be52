# `nginx -t` reports every mistake of every rule file, as file:line:column, in
# one run, and leaves nothing behind.  A guard without rules, or without records,
# does not start.  Control: the good files pass.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $t = standard(start => 0);
my ($status, $out) = $t->check($t->{conf});
is($status, 0, 'good files') or diag $out;
unlike($out, qr/\[emerg\]/, 'good files: no complaint');

$t->write('rules/bad1.yaml', <<'END');
version: 1
jurisdiction: QQ
title: Nowhere
law:
  x: {title: "a", article: "1", source: "https://example.com"}
detectors:
  qq.a:
    title: a
    patern: 'x'
transfers: {allowed: [SA], law: y}
END
$t->write('rules/bad2.yaml', <<'END');
version: 1
rules:
  - id: a
    when: {data: [no.such]}
    then: {block: true}
  - id: b
    when: {data: [sa.id]}
    then: {block: true}
    then: {block: true}
END
$t->write('rules/bad3.yaml', "version: 1\nendpoints:\n  x:\n    upstream: nowhere\n"
    . "    operators: [US]\n    tier: cloud\n    dialects: [openai]\n    models: [\"*\"]\n");
$t->write('rules/bad4.yaml', <<'END');
version: 1
detectors:
  q.regex:
    title: a regex that does not compile
    pattern: 'a(b'
    anchor: a
END
($status, $out) = $t->check($t->{conf});
isnt($status, 0, 'bad files');
like($out, qr{bad1\.yaml:2:\d+: .*QQ}, 'a bad country');
like($out, qr{bad1\.yaml:9:5: .*patern.*pattern}s, 'an unknown key, with the nearest');
like($out, qr{bad1\.yaml:10:\d+: }, 'an unknown law');
like($out, qr{bad2\.yaml:4:\d+: .*no\.such}, 'an unknown detector');
like($out, qr{bad2\.yaml:9:5: }, 'a key twice');
like($out, qr{bad3\.yaml:3:\d+: .*country}, 'an endpoint without a country');
like($out, qr{bad4\.yaml:5:\d+: }, 'a regex, with its place');
unlink glob $t->dir('rules/bad*.yaml');

# an upstream that is not there
($status, $out) = $t->check($t->{conf} =~ s/upstream riyadh/upstream riyad/r);
isnt($status, 0, 'a missing upstream');
like($out, qr{endpoints\.yaml:\d+:\d+: .*riyadh}, 'a missing upstream: where');

# a credential that cannot be read
$t->write('rules/endpoints.yaml', $IG::Standard::RULES{'endpoints.yaml'}
    =~ s/upstream: riyadh\n/upstream: riyadh\n    credential: {header: x-key, file: %%DIR%%\/none}\n/r);
($status, $out) = $t->check($t->{conf});
isnt($status, 0, 'a missing credential');
like($out, qr{endpoints\.yaml:5:\d+: }, 'a missing credential: where');
$t->write('rules/endpoints.yaml', $IG::Standard::RULES{'endpoints.yaml'});

for ([ 'no rules', qr/^inference_guard_rules.*\n/m ],
    [ 'no audit file', qr/^inference_guard_audit.*\n/m ])
{
    my ($name, $re) = @$_;
    ($status, $out) = $t->check($t->{conf} =~ s/$re//r);
    isnt($status, 0, $name);
    like($out, qr/\[emerg\].*inference_guard/, "$name: said");
}
($status, $out) = $t->check($t->{conf} =~ s{rules/\*\.yaml}{none/*.yaml}r);
isnt($status, 0, 'a pattern without files');
($status, $out) = $t->check($t->{conf} =~ s/inference_guard on/inference_guard maybe/r);
isnt($status, 0, 'an unknown mode');
($status, $out) = $t->check($t->{conf}
    =~ s/^inference_guard_rules/inference_guard_geoip %%DIR%%\/none.mmdb;\ninference_guard_rules/mr);
isnt($status, 0, 'a missing database');

# limits
sub with ($text) { $t->{conf} =~ s/^(?=server \{)/$text\n/mr }
my $zone = 'inference_guard_zone guard:2m';
for my $good ("$zone;", "$zone snapshot=%%DIR%%/limits;",
    "$zone interval=2s snapshot=%%DIR%%/limits;",
    map { ("inference_guard_$_ \$http_x_name;", "inference_guard_$_ off;") }
        qw(user task batch))
{
    ($status, $out) = $t->check(with($good));
    is($status, 0, $good) or diag $out;
}
for my $bad ("$zone snapshot=;", "$zone interval=0;", "$zone interval=soon;",
    "$zone snap=x;", 'inference_guard_zone guard;', 'inference_guard_zone g:8k;',
    (map { ("inference_guard_$_ name;", "inference_guard_$_ \$;",
        "inference_guard_$_ \$uri; inference_guard_$_ off;") }
        qw(user task batch)),
    'inference_guard_quota;', 'location /q { inference_guard_quota on; }')
{
    ($status, $out) = $t->check(with($bad));
    isnt($status, 0, $bad);
    like($out, qr/\[emerg\]/, "$bad said");
}

($status) = $t->check($t->{conf});
is($status, 0, 'good again');
is(length $t->read('audit.jsonl'), 0, 'no test of a configuration is recorded');
$t->expect_log(qr/\[emerg\]/);

$t->done;
done_testing;
