#!/usr/bin/perl

# inference-guard audit search and tail, over logs that this test writes.
# IG_B names the build directory.

use strict;
use warnings;

use Test::More;
use File::Temp qw(tempdir);
use IO::Select;
use IPC::Open3;
use POSIX ();
use Symbol qw(gensym);

my $b = $ENV{IG_B} || 'build';
my $guard = "$b/inference-guard";
my $dir = tempdir(CLEANUP => 1);

die "no $guard: build it first\n" unless -x $guard;

delete $ENV{NO_COLOR};

###############################################################################

my $seq = 0;

sub decision {
    my ($id, %o) = @_;

    my $time = $o{time} || '2026-11-24T08:22:29.123Z';
    my $rules = join ',', map { qq("$_") } @{ $o{rules} || ['sa-transfers'] };
    my $law = join ',', map { qq({"country":"$_","from":["tenant"]}) }
        @{ $o{jurisdictions} || ['SA'] };
    my $found = join ',', map {
        qq({"detector":"$_","count":2,"score":0.95,"places":[]}) }
        @{ $o{findings} || [] };
    my $verdict = $o{verdict} || 'route';

    return qq({"v":1,"type":"decision","time":"$time","writer":"w1","seq":)
        . $seq++ . qq(,"id":"$id","policy":") . '0' x 64
        . qq(","mode":"enforce","verdict":"$verdict")
        . ($o{reason} ? qq(,"reason":"$o{reason}","status":403) : '')
        . qq(,"tenant":") . ($o{tenant} // 'acme-bank')
        . qq(","client_country":"SA","bytes":10)
        . qq(,"coverage":{"inspected":"full"})
        . ($o{reason} ? '' : sprintf(',"endpoint":"%s","endpoint_country":"%s"',
            $o{endpoint} || 'riyadh', $o{in} || 'SA'))
        . qq(,"rules":[$rules])
        . ($o{would} ? qq(,"would":{"verdict":"block","rules":["$o{would}"]})
            : '')
        . qq(,"jurisdictions":[$law],"destinations":["SA"],"operators":"all")
        . qq(,"findings":[$found],"findings_total":0,"permitted":[])
        . qq(,"rejected":[]}\n);
}

sub outcome {
    my ($id, %o) = @_;

    my $time = $o{time} || '2026-11-24T08:22:30.000Z';
    my $status = $o{status} || 200;

    return qq({"v":1,"type":"outcome","time":"$time","writer":"w1","seq":)
        . $seq++ . qq(,"id":"$id","status":$status)
        . ($o{reason} ? qq(,"reason":"$o{reason}") : '')
        . ($o{endpoint}
            ? qq(,"endpoint":"$o{endpoint}","endpoint_country":"$o{in}") : '')
        . qq(,"tries":1,"sent":1,"received":2,"duration_us":1500,"guard_us":9})
        . "\n";
}

sub put {
    my ($name, @lines) = @_;

    open my $f, '>', "$dir/$name" or die "$name: $!";
    print $f @lines;
    close $f or die "$name: $!";

    return "$dir/$name";
}

sub append {
    my ($path, @lines) = @_;

    open my $f, '>>', $path or die "$path: $!";
    print $f @lines;
    close $f or die "$path: $!";
}

# (exit status, stdout, stderr)

sub run {
    my (@args) = @_;

    open my $null, '<', '/dev/null' or die;
    my $err = "$dir/stderr";
    my $pid = open my $out, '-|';
    die "fork: $!" unless defined $pid;

    if (!$pid) {
        open STDERR, '>', $err or die;
        exec $guard, 'audit', @args or POSIX::_exit(127);
    }

    local $/;
    my $text = <$out> // '';
    close $out;
    my $status = $? >> 8;

    open my $e, '<', $err or die;
    my $errors = <$e> // '';

    return ($status, $text, $errors);
}

# the ids in the order of their first line

sub ids {
    my ($text) = @_;
    my (%seen, @ids);

    for (split /\n/, $text) {
        push @ids, $1 if /"id":"([^"]+)"/ && !$seen{$1}++;
    }

    return "@ids";
}

sub found {
    my ($log, @filter) = @_;

    my ($status, $out) = run('search', '--json', @filter, $log);

    return $status == 2 ? 'error' : ids($out);
}

###############################################################################

my $log = put('a.jsonl',
    decision('r1', time => '2026-11-24T08:00:00.000Z'),
    decision('r2', tenant => 'beta', verdict => 'block',
        reason => 'blocked_by_rule', rules => ['in-secrets'],
        jurisdictions => ['IN', 'DE'], findings => ['secret.aws_key'],
        time => '2026-11-24T09:00:00.000Z'),
    outcome('r1', endpoint => 'riyadh', in => 'SA'),
    decision('r3', verdict => 'allow', rules => [], would => 'eu-transfers',
        endpoint => 'frankfurt', in => 'DE', jurisdictions => ['FR'],
        time => '2026-11-25T00:00:00.000Z'),
    outcome('r2', status => 403),
    outcome('r3', status => 503, reason => 'endpoints_down'),
    qq({"v":1,"type":"undecided","time":"2026-11-25T01:00:00.000Z",)
        . qq("writer":"w1","seq":99,"id":"r4","policy":") . '0' x 64
        . qq(","status":400,"client_country":"ZZ"}\n));

is(found($log), 'r1 r2 r3 r4', 'no filter: all requests, in order');
is(found($log, '--tenant', 'beta'), 'r2', 'tenant');
is(found($log, '--tenant', 'acme-*'), 'r1 r3', 'tenant, by glob');
is(found($log, '--rule', 'in-secrets'), 'r2', 'rule');
is(found($log, '--rule', 'eu-*'), 'r3', 'rule that would have counted');
is(found($log, '--jurisdiction', 'SA'), 'r1', 'jurisdiction');
is(found($log, '--jurisdiction', 'EU'), 'r2 r3', 'jurisdiction of a group');
is(found($log, '--decision', 'block'), 'r2', 'decision');
is(found($log, '--reason', 'blocked_by_rule'), 'r2', 'reason of a decision');
is(found($log, '--reason', 'endpoints_down'), 'r3', 'reason of an outcome');
is(found($log, '--endpoint-country', 'DE'), 'r3', 'endpoint country');
is(found($log, '--finding', 'secret.*'), 'r2', 'finding');
is(found($log, '--id', 'r4'), 'r4', 'id');
is(found($log, '--since', '2026-11-25'), 'r3 r4',
    'since, and no outcome of what was decided before');
is(found($log, '--until', '2026-11-24T09:00:00Z', '--tenant', '*'), 'r1',
    'until is before');
is(found($log, '--since', '2026-11-24T09:00', '--until', '2026-11-24 09:00:01',
    '--tenant', '*'), 'r2', 'a span');
is(found($log, '--since', '2026-11-24T12:00:00+03:00', '--until',
    '2026-11-24T12:00:01+03:00', '--tenant', '*'), 'r2', 'another zone');
is(found($log, '--until', '2000w', '--id', 'r1'), '', 'ago');
is(found($log, '--tenant', 'acme-bank', '--decision', 'block'), '',
    'filters are and-ed');
is(found($log, '--limit', '2'), 'r1 r2', 'limit');

my ($status, $out, $err) = run('search', '--json', '--id', 'r2', $log);
is($status, 0, 'found: 0');
is(scalar(split /\n/, $out), 2, 'decision and outcome, joined');
is($err, '', 'nothing to complain about');

($status, $out) = run('search', '--tenant', 'nobody', $log);
is($status, 1, 'none: 1');
is($out, '', 'and no empty table');

###############################################################################
# the table

($status, $out) = run('search', $log);
my @rows = split /\n/, $out;
is(@rows, 5, 'a title and a row for each request');
like($rows[0], qr/^TIME \(UTC\) .* DECISION .* REQUEST$/, 'title');
like($rows[1], qr/^2026-11-24\ 08:00:00\ \ route .* 200 .* acme-bank
    .* riyadh\ SA .* 1\.5ms .* sa-transfers .* r1$/x, 'a row of both records');
like($rows[2], qr/block .* 403 .* beta .* IN,DE .* in-secrets\ blocked_by_rule
    .* secret\.aws_key\*2 .* r2$/x, 'a refusal');
like($rows[3], qr/allow \(would block\) .* 503 .*endpoints_down/,
    'what would have happened');
like($rows[4], qr/\(undecided\) .* 400 .* ZZ .* r4$/, 'undecided');
unlike($out, qr/\e/, 'no color in a pipe');

my $at = index $rows[0], 'STATUS';
is(join(' ', map { substr $_, $at, 3 } @rows[1 .. 4]), '200 403 503 400',
    'columns are aligned');

my $nasty = put('nasty.jsonl',
    decision('n1', tenant => '\u001b[31mred\u009b\u007f'));
(undef, $out) = run('search', $nasty);
unlike($out, qr/\e|\x7f|\xc2\x9b/, 'nothing of the log controls a terminal');
like($out, qr/\?\[31mred\?\?/, 'it is shown all the same');

###############################################################################
# lines that are no records

my $good = decision('g1');
my $torn = put('torn.jsonl', $good, substr($good, 0, 200) . "\n",
    "\n", decision('g2'), "[1,2]\n", '{"v":1}' . "\n", '{"v":2,"type":"x",'
    . '"time":"t","id":"i"}' . "\n", 'x' x 200000 . "\n",
    '[' x 5000 . "\n", decision('g3'), substr($good, 0, 50));

($status, $out, $err) = run('search', '--json', $torn);
is($status, 0, 'torn lines do not stop a search');
is(ids($out), 'g1 g2 g3', 'every record around them is found');
like($err, qr/torn\.jsonl:2: this line is cut/, 'a torn line, by number');
like($err, qr/torn\.jsonl:5: this line is no JSON object/, 'no record');
like($err, qr/torn\.jsonl:7: this line is of another version/, 'a version');
like($err, qr/torn\.jsonl:8: this line is too long/, 'a line too long');
like($err, qr/torn\.jsonl:11: this line /, 'the torn end');
is(scalar(my @all = $err =~ /\n/g), 7, 'and nothing else');

# a record that another worker wrote behind a torn one is found, however the
# torn one ends; bytes like a record's first ones in a string are none

like($good, qr/^\{"v":1,"type":"/, 'a record begins as all do');

my ($behind, $cuts) = ('', 0);
for my $at (1 .. length($good) - 2) {
    $behind .= substr($good, 0, $at) . decision("b$at");
    $cuts++;
}
($status, $out, $err) = run('search', '--json', put('glued.jsonl', $behind));
is(ids($out), join(' ', map { "b$_" } 1 .. $cuts),
    'a record behind every prefix of one');
is(scalar(my @named = $err
        =~ /^\S+glued\.jsonl:\d+: this line begins with a torn record$/mg),
    $cuts, 'and each torn one is named');
like($err, qr/glued\.jsonl:77: /, 'by its line');

my $quoted = decision('q1', tenant => '{\"v\":1,\"type\":\"decision\"}');
my $piece = substr $good, 0, 150;
($status, $out, $err) = run('search', '--json', put('glued2.jsonl', $quoted,
    $piece, $piece, $quoted, decision('b2'), 'x' x 300_000, decision('b3'),
    'x' x 65_500, decision('b4'), 'x' x 100_000, "\n", decision('b5'), $piece,
    substr(decision('b6'), 0, -1)));
is(ids($out), 'q1 b2 b3 b4 b5 b6',
    'behind several, behind a long one, at the end');
is(scalar(split /\n/, $out), 7, 'each record once');
is(scalar(@named = $err =~ /glued2\.jsonl:2: this line begins/g), 2,
    'each of several');
like($err, qr/glued2\.jsonl:4: this line is too long/, 'a long one');
like($err, qr/glued2\.jsonl:5: this line begins with a torn record/,
    'a shorter one');
like($err, qr/glued2\.jsonl:8: this line begins with a torn record/,
    'at the end');

my $cut = put('cut.jsonl', substr($good, 0, -1));
is(found($cut), 'g1', 'a whole record without its newline is one');

# every prefix of a record is refused, none crashes

($status, $out, $err) = run('search', put('prefixes.jsonl',
    map { substr($good, 0, $_) . "\n" } 1 .. length($good) - 2));
is($status, 1, 'no prefix of a record is a record');

is((run('search', "$dir/absent"))[0], 2, 'no such file: 2');
is((run('search', $dir))[0], 2, 'a directory: 2');
is((run('search'))[0], 2, 'no file: 2');
is((run('search', '--since', 'yesterday', $log))[0], 2, 'a bad time: 2');
is((run('search', '--since', '2026-02-30', $log))[0], 2, 'no such day: 2');
is((run('search', '--jurisdiction', 'XX', $log))[0], 2, 'a bad country: 2');
is((run('search', '--bogus', $log))[0], 2, 'a bad option: 2');
is((run('bogus'))[0], 2, 'a bad word: 2');
is((run('search', '--help'))[0], 0, 'help');

###############################################################################
# large files: bounded, and joined as far as the window goes

my $large = "$dir/large.jsonl";
open my $f, '>', $large or die;
print $f decision("d$_"), $_ > 100 ? outcome('d' . ($_ - 100)) : ''
    for 1 .. 20000;
close $f;

($status, $out) = run('search', '--rule', 'sa-*', $large);
@rows = split /\n/, $out;
is(@rows, 20001, 'every request of a large file, once');
is(scalar(grep { / 200 / } @rows), 19900, 'with its outcome');

($status, $out) = run('search', '--json', '--id', 'd19999', $large);
is(ids($out), 'd19999', 'one of many');

my $far = "$dir/far.jsonl";
open $f, '>', $far or die;
print $f decision('slow'), map({ decision("f$_"), outcome("f$_") } 1 .. 5000),
    outcome('slow');
close $f;

($status, $out) = run('search', '--json', '--id', 'slow', $far);
is(scalar(split /\n/, $out), 2, 'a late outcome of the only match');
($status, $out) = run('search', $far);
@rows = grep { /slow$/ } split /\n/, $out;
is(@rows, 2, 'beyond the window a decision and its outcome stand apart');
like($rows[1], qr/\(outcome\)/, 'and say so');

# a request led from location to location more often than is kept

my $led = put('led.jsonl', decision('m1'), (map {
    qq({"v":1,"type":"redirect","time":"2026-11-24T08:22:29.500Z",)
    . qq("writer":"w1","seq":$_,"id":"m1","policy":") . '0' x 64
    . qq(","endpoint":"dubai","endpoint_country":"AE"}\n) } 1 .. 40),
    outcome('m1', status => 418));
($status, $out) = run('search', '--endpoint-country', 'AE', $led);
@rows = split /\n/, $out;
is(@rows, 2, 'one row, by where it was led to');
like($rows[1], qr/ 418 .* dubai AE .* m1$/, 'with its end');

###############################################################################
# limits: what is of a tenant's limits has rows of its own, whatever stands around

sub event {
    my ($type, $id, $fields) = @_;

    return qq({"v":1,"type":"$type","time":"2026-11-24T08:22:29.900Z",)
        . qq("writer":"w1","seq":@{[ $seq++ ]},"id":"$id","policy":")
        . '0' x 64 . qq(","tenant":"acme-bank",$fields}\n);
}

my $limits = put('limits.jsonl',
    event('limit', 'r1', '"limit":"tokens/day","level":80,"used":"162",'
        . '"max":"200","resets_s":9'),
    decision('r1'),
    event('limit', 'r1', '"limit":"cost USD/month","level":100,'
        . '"used":"2.000000000","max":"2.000000000","resets_s":9'),
    outcome('r1'),
    decision('r2', verdict => 'block', reason => 'insufficient_quota')
        =~ s/,"rules":\[[^]]*\]/,"limits":[{"limit":"tokens\/day",
            "result":"refused","used":"201","max":"200","resets_s":9},
            {"limit":"calls\/task","result":"would_refuse","used":"1",
            "max":"1","resets_s":9}],"rules":[]/xr =~ s/\n\s+//gr . "\n",
    outcome('r2', status => 429),
    event('reset', 'x1', '"limit":"tokens/day","by":"127.0.0.1"'),
    event('reset', 'x2', '"by":"unix:"'));

($status, $out, $err) = run('search', $limits);
is($status, 0, 'limits: a search');
is($err, '', 'nothing to complain about');
@rows = split /\n/, $out;
is(@rows, 7, 'a row a request, and one an event');
like($rows[1], qr/\(limit\) .* acme-bank .* tokens\/day\ 80%\ \(162\ of\ 200\)
    .* r1$/x, 'a limit that is nearly used, before the decision');
like($rows[2], qr/route .* 200 .* 1\.5ms .* r1$/, 'the request, whole');
like($rows[3], qr/\(limit\) .* cost\ USD\/month\ 100%\ \(2\.000000000\ of/x,
    'and before its outcome');
like($rows[4], qr/block .* 429 .* insufficient_quota\ tokens\/day\ calls\/task
    \ \(would\)\ /x, 'a refusal names the limit');
like($rows[5], qr/\(reset\) .* acme-bank .* tokens\/day\ by\ 127\.0\.0\.1 .* x1$/x,
    'a reset');
like($rows[6], qr/\(reset\) .* all\ limits\ by\ unix: .* x2$/x, 'of all');

($status, $out) = run('search', '--json', '--tenant', 'acme-*', '--id', 'r1',
    $limits);
is(scalar(split /\n/, $out), 4, 'an event has the id of its request');
is(found($limits, '--decision', 'block'), 'r2', 'and no decision of it');
is(found($limits, '--tenant', 'acme-bank', '--limit', '1'), 'r1', 'a tenant');
($status, $out) = run('tail', $limits);
like($out, qr/\(limit\) .*\n.*route .*\n.*\(limit\) .*\n.*\(outcome\) /,
    'tail: a row a record');
like($out, qr/\(reset\).*\n.*\(reset\).*all limits by unix:/, 'tail: resets');
($status, $out) = run('tail', '--json', '--decision', '*', $limits);
unlike($out, qr/"type":"(?:limit|reset)"/, 'tail: filtered like others');

###############################################################################
# tail

($status, $out) = run('tail', '--json', '-n', '2', $log);
is($status, 0, 'tail');
is(ids($out), 'r3 r4', 'the last two records');

($status, $out) = run('tail', '--json', '-n', '100', $log);
is(scalar(split /\n/, $out), 7, 'all, when there are not more');

($status, $out) = run('tail', '--json', '--tenant', 'beta', $log);
is(ids($out), 'r2', 'tail with a filter');
is(scalar(split /\n/, $out), 2, 'the outcome of a decision that was shown');

is((run('tail', '--tenant', 'nobody', $log))[0], 1, 'none: 1');

($status, $out) = run('tail', '--json', '-n', '3', $large);
is(ids($out), 'd19899 d20000 d19900', 'the end of a large file');

append($large, decision('d20001', tenant => 'zed'),
    map { decision("e$_") } 1 .. 3000);
($status, $out) = run('tail', '--json', '-n', '1', '--tenant', 'zed', $large);
is(ids($out), 'd20001', 'far from its end');

###############################################################################
# tail -f

my $live = put('live.jsonl', decision('l1'));
my $out_fh = gensym;
my $pid = open3(my $in_fh, $out_fh, '>&STDERR', $guard, 'audit', 'tail', '-f',
    '--json', $live);
my $select = IO::Select->new($out_fh);
my $buffer = '';

# the ids of the next n lines, or as far as they come in 20 seconds

sub next_ids {
    my ($n) = @_;
    my $end = time + 20;

    while (($buffer =~ tr/\n//) < $n && time < $end) {
        next unless $select->can_read(1);
        last unless sysread $out_fh, $buffer, 65536, length $buffer;
    }

    my @lines = split /^/, $buffer;
    my $text = join '', splice @lines, 0, $n;
    $buffer = join '', @lines;

    return ids($text);
}

is(next_ids(1), 'l1', 'follow: what is there');

append($live, decision('l2'), outcome('l2', status => 201));
is(next_ids(2), 'l2', 'what comes');

my $half = decision('l3');
append($live, substr($half, 0, 100));
append($live, substr($half, 100));
is(next_ids(1), 'l3', 'a line that comes in two parts');

append($live, substr($half, 0, 100));
append($live, decision('l3b'));
is(next_ids(1), 'l3b', 'a record behind a torn one');

rename $live, "$live.1" or die;
append($live, decision('l4'));
is(next_ids(1), 'l4', 'the new file after a rotation');
append("$live.1", decision('l5'));
is(next_ids(1), 'l5', 'a late line of the old one');
append($live, decision('l6'));
is(next_ids(1), 'l6', 'and the new one again');

truncate $live, 0 or die;

append($live, decision('l7'));
is(next_ids(1), 'l7', 'after a truncation');

kill 'TERM', $pid;
waitpid $pid, 0;
is($? & 127, POSIX::SIGTERM(), 'followed until it was told to end');

done_testing();
