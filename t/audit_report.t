# inference-guard audit report: its figures, over logs that this test writes;
# that the page has the figures of --json; that nothing of a record is markup;
# that memory is bounded.  t/audit_report_browser.t looks at the page.

use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::AuditLog;
use IG::Build;
use Digest::SHA qw(sha256_base64);
use File::Temp qw(tempdir);
use JSON::PP qw(decode_json);
use Test::More;

binmode Test::More->builder->$_, ':utf8' for qw(output failure_output todo_output);

my $dir = tempdir(CLEANUP => 1);
my $guard = command();
my $n = 0;

sub log_of (@lines) { write_log("$dir/" . $n++ . '.jsonl', @lines) }

# (exit status, standard output, standard error)
sub report (@args) {
    my $status = system('sh', '-c', 'exec "$@" >"$0/out" 2>"$0/err"', $dir,
        $guard, 'audit', 'report', @args);
    return ($status >> 8, map { slurp("$dir/$_") } qw(out err));
}

sub figures (@args) {
    my ($status, $out, $err) = report('--json', @args);
    is($status, 0, 'a report is made') or diag $err;
    return decode_json($out);
}

sub slurp ($path) {
    open my $fh, '<:raw', $path or die "$path: $!";
    local $/;
    return <$fh> // '';
}

sub pick ($rows, %key) {
    my @found = grep {
        my $row = $_;
        !grep { ($row->{$_} // '') ne $key{$_} } keys %key;
    } @$rows;
    return @found == 1 ? $found[0] : undef;
}

sub sent ($name, $country, %o) {
    return (endpoint => $name, endpoint_country => $country, address => '10.1.0.5:8000',
        verified => JSON::PP::true, upstream_status => 200, %o);
}

###############################################################################
# what becomes of a request

my %frankfurt = (endpoint => 'frankfurt', endpoint_country => 'DE', endpoint_operators => ['DE', 'US']);
my $log = log_of(
    decision('r1', found => { 'sa.national_id' => 2 }),
    decision('r2', reason => 'blocked_by_rule', status => 403, rule => 'sa-identifiers-sovereign',
        rules => ['sa-transfers', 'sa-identifiers-sovereign'], found => { 'sa.national_id' => 1 }),
    outcome('r1', sent('riyadh-onprem', 'SA', tokens => { input => 100, output => 20,
        source => 'usage' }, cost => '0.001234000', currency => 'SAR')),
    outcome('r2', status => 403, sent => 0, received => 0, tries => 0),
    # abroad, and the outcome is lost
    decision('r3', client_country => 'FR', law_of => ['FR', 'SA'], tenant => 'beta', %frankfurt),
    # within the EEA
    decision('r4', client_country => 'FR', law_of => ['FR'], tenant => 'beta', %frankfurt,
        time => '2026-11-25T00:00:00.000Z', found => { email => 1 }),
    outcome('r4', sent('frankfurt', 'DE', verified => JSON::PP::false)),
    # no destination, and one refused after the decision
    decision('r5', reason => 'no_permitted_destination', status => 451,
        laws => ['pdpl-29', 'transfer-regulation']),
    outcome('r5', status => 451, sent => 0, received => 0, tries => 0),
    decision('r6'),
    outcome('r6', status => 503, reason => 'endpoints_down', sent => 0, received => 0),
    # led elsewhere: the first endpoint may have read it
    decision('r7'),
    redirect('r7', endpoint => 'virginia', endpoint_country => 'US'),
    outcome('r7', sent('virginia', 'US')),
    # only audited
    decision('r8', would => { verdict => 'block', reason => 'blocked_by_rule', status => 403,
        rules => ['sa-payment-data-in-kingdom'] }),
    outcome('r8', sent('riyadh-onprem', 'SA')),
    decision('r9', reason => 'rate_limited', status => 429, limits => [ { limit => 'requests',
        result => 'refused', used => '20', max => '20', resets_s => 1 } ]),
    outcome('r9', status => 429, sent => 0, received => 0, tries => 0),
    limit_event('r9'), checkpoint(), undecided('r10'),
    outcome('r0', sent('riyadh-onprem', 'SA')),
    "torn {\n", '{"v":1,"type":"decision","time":"2026-11-24T08:', "\n",
);

my $d = figures('--rules', root('rules'), $log);
is_deeply($d->{totals}, { requests => 9, sent => 4, perhaps_sent => 1, abroad => 2, refused => 4,
    would_be_refused => 1, with_findings => 3, not_fully_inspected => 0, undecided => 1,
    outcomes_alone => 1 }, 'the totals');
is_deeply($d->{log}, { files => 1, records => 21, bad_lines => 2, checkpoints => 1 },
    'what was read; lines that are none are counted');
is($d->{verification}{state}, 'not_verified', 'without a key nothing is verified');
is($d->{period}{first}, '2026-11-24T08:22:29Z', 'the first record');
is($d->{period}{last}, '2026-11-25T00:00:00Z', 'the last');

my $t = $d->{tables};
is_deeply(pick($t->{'by-client'}, from => 'SA', to => 'SA'), { from => 'SA', to => 'SA',
    transfers => 3, no_outcome => 1, with_findings => 1, sent_bytes => 2000,
    received_bytes => 10000 }, 'a redirect leaves the first endpoint in doubt');
is(pick($t->{'by-client'}, from => 'SA', to => 'US')->{transfers}, 1, 'and the second is known');
is(pick($t->{'by-client'}, from => 'ZZ', to => 'SA')->{transfers}, 1,
    'an outcome alone is a transfer of nobody known');
is_deeply([ map { pick($t->{'by-law'}, law_of => $_, to => 'DE')->{transfers} } qw(FR SA) ], [2, 1],
    'a request under two laws is in two rows');

is(pick($t->{'chapter-5'}, tenant => 'beta', law_of => 'FR', to => 'DE')->{relation},
    'within the EEA', 'no third country');
my $row = pick($t->{'chapter-5'}, tenant => 'beta', law_of => 'SA', to => 'DE');
is_deeply([ @$row{qw(relation endpoint transfers no_outcome)} ],
    ['another country', 'frankfurt', 1, 1], 'the ledger knows what may have left');
is_deeply($row->{operators}, ['DE', 'US'], 'whose law reaches the operator');
is_deeply(pick($t->{'chapter-5'}, to => 'US')->{laws}, ['pdpl-29'], 'the laws that were applied');
ok(!pick($t->{'chapter-5'}, law_of => 'SA', to => 'SA'), 'what stays is not in it');

is_deeply([ @{ pick($t->{'refusals-by-law'}, law => 'pdpl-29') }{qw(refused would_be_refused)} ],
    [2, 0], 'by law; a limit or an outage is no law');
is_deeply(pick($t->{'refusals-by-law'}, law => 'transfer-regulation')->{articles}, ['4, 7'],
    'the article is from the rule files');
is(pick($t->{'refusals-by-law'}, law => 'sama-csf-3-4-3')->{would_be_refused}, 1,
    'a rule that only audits, by its law');
is(pick($t->{'refusals-by-rule'}, rule => 'sa-identifiers-sovereign')->{refused}, 1,
    'the rule that blocked, not all that counted');
is(pick($t->{'refusals-by-rule'}, rule => 'sa-transfers')->{refused}, 1, 'or those that led to it');
is(pick($t->{'refusals-by-reason'}, reason => 'endpoints_down')->{requests}, 1,
    'refused after the decision');
is(pick($t->{'refusals-by-reason'}, reason => '(before a decision)')->{status}, '413',
    'and ended before it');

is_deeply(pick($t->{'data-types'}, detector => 'sa.national_id'), { tenant => 'acme-bank',
    detector => 'sa.national_id', title => 'National ID or Iqama number', requests => 2,
    places => 3, sent => 1, abroad => 0, refused => 1 }, 'data types by tenant');
is_deeply([ sort map { "$_->{limit} $_->{what} $_->{times}" } @{ $t->{'limits-hit'} } ],
    ['requests refused 1', 'tokens at 80 % 1'], 'limits');
$row = pick($t->{'endpoints-used'}, endpoint => 'riyadh-onprem');
is_deeply([ @$row{qw(requests input_tokens output_tokens)}, @{ $row->{cost} } ],
    [3, 100, 20, '0.001234000 SAR'], 'tokens and cost of an endpoint');
is(pick($t->{'endpoints-used'}, endpoint => 'frankfurt')->{address_not_verified}, 1,
    'an address that nobody declared');
$row = pick($t->{'article-30'}, tenant => 'beta');
is_deeply([ @$row{qw(operations data_types recipients third_countries)} ],
    [['chat_completions'], ['email'], ['frankfurt (DE)'], []], 'article 30');
is_deeply($t->{policies}[0]{these_rules}, 'no', 'titles are from other rule files, and it says so');

$d = figures($log);
is_deeply(pick($d->{tables}{'refusals-by-law'}, law => 'pdpl-29'), { law => 'pdpl-29', titles => [],
    articles => [], refused => 2, would_be_refused => 0 }, 'without rule files: ids');

###############################################################################
# which requests, which files

is(figures('--tenant', 'be*', $log)->{totals}{requests}, 2, '--tenant');
is(figures('--since', '2026-11-25', $log)->{totals}{requests}, 1, '--since');
is(figures('--until', '2026-11-25', $log)->{totals}{requests}, 8, '--until');

my @split = (log_of(decision('s1'), decision('s2')),
    log_of(outcome('s2', sent('riyadh-onprem', 'SA')), outcome('s1', sent('riyadh-onprem', 'SA'))));
$d = figures(@split);
is_deeply([ @{ $d->{totals} }{qw(requests sent perhaps_sent outcomes_alone)} ], [2, 2, 0, 0],
    'a request that began in another file');

$d = figures(log_of());
is($d->{totals}{requests}, 0, 'an empty log is a report, too');
is_deeply($d->{tables}{'by-client'}, [], 'with empty tables');

for (
    [ 'no such file', qr/no-such\.jsonl: No such file/, "$dir/no-such.jsonl" ],
    [ 'no file named', qr/name the log files/ ],
    [ 'one file twice', qr/is the same file as/, $log, "$dir/../" . ($dir =~ s{.*/}{}r) . '/0.jsonl' ],
    [ 'no time', qr/is not a time/, '--since', 'yesterday', $log ],
    [ 'rule files with a mistake', qr/\.yaml:\d+:\d+: /, '--rules',
        write_log("$dir/bad.yaml", "version: 1\njurisdiction: XQ\n"), $log ],
    [ 'an unknown option', qr/unrecognized option/, '--frobnicate', $log ],
) {
    my ($name, $why, @args) = @$_;
    my ($status, $out, $err) = report(@args);
    is($status, 2, "$name: not asked");
    like($err, $why, "$name: said why");
    is($out, '', "$name: no report");
}

SKIP: {
    -c '/dev/full' or skip('no /dev/full', 1);
    is(system('sh', '-c', 'exec "$@" >/dev/full 2>/dev/null', 'sh', $guard, 'audit', 'report', $log)
        >> 8, 2, 'a full disk is an error');
}

###############################################################################
# the page

my @hostile = ('<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "&lt;'--></style>",
    "\x{202e}gnp.exe", "a\x{0}\x{1}b");
my $evil = log_of(map { my ($i, $s) = ($_, $hostile[$_]);
    decision("h$i", tenant => $s, model => $s, operation => $s, rule => $s, rules => [$s],
        laws => [$s], found => { $s => 1 }, reason => 'blocked_by_rule', status => 403),
    decision("g$i", tenant => $s, endpoint => $s, endpoint_operators => [$s],
        endpoint_country => $s, client_country => $s, law_of => [$s], limits => [ { limit => $s,
        result => $s } ], found => { $s => 1 }),
    outcome("g$i", sent($s, $s, cost => $s, currency => $s, address => $s)) } 0 .. $#hostile);
my ($status, $page, $err) = report($evil);
is($status, 0, 'a hostile log') or diag $err;
utf8::decode($page) or fail('the page is UTF-8');
is(() = $page =~ /<script/g, 1, 'one script, ours');
is(() = $page =~ /<style/g, 1, 'one style');
unlike($page, qr/<img|<b>|onerror=alert\(1\)>/, 'no markup of a record');
like($page, qr/&lt;script&gt;alert\(1\)&lt;\/script&gt;/, 'it is there as text');
unlike($page, qr/[\x{202a}-\x{202e}\x{2066}-\x{2069}\x{0}-\x{8}\x{b}-\x{1f}]/,
    'nothing hidden that turns or ends the text');

my ($script) = $page =~ m{<script>(.*?)</script>}s;
my ($style) = $page =~ m{<style>(.*?)</style>}s;
my ($csp) = $page =~ /Content-Security-Policy" content="([^"]+)"/;
like($csp, qr/^default-src 'none'; /, 'nothing may be loaded');
for ([ script => $script ], [ style => $style ]) {
    my ($name, $text) = @$_;
    utf8::encode($text);
    my $sum = sha256_base64($text) . '=';
    like($csp, qr/$name-src 'sha256-\Q$sum\E';/, "the policy allows this $name and no other");
}
cmp_ok(length $script, '>', 5000, 'the library is in the page')
    or diag 'was npm there when this was built?';
cmp_ok(length($script) + length $style, '<', 100_000, 'and it is small');
unlike($page =~ s{<script>.*?</script>}{}sr =~ s/<bdi.*?<\/bdi>//gsr,
    qr/\b(?:src|srcset|action)=|href="[^#]|url\(|\@import/,
    'the page refers to nothing outside');

# every number of every table, in the page as in JSON
($status, $page) = report('--rules', root('rules'), $log);
utf8::decode($page);
my ($status2, $json) = report('--rules', root('rules'), '--json', $log);
$d = decode_json($json);
for my $id (sort keys %{ $d->{tables} }) {
    my $rows = $d->{tables}{$id};
    my ($table) = $page =~ m{(<table id="$id">.*?</table>)}s;
    my @keys = $json =~ m/"\Q$id\E":\[\s*\{(.*?)\}\s*[,\]]/s
        ? $1 =~ /"(\w+)":(?=\d)/g : ();
    my @want = map { my $row = $_; map { $row->{$_} } @keys } @$rows;
    my @have = ($table // '') =~ /<data value="(\d+)">/g;
    is("@have", "@want", "$id: the page has the figures of JSON");
    like($table, qr/<caption id="$id-caption">.+<\/caption>.*<th scope="col".*<th scope="row"/s,
        "$id: a caption, headings of columns and rows") if @$rows;
}
like($page, qr/<h2[^>]*>Not verified<\/h2>\s*<p>No key given/, 'the page says that it is not verified');

###############################################################################
# bounds: more keys than a table keeps, more requests than the window

my $many = 70_000;
open my $fh, '>', "$dir/many.jsonl" or die;
my $line = decision('ID', model => 'MODEL', tenant => 'TENANT');
for my $i (1 .. $many) {
    print $fh $line =~ s/ID/i$i/r =~ s/MODEL/m$i/r =~ s/TENANT/'t' . $i % 7/er;
}
close $fh or die;
my $limit = $guard =~ /asan/ ? 'unlimited' : 300_000;
$status = system('sh', '-c', 'ulimit -v ' . $limit . '; exec "$@" >"$0/out" 2>"$0/err"', $dir,
    $guard, 'audit', 'report', '--json', "$dir/many.jsonl");
is($status >> 8, 0, "$many requests without an outcome, in 300 MB") or diag slurp("$dir/err");
$d = decode_json(slurp("$dir/out"));
is($d->{totals}{perhaps_sent}, $many, 'each may have been sent');
is(scalar @{ $d->{tables}{models} }, 501, 'a table has so many rows, and one for the others');
my $sum = 0;
$sum += $_->{requests} for @{ $d->{tables}{models} };
is($sum, $many, 'which add up to all');
is($d->{tables}{models}[-1]{model}, undef, 'the others have no name');

done_testing;
