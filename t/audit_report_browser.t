# The page of audit report in a real browser (Debian's chromium): no error, no
# request, no text that cannot be read; by keyboard, on paper, light and dark.
# IG_SHOTS=DIR keeps pages and screenshots for a person's eyes.

use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::AuditLog;
use IG::Build;
use IG::Npm;
use File::Temp qw(tempdir);
use JSON::PP ();
use Test::More;

binmode Test::More->builder->$_, ':utf8' for qw(output failure_output todo_output);

my $browser = "$FindBin::Bin/browser";
IG::Npm::install($browser);

my $dir = $ENV{IG_SHOTS} // tempdir(CLEANUP => 1);

my @countries = qw(SA DE AE FR IN US GB JP BR ZA NG GS);
my @tenants = ('acme-bank', 'بنك الرياض (SA)', 'müller & söhne', 'delhi-health');
my @detectors = qw(sa.national_id iban email secret.aws_key);

# requests of clients in the first $n countries, most of them at home
sub log_of ($name, $n) {
    my @lines = map {
        my $i = $_;
        my $from = $countries[ $i % 7 ? $i % $n : 0 ];
        my $to = $countries[ $i % 3 ? $i % $n : ($i * 5 + 1) % $n ];
        my %o = (tenant => $tenants[ $i % @tenants ], client_country => $from, law_of => [$from],
            time => sprintf('2026-11-%02dT08:22:%02d.000Z', 1 + $i % 20, $i % 60),
            model => ('gpt-4o', 'llama-3.3-70b')[ $i % 2 ],
            found => $i % 4 ? {} : { $detectors[ $i % 5 % @detectors ] => 1 + $i % 3 });
        $i % 11 == 0
            ? (decision("r$i", %o, reason => 'blocked_by_rule', status => 403,
                    rule => 'sa-identifiers-sovereign'),
                outcome("r$i", status => 403, sent => 0, received => 0, tries => 0))
            : $i % 13 == 0
            ? (decision("r$i", %o, reason => 'rate_limited', status => 429, limits => [ {
                    limit => 'requests/second', result => 'refused', used => '20', max => '20' } ]),
                outcome("r$i", status => 429, sent => 0, received => 0, tries => 0))
            : (decision("r$i", %o, endpoint => lc "cloud-$to", endpoint_country => $to,
                    endpoint_operators => [ $to, 'US' ]),
                $i % 50 ? outcome("r$i", endpoint => lc "cloud-$to", endpoint_country => $to,
                    address => '10.1.0.5:8000', verified => JSON::PP::true, upstream_status => 200,
                    sent => 1000 * $i, received => 4321 * $i, tokens => { input => 7 * $i,
                    output => 9 * $i, source => 'usage' }, cost => '0.012340000', currency => 'USD')
                    : ())
    } 1 .. 900;
    return write_log("$dir/$name.jsonl", @lines);
}

my $s = '<script>alert(1)</script>';
my @logs = (
    [ one => log_of(one => 1) ], [ many => log_of(many => 12) ],
    [ hostile => write_log("$dir/hostile.jsonl", map {
        my $e = $_;
        (decision($e, model => $e, tenant => $e, endpoint => $e, endpoint_country => 'US',
            endpoint_operators => [$e], law_of => ['DE'], laws => [$e], found => { $e => 1 }),
        decision("$e 2", model => $e, tenant => $e, reason => $e, rule => $e, status => 403))
    } $s, $s, '"><img src=x onerror=alert(1)>', "'</title></style><b>") ],
);
for (@logs) {
    my ($name, $log) = @$_;
    my $status = system('sh', '-c', 'exec "$@" >"$0"', "$dir/$name.html",
        command(), 'audit', 'report', '--rules', root('rules'), $log);
    is($status >> 8, 0, "$name: a report");
    cmp_ok(-s "$dir/$name.html", '<', 400_000, "$name: a small one");
}

my ($status, $out) = run('node', "$browser/report.mjs", $dir);
utf8::decode($out);
is($status, 0, 'report.mjs ran') or diag $out;
my $n = 0;
for (split /\n/, $out) {
    if (/^ok (.*)/) { $n++; pass($1) }
    elsif (/^not ok (.*)/) { $n++; fail($1) }
    else { diag $_ }
}
cmp_ok($n, '>=', 35, 'all checks ran');
done_testing;
