# audit propose, over a log that a real server wrote: each draft is a rule file
# that loads, says which law it touches, and permits what it says: the requests
# of its cause and no other.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Build;
use IG::Standard;
use JSON::PP;
use Test::More;

my $t = standard(rules => { 'more.yaml' => <<'END' });
version: 1
rules:
  - id: only-m
    when: {tenant: [bank-de]}
    then: {models: ["m-*"]}
  - id: kept
    when: {tenant: [bank-de], model: ["m-kept"]}
    unless: {data: [sa.id]}
    then: {block: true}
END

ask($t, us => 'a ' . SECRET) for 1 .. 3;
ask($t, sa => 'a ' . SECRET, from('SA')) for 1 .. 2;
ask($t, sa => 'hello', from('DE')) for 1 .. 4;
ask($t, de => { model => 'other', messages => [ { role => 'user', content => 'x' } ] },
    from('DE'));
ask($t, de => { model => 'm-kept', messages => [ { role => 'user', content => 'x' } ] },
    from('DE'));
ask($t, nobody => 'hello');
ask($t, us => 'hello');
$t->wait_records(outcome => 13);
my @decided = $t->records('decision');
my $log = $t->dir('audit.jsonl');
my $before = join '', map { $t->read("rules/$_") } qw(common.yaml more.yaml sa.yaml);

my ($status, $out) = run(command, 'audit', 'propose', '--json', '--rules', $t->dir('rules'), $log);
is($status, 1, 'there are drafts');
my $j = decode_json($out);
is($j->{refused}, 12, 'of all that was refused');
is(join('', map { $t->read("rules/$_") } qw(common.yaml more.yaml sa.yaml)), $before,
    'no file was changed');

sub cause ($reason, $tenant) {
    return grep { $_->{reason} eq $reason && $_->{tenant} eq $tenant } $j->{drafts}->@*;
}

# a draft, made in a copy of the rules, and the log under it
my $copies = 0;
sub applied ($draft) {
    my $dir = 'draft' . ++$copies;
    my $rules = $t->dir('rules');
    $t->write("$dir/" . s{.*/}{}r, $t->read("rules/" . s{.*/}{}r)) for glob "$rules/*.yaml";
    $t->write("$dir/" . ($_->{file} =~ s{.*/}{}r), $_->{text}) for $draft->{changes}->@*;
    my ($s, $o) = run(command, 'check', '--no-warnings', $t->dir($dir));
    is($s, 0, 'the draft loads') or diag $o;
    ($s, $o) = run(command, 'audit', 'replay', '--json', '--rules', $t->dir($dir),
        '--old', $rules, $log);
    return decode_json($o);
}

sub permits ($draft, $name, $count) {
    is($draft->{count}, $count, "$name: how many");
    is($draft->{permits}, $count, "$name: it permits them");
    is($draft->{others}, 0, "$name: and no others");
    my $r = applied($draft);
    is($r->{kinds}{permitted}, $count, "$name: so says the log under it") or diag encode_json($r);
    is($r->{differ}, $count, "$name: nothing else differs");
    is_deeply([ map { $_->{tenant} } grep { $_->{what} eq 'permitted' } $r->{groups}->@* ],
        [ $draft->{tenant} ], "$name: of that tenant");
}

my ($us) = cause(blocked_by_rule => 'bank-us');
permits($us, 'an exception for a secret', 3);
is($us->{changes}[0]{rule}, 'no-secrets', 'of that rule');
like($us->{changes}[0]{yaml}, qr/unless: \{tenant: \["bank-us"\], client_country: \["US"\], data: \["secret.test"\]/,
    'narrow');
my ($sa) = cause(blocked_by_rule => 'bank-sa');
permits($sa, 'the same rule for another tenant', 2);

my ($place) = cause(no_permitted_destination => 'bank-sa');
permits($place, 'a country in transfers', 4);
is($place->{changes}[0]{change}, 'transfers', 'transfers');
is(scalar $place->{changes}[0]{laws}->@*, 1, 'with the law that it rests on');

my ($model) = cause(model_not_permitted => 'bank-de');
permits($model, 'a model', 1);

my ($kept) = cause(blocked_by_rule => 'bank-de');
is_deeply($kept->{changes}, [], 'a rule that has an exception is left to a person');
like($kept->{advice}, qr/exception already/, 'and it is said');

my ($nobody) = grep { $_->{reason} eq 'unknown_tenant' } $j->{drafts}->@*;
is_deeply($nobody->{changes}, [], 'no rule lets a stranger in');
like($nobody->{advice}, qr/tenants/, 'it is said what would');

# --- as text: YAML with comments ---

($status, $out) = run(command, 'audit', 'propose', '--rules', $t->dir('rules'), $log);
is($status, 1, 'as text');
like($out, qr/^# draft 1, for a person to approve: 4 refused, no_permitted_destination/m,
    'the most frequent first');
like($out, qr/^#     rests on (?:sa|de)-law: Test law of /m, 'the law is cited');
my @yaml = grep { /^[^#\n]/m } split /^---\n/m, $out;
cmp_ok(scalar @yaml, '>=', 4, 'drafts are documents');
like($_, qr/^(?:rules|transfers|version):/m, 'of a rule file') for @yaml;
unlike($out, qr/igsecret-/, 'no value');

# --- a place where the law permits one ---

my $b = standard(rules => { 'endpoints.yaml' => $IG::Standard::RULES{'endpoints.yaml'}
    =~ s/  riyadh-ep:.*?(?=  frankfurt)//sr });
ask($b, sa => 'hello', from('SA'));
$b->wait_records(outcome => 1);
($status, $out) = run(command, 'audit', 'propose', '--json', '--rules', $b->dir('rules'),
    $b->dir('audit.jsonl'));
my ($new) = grep { $_->{changes}[0]{change} eq 'endpoint' } decode_json($out)->{drafts}->@*;
ok($new, 'an endpoint in the country is drafted') or diag $out;
is($new->{permits}, 1, 'which needs no rule changed');
like($new->{changes}[0]{yaml}, qr/country: "SA"/, 'there');
$b->done;

# --- nothing refused, nothing asked ---

$t->write('fine.jsonl', join "\n", (grep { /"verdict":"(?:route|allow)"/ }
    split /\n/, $t->read('audit.jsonl')), '');
($status) = run(command, 'audit', 'propose', '--rules', $t->dir('rules'), $t->dir('fine.jsonl'));
is($status, 0, 'nothing was refused');
($status) = run(command, 'audit', 'propose', $log);
is($status, 2, 'no rules, no answer');

$t->done;
done_testing;
