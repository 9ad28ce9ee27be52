package IG::Standard;

# The set-up most tests share: three tenants, three endpoints, three packs and
# one file that belongs to no country, all small and made for tests.
#
#   tenant (token)    home    endpoint     upstream    country, price
#   tok-sa            SA      riyadh-ep    riyadh      SA  3
#   tok-de            DE      frankfurt-ep frankfurt   DE  2
#   tok-us            US      virginia-ep  virginia    US  1
#
#   pack  what leaves              detectors
#   SA    SA only                  sa.id: ten digits, Luhn ("2000000006")
#   DE    EU only
#   US    anywhere of SA, DE, US   us.case: "USCASE-" and digits (no effect)
#   -     -                        secret.test: "igsecret-" and letters: blocked
#
# A client comes from US (127.0.0.1) unless X-Forwarded-For says 10.1.x (SA),
# 10.2.x (DE), 10.3.x (US), 10.4.x (FR: no pack of its own, none of a group).
#
# So tok-us goes to virginia, the cheapest; tok-us with an SA number in the
# request goes to riyadh; tok-sa to riyadh; tok-de (from DE) to frankfurt.
#
#   my $t = standard();                     started, with upstreams
#   my $t = standard(location => '…', server => '…', http => '…',
#                    rules => { 'x.yaml' => '…' }, upstreams => { … },
#                    start => 0);

use v5.36;

use Digest::SHA qw(sha256_hex);
use Exporter qw(import);
use IG::Nginx;
use Test::More ();

our @EXPORT = qw(standard conf chat ask from text_of served outcome_of
    got_nothing refused no_leak rules_dir PROXY ID SECRET);

use constant ID     => '2000000006';       # passes Luhn, as in DESIGN.md
use constant SECRET => 'igsecret-abcdefgh';

use constant PROXY => <<'END';
proxy_http_version 1.1;
proxy_set_header Connection "";
proxy_set_header Host $inference_guard_host;
proxy_pass $inference_guard_scheme://$inference_guard_upstream;
END

sub key ($token) { 'sha256:' . sha256_hex($token) }

our %RULES = (
    'sa.yaml' => <<'END',
version: 1
jurisdiction: SA
title: Saudi Arabia (test)
law:
  sa-law: {title: "Test law of SA", article: "1", source: "https://example.com/sa"}
detectors:
  sa.id:
    title: Ten digits with Luhn
    pattern: '[12]\d{9}'
    anchor: digits
    validator: luhn
    context: [iqama]
    score: {validated: 0.6, context: 0.95}
transfers: {allowed: [SA], of: any, law: sa-law}
END
    'de.yaml' => <<'END',
version: 1
jurisdiction: DE
title: Germany (test)
law:
  de-law: {title: "Test law of DE", article: "1", source: "https://example.com/de"}
transfers: {allowed: [EU], of: any, law: de-law}
END
    'us.yaml' => <<'END',
version: 1
jurisdiction: US
title: United States (test)
law:
  us-law: {title: "Test law of US", article: "1", source: "https://example.com/us"}
detectors:
  us.case:
    title: A case number
    pattern: 'USCASE-\d{4}'
    anchor: USCASE-
    score: {shape: 0.6}
transfers: {allowed: [US, SA, DE], of: any, law: us-law}
END
    'common.yaml' => <<'END',
version: 1
detectors:
  secret.test:
    title: A secret for tests
    pattern: 'igsecret-[a-z]{8}'
    anchor: igsecret-
    kind: secret
    score: {shape: 0.9}
rules:
  - id: no-secrets
    when: {data: [secret.*]}
    then: {block: true}
END
    'tenants.yaml' => sprintf(<<'END', map { key("tok-$_") } qw(sa de us)),
version: 1
tenants:
  bank-sa: {home: SA, keys: ["%s"], subjects: ["CN=bank-sa"]}
  bank-de: {home: DE, keys: ["%s"]}
  bank-us: {home: US, keys: ["%s"]}
END
    'endpoints.yaml' => <<'END',
version: 1
endpoints:
  riyadh-ep:
    upstream: riyadh
    country: SA
    operators: [SA]
    tier: cloud
    dialects: [openai, anthropic, ollama]
    models: ["*"]
    addresses: [127.0.0.1/32]
    price: {currency: USD, input: 3, output: 3}
  frankfurt-ep:
    upstream: frankfurt
    country: DE
    operators: [DE]
    tier: cloud
    dialects: [openai, anthropic, ollama]
    models: ["*"]
    addresses: [127.0.0.1/32]
    price: {currency: USD, input: 2, output: 2}
  virginia-ep:
    upstream: virginia
    country: US
    operators: [US]
    tier: cloud
    dialects: [openai, anthropic, ollama]
    models: ["*"]
    addresses: [127.0.0.1/32]
    price: {currency: USD, input: 1, output: 1}
END
    'policy.yaml' => <<'END',
version: 1
policy:
  networks:
    127.0.0.0/8: US
    10.1.0.0/16: SA
    10.2.0.0/16: DE
    10.3.0.0/16: US
    10.4.0.0/16: FR
END
);

sub rules_dir ($t, $over = {}) {
    my %rules = (%RULES, %$over);
    for my $file (sort keys %rules) {
        $t->write("rules/$file", $rules{$file}) if defined $rules{$file};
    }
}

# The http{} block of the standard server.
sub conf (%o) {
    my $proxy    = PROXY;
    my $http     = $o{http} // '';
    my $server   = $o{server} // '';
    my $location = $o{location} // '';
    my $listen   = $o{listen} // 'listen %%PORT:http%%;';
    my $guard    = $o{guard} // 'on';
    my $audit    = $o{audit} // '%%DIR%%/audit.jsonl';
    my $upstreams = join '', map {
        my $extra = $o{upstreams}{$_} // "server 127.0.0.1:%%PORT:$_%%;";
        "upstream $_ { $extra }\n"
    } qw(riyadh frankfurt virginia);
    my $main_location = $o{root} // <<"END";
location / {
    inference_guard $guard;
    $location
    $proxy
}
END
    return <<"END";
inference_guard_rules  %%DIR%%/rules/*.yaml;
inference_guard_audit  $audit;
set_real_ip_from 127.0.0.1;
real_ip_header   X-Forwarded-For;
inference_guard_tenant \$http_authorization \$http_x_api_key;
$upstreams
$http
server {
    $listen
    $server
    $main_location
}
END
}

sub standard (%o) {
    my $t = IG::Nginx->new(%{ $o{nginx} // {} });
    rules_dir($t, $o{rules} // {});
    $t->upstream($_, $o{handlers}{$_} // $o{handler},
        %{ $o{upstream_options}{$_} // {} }) for qw(riyadh frankfurt virginia);
    $t->{conf} = conf(%o);
    $t->start($t->{conf}) if $o{start} // 1;
    return $t;
}

# The body of a chat request, and one sent by a tenant.
sub chat ($text, %more) {
    return { model => 'm-1', messages => [ { role => 'user',
        content => $text } ], %more };
}

sub ask ($t, $tenant, $text, @headers) {
    return $t->post('/v1/chat/completions', ref $text ? $text : chat($text),
        "Authorization: Bearer tok-$tenant", @headers);
}

sub from ($country) {
    my %net = (SA => '10.1.2.3', DE => '10.2.2.3', US => '10.3.2.3',
        FR => '10.4.2.3', none => '192.0.2.9');
    return "X-Forwarded-For: $net{$country}";
}

sub text_of ($t, $r) {
    my $j = $t->json($r);
    return ref $j->{choices} ? $j->{choices}[0]{message}{content} : '';
}

# --- assertions ---

# Answered by that upstream, and no other got a byte more than before.
sub served ($t, $r, $by, $name) {
    Test::More::is($r->{status}, 200, "$name: answered")
        or Test::More::diag(substr $r->{head} . $r->{body}, 0, 600);
    Test::More::is($r->{headers}{'x-served-by'} // '-', $by, "$name: by $by");
    got_nothing($t, $name, grep { $_ ne $by } keys $t->{up}->%*);
    $_->reset for values $t->{up}->%*;
}

sub got_nothing ($t, $name, @ups) {
    @ups = sort keys $t->{up}->%* if !@ups;
    Test::More::is_deeply(
        [ map { [ $_, $t->up($_)->bytes, $t->up($_)->connections ] } @ups ],
        [ map { [ $_, 0, 0 ] } @ups ],
        "$name: not a byte to " . join ', ', @ups);
}

# Refused with that status and code, and nobody got a byte.
sub refused ($t, $r, $status, $code, $name) {
    Test::More::is($r->{status}, $status, "$name: $status")
        or Test::More::diag(substr $r->{head} . $r->{body}, 0, 600);
    my $e = $t->json($r)->{error};
    my $got = ref $e ? $e->{code} // $e->{type} // '' : $e // '';
    Test::More::is($got, $code, "$name: $code") if defined $code;
    got_nothing($t, $name);
    $_->reset for values $t->{up}->%*;
}

sub outcome_of ($t, $request_id) {
    return $t->wait_for('an outcome', sub {
        my ($o) = grep { $_->{id} eq $request_id }
            $t->records('outcome');
        $o;
    });
}

# None of the values in any log or record.  NGINX's own access log is left out:
# its format, and with it whether a path or query is in it, is the operator's.
sub no_leak ($t, @values) {
    my $all = join "\n", map { $t->read($_) } map { s{^\Q$t->{dir}\E/}{}r }
        grep { !m{/access\.log$} }
        glob($t->dir('logs/*')), glob($t->dir('*.jsonl*'));
    Test::More::is(scalar(() = $all =~ /\Q$_\E/g), 0,
        'a value of the request is in no log or record') for @values;
}

1;
