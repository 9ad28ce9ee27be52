# compare: rules that permit nothing new are proven to, others are shown by a
# request, and `explain` agrees about that request.  The packs of this repository
# against changes of theirs.

use v5.36;
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Build;
use JSON::PP;
use Test::More;

my $dir = tempdir(CLEANUP => 1);
# the example's endpoints, and one in the Kingdom that a foreign company runs
my $endpoints = read_file('examples/endpoints.yaml') . <<'END';
  riyadh-foreign:
    upstream: foreign
    country: SA
    operators: [US]
    addresses: [127.0.0.0/8]
    tier: cloud
    dialects: [openai, anthropic, ollama]
    models: ["*"]
    price: {currency: USD, input: 1, output: 1}
END

sub put ($path, $text) {
    mkdir "$dir/" . ($path =~ s{/.*}{}r) if $path =~ m{/};
    open my $fh, '>', "$dir/$path" or die "$path: $!";
    print $fh $text;
    close $fh;
    return "$dir/$path";
}

my @files = (put('endpoints.yaml', $endpoints), map { root("examples/$_.yaml") } qw(tenants policy));
my @with = map { ('--with', $_) } @files;

# the packs with one file changed by a substitution
my $copies = 0;
sub packs ($file, $change) {
    my $name = 'packs' . ++$copies;
    for my $path (glob root('rules/*.yaml')) {
        my $text = read_file($path);
        my $base = $path =~ s{.*/}{}r;
        if ($base eq $file) {
            my $was = $text;
            local $_ = $text;
            $change->();
            isnt($_, $was, "$file: changed");
            $text = $_;
        }
        put("$name/$base", $text);
    }
    return "$dir/$name";
}

sub compare (@args) {
    my ($status, $out) = run('sh', '-c', 'exec "$@" 2>/dev/null', 'sh', command,
        'compare', '--json', @with, @args);
    my $j = eval { decode_json($out) } or diag $out;
    return ($status, @{ $j // [] });
}

my $rules = root('rules');
my ($status, $a) = compare($rules, $rules);
is($status, 0, 'the same rules');
is($a->{answer}, 'proven', 'permit nothing new');

# --- wider: shown, and explain says the same ---

my $wider = packs('sa.yaml', sub { s/allowed: \[SA\]/allowed: [SA, DE]/ });
($status, $a) = compare($rules, $wider);
is($status, 1, 'a country more in transfers');
is($a->{answer}, 'counterexample', 'is shown');
is($a->{forbidden_by}, 'sa-transfers', 'with the rule that forbade it');
like($a->{file}, qr/sa\.yaml$/, 'and its file');
is($a->{endpoint_country}, 'DE', 'and where it would go');
my $q = $a->{request};
my $body = put('body.json', encode_json({ model => $q->{model} || 'm',
    messages => [ { role => 'user', content => 'hello' } ] }));
is_deeply($q->{findings}, [], 'no data is needed for it');
for my $case ([ $rules, 0 ], [ $wider, 1 ]) {
    my ($s, $out) = run(command, 'explain', '--json', '--rules', $case->[0],
        (map { ('--rules', $_) } @files),
        '--tenant', $q->{tenant}, '--country', $q->{client_country},
        ($q->{claims}->@* ? ('--claim', join ',', $q->{claims}->@*) : ()),
        '--path', $q->{path}, $body);
    my $x = decode_json($out);
    my $has = grep { $_->{name} eq $a->{endpoint} && $_->{permitted} } $x->{endpoints}->@*;
    is($has ? 1 : 0, $case->[1], $case->[1] ? 'explain: permitted now' : 'explain: not before')
        or diag $out;
}

($status, $a) = compare($wider, $rules);
is($status, 0, 'and the other way round it is proven');

# --- an exception, an audited rule, a stance, a detector that is gone ---

my @wider = (
    [ 'an exception', 'global.yaml',
        sub { s/(when: \{data: \[secret\.\*\]\})/$1\n    unless: {tenant: [acme-bank]}/ } ],
    [ 'a rule that only audits', 'sa.yaml', sub { s/enforcement: enforce/enforcement: audit/ } ],
    [ 'a higher score', 'global.yaml',
        sub { s/\{data: \[secret\.\*\]\}/{data: [secret.*], score: 0.95}/ } ],
    [ 'data that is not looked for', 'sa.yaml',
        sub { s/data: \[sa\.\*\]/data: [sa.national_id]/; s/\n  sa\.national_id:/\n  sa.other:/;
              s/sa\.national_id\]/sa.other]/ } ],
);
for my $w (@wider) {
    my ($name, $file, $change) = @$w;
    ($status, $a) = compare($rules, packs($file, $change));
    is($status, 1, "$name: shown") or diag explain $a;
}

# --- a rule that others stand for, and the same without them ---

my $gone = packs('sa.yaml', sub { s/  - id: sa-payment.*?\n\n//s });
($status, $a) = compare($rules, $gone);
is($status, 0, 'a rule less: transfers keep what it kept');
my $open = packs('sa.yaml', sub { s/allowed: \[SA\]/allowed: [SA, AE]/ });
my $both = packs('sa.yaml', sub { s/allowed: \[SA\]/allowed: [SA, AE]/;
    s/  - id: sa-payment.*?\n\n//s });
($status, $a) = compare($open, $both);
is($status, 1, 'and where transfers are wider it is missed');
is($a->{forbidden_by}, 'sa-payment-data-in-kingdom', 'by name');
like($a->{request}{findings}[0]{detector}, qr/^(?:card|iban)$/, 'with the data it was for');

# --- narrower ---

my $narrow = packs('global.yaml', sub { s/secret\.\*/secret.*, card/ });
($status, $a) = compare($rules, $narrow);
is($status, 0, 'more that is blocked: proven');

# --- a boundary ---

my $boundary = put('boundary.yaml', <<'END');
version: 1
jurisdiction: SA
title: what must always hold
law: {b: {title: a board's decision, article: "1", source: "https://example.com/"}}
rules:
  - {id: bank-at-home, when: {tenant: [acme-bank]}, then: {destinations: [SA]}, law: b}
END
($status, $a) = compare('--boundary', $boundary, $rules);
is($status, 0, 'a boundary that the rules keep');
($status, $a) = compare('--boundary', $boundary, $wider);
is($status, 1, 'and one that they do not');
is($a->{than}, 'boundary', 'is named');
is($a->{forbidden_by}, 'bank-at-home', 'with its rule');
is($a->{request}{tenant}, 'acme-bank', 'and whose request');

my ($first, $second);
($status, $first, $second) = compare('--boundary', $boundary, $wider, $wider);
is($status, 1, 'both questions at once');
is_deeply([ $first->{answer}, $second->{answer} ], [ 'proven', 'counterexample' ],
    'each has its answer');

# --- as text, and not asked ---

my $out;
($status, $out) = run(command, 'compare', @with, $rules, $wider);
is($status, 1, 'as text');
like($out, qr/^counterexample: the new rules permit what the old rules forbid$/m, 'what');
like($out, qr/^  forbidden    by sa-transfers, .*sa\.yaml:\d+ \(pdpl-29, transfer-regulation\)$/m,
    'by what, where, and on which law');

($status, $out) = run(command, 'compare', @with, '--steps', '1', $rules, $wider);
is($status, 2, 'a bound that is reached');
like($out, qr/^not proven: the number of steps/, 'is no proof');

for my $args ([ $rules ], [ $rules, "$dir/none" ], [ '--boundary', "$dir/none", $rules ],
    [ '--steps', 'x', $rules, $rules ], [ '--boundary', root('examples/policy.yaml'), $rules ])
{
    ($status, $out) = run(command, 'compare', @with, @$args);
    is($status, 2, 'not asked') or diag $out;
}
done_testing;
