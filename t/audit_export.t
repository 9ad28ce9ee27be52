# inference-guard audit export: what each format holds of the same log, read back
# as its readers would.

use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::AuditLog;
use IG::Build;
use File::Temp qw(tempdir);
use JSON::PP ();
use Test::More;

binmode Test::More->builder->$_, ':utf8' for qw(output failure_output todo_output);

my $dir = tempdir(CLEANUP => 1);
my $guard = command();

# (exit status, standard output, standard error)
sub export (@args) {
    my $status = system('sh', '-c', 'exec "$@" >"$0/out" 2>"$0/err"', $dir,
        $guard, 'audit', 'export', @args);
    return ($status >> 8, map { slurp("$dir/$_") } qw(out err));
}

sub slurp ($path) {
    open my $fh, '<:raw', $path or die "$path: $!";
    local $/;
    return <$fh> // '';
}

# RFC 4180, section 2; dies where the text does not keep to it
sub parse_csv ($text) {
    my (@rows, @row);
    while (length $text) {
        $text =~ s/^("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)//s or die 'no CSV: ' . substr $text, 0, 60;
        my ($cell, $end) = ($1, $2);
        $cell =~ s/^"(.*)"$/$1/s && $cell =~ s/""/"/g;
        push @row, $cell;
        if ($end ne ',') { push @rows, [@row]; @row = () }
    }
    @row == 0 or die 'no line feed at the end';
    return @rows;
}

my %sent = (endpoint => 'frankfurt', endpoint_country => 'DE', address => '10.1.0.5:8000',
    verified => JSON::PP::true, upstream_status => 200);
my %answer = (tokens => { input => 100, output => 20, cached => 3, reasoning => 4,
    source => 'usage' }, cost => '0.001234000', currency => 'EUR', first_byte_us => 99,
    finish => 'stop');
my $formula = "=cmd|' /C calc'!A0";
my $log = write_log("$dir/a.jsonl",
    decision('r1', endpoint => 'frankfurt', endpoint_country => 'DE',
        endpoint_operators => ['DE', 'US'], model => $formula, stream => JSON::PP::true,
        found => { email => 1, iban => 2 }, trace => 'f' x 32,
        would => { verdict => 'block', reason => 'blocked_by_rule', rules => ['x'] }),
    outcome('r1', %sent, %answer),
    decision('r2', reason => 'no_permitted_destination', status => 451, tenant => 'بنك "الرياض"',
        model => "a,b\nc", law_of => ['SA', 'DE'], rule => '-1+2', flags => ["\tx", 'y']),
    outcome('r2', status => 451, sent => 0, received => 0, tries => 0),
    decision('r3', model => ' =1', tenant => "\x{ff1d}1", operation => 'models'),
    undecided('r4'), outcome('r5', %sent, address => '[2001:db8::1]:443'), checkpoint(),
    limit_event('r6'), decision('r7', time => 'x', operation => undef, model => undef,
        tenant => undef, reason => 'unknown_tenant', status => 401),
);

###############################################################################
# CSV

my ($status, $csv, $err) = export('--format', 'csv', $log);
is($status, 0, 'CSV') or diag $err;
utf8::decode($csv);
my ($head, @rows) = parse_csv($csv);
is(scalar @rows, 6, 'a row for each request');
is(join(',', map { scalar @$_ } @rows), join(',', (scalar @$head) x 6), 'all rows are as wide');
my %csv = map { my %row; @row{@$head} = @$_; ($row{id} => \%row) } @rows;

is($csv{r1}{model}, "'$formula", 'a formula is none any more');
is($csv{r2}{rule}, "'-1+2", 'nor one that begins with a minus');
is($csv{r2}{flags}, "'\tx;y", 'nor in a list');
is($csv{r3}{model}, "' =1", 'nor behind a space');
is($csv{r3}{tenant}, "'\x{ff1d}1", 'nor with a wide sign');
is($csv{r2}{model}, "a,b\nc", 'commas and line feeds stay in their cell');
is($csv{r2}{tenant}, 'بنك "الرياض"', 'quotes and other scripts as well');
is($csv{r2}{jurisdictions}, 'SA;DE', 'a list');
is_deeply([ @{ $csv{r1} }{qw(kind status sent_to endpoint_country endpoint_operators verified
    stream cost findings findings_total input_tokens duration_us would_verdict)} ],
    ['request', 200, 'endpoint', 'DE', 'DE;US', 'true', 'true', '0.001234000', 'email;iban', 3,
    100, 887312, 'block'], 'decision and outcome are one row');
is_deeply([ @{ $csv{r2} }{qw(status reason sent_to endpoint tries)} ],
    [451, 'no_permitted_destination', 'nowhere', '', 0], 'a refusal');
is_deeply([ @{ $csv{r3} }{qw(status sent_to endpoint sent)} ],
    ['', 'unknown', 'riyadh-onprem', ''], 'a decision whose outcome is not there');
is($csv{r4}{kind} . $csv{r4}{status}, 'undecided413', 'what ended before a decision');
is($csv{r5}{kind} . $csv{r5}{tenant}, 'outcome', 'an outcome alone');
is($csv{r7}{time}, '1970-01-01T00:00:00.000Z', 'a time that is none is no reason to fail');

###############################################################################
# newline JSON, and the table that takes it

my $ndjson;
($status, $ndjson, $err) = export('--format', 'ndjson', $log);
is($status, 0, 'newline JSON') or diag $err;
my @objects = map { JSON::PP::decode_json($_) } split /\n/, $ndjson;
is(scalar @objects, 6, 'a line for each request');
is(join(',', ($ndjson =~ /^(.*)/)[0] =~ /"(\w+)":(?=["\[\dn])/g), join(',', @$head),
    'its members are the columns, in their order');
is_deeply([ sort keys %$_ ], [ sort @$head ], "$_->{id} has all of them") for @objects;
my %json = map { $_->{id} => $_ } @objects;
is($json{r1}{model}, $formula, 'as it is in the record');
is_deeply($json{r1}{findings}, ['email', 'iban'], 'lists are lists');
is($json{r1}{cost}, 0.001234, 'the cost is a number');
is($json{r2}{input_tokens}, undef, 'what is not known is null');

my $sql = slurp(root('examples/clickhouse.sql'));
my ($table) = $sql =~ /CREATE TABLE inference_requests\s*\((.*?)\n\)/s;
is(join(',', $table =~ /^\s*`(\w+)`/mg), join(',', @$head), 'the ClickHouse table has the columns');
my %type = $table =~ /^\s*`(\w+)`\s+(.*?),?$/mg;
for my $name (@$head) {
    my $v = $json{r1}{$name};
    my $want = ref $v ? qr/^Array\(String\)/ : $name eq 'time' ? qr/^DateTime64\(3/
        : $ndjson =~ /"$name":"/ ? qr/String/ : qr/^Nullable\((?:UInt|Decimal)/;
    like($type{$name}, $want, "$name: the table's type takes it");
}
my $doc = slurp(root('docs/export.md'));
like($doc, qr/^\| (?:`\w+`, )*`$_`/m, "docs/export.md has $_") for @$head;

###############################################################################
# OCSF 1.8.0, class API Activity: what the schema requires of it

my $ocsf;
($status, $ocsf, $err) = export('--format', 'ocsf', $log);
is($status, 0, 'OCSF') or diag $err;
my @events = map { JSON::PP::decode_json($_) } split /\n/, $ocsf;
is(scalar @events, 6, 'an event for each request');
my %event = map { $_->{metadata}{uid} => $_ } @events;

my %known = map { $_ => 1 } qw(action action_id activity_id activity_name actor ai_model api
    category_name category_uid class_name class_uid disposition disposition_id dst_endpoint
    firewall_rule message_context metadata policy severity severity_id src_endpoint status
    status_code status_detail status_id time trace type_uid unmapped);
for my $e (@events) {
    my $id = $e->{metadata}{uid};
    is_deeply([ grep { !defined $e->{$_} } qw(activity_id actor api category_uid class_uid metadata
        severity_id src_endpoint time type_uid) ], [], "$id: all that is required");
    is_deeply([ grep { !$known{$_} } keys %$e ], [], "$id: nothing that the class has not");
    is_deeply([ @$e{qw(category_uid class_uid type_uid)} ], [6, 6003, 600300 + $e->{activity_id}],
        "$id: the class");
    ok(defined $e->{api}{operation} && defined $e->{api}{request}{uid}
        && defined $e->{metadata}{version} && defined $e->{metadata}{product}{name}
        && defined $e->{actor}{user}{name} && defined $e->{src_endpoint}{name},
        "$id: what the objects require");
    my %profile = map { $_ => 1 } @{ $e->{metadata}{profiles} };
    is(!!$e->{ai_model}, !!$profile{ai_operation}, "$id: profiles are named");
    is(!!$e->{trace}, !!$profile{trace}, "$id: trace, too");
}
is($event{r1}{metadata}{version}, '1.8.0', 'the version of the schema');
is($event{r1}{time}, 1795508549123, 'milliseconds since 1970');
is_deeply($event{r1}{dst_endpoint}, { name => 'frankfurt', ip => '10.1.0.5', port => 8000,
    location => { country => 'DE' } }, 'the destination');
is_deeply($event{r5}{dst_endpoint}{ip}, '2001:db8::1', 'an IPv6 address');
is($event{r1}{src_endpoint}{location}{country}, 'SA', 'the origin');
is_deeply([ @{ $event{r2} }{qw(action disposition status severity status_code status_detail)} ],
    ['Denied', 'Blocked', 'Failure', 'Medium', '451', 'no_permitted_destination'], 'a refusal');
is_deeply([ @{ $event{r1} }{qw(action disposition status activity_name)} ],
    ['Allowed', 'Allowed', 'Success', 'Create'], 'an inference');
is($event{r3}{activity_name}, 'Read', 'a list of models');
is($event{r7}{activity_name}, 'Other', 'an unknown operation');
is_deeply($event{r1}{ai_model}, { name => $formula, ai_provider => 'frankfurt' }, 'the model');
is($event{r1}{message_context}{total_tokens}, 120, 'tokens');
is_deeply($event{r1}{unmapped}{findings}, ['email', 'iban'], 'the rest is unmapped');
ok(!exists $event{r4}{unmapped}{cost}, 'what is not known is left out');

###############################################################################

is((export('--format', 'csv', '--tenant', 'nobody', $log))[0], 1, 'nothing found');
is((export('--format', 'csv', '--since', '2027-01-01', $log))[0], 1, 'nothing in that time');
for (
    [ 'no format', qr/name the --format/, $log ],
    [ 'an unknown format', qr/"xml" is no format/, '--format', 'xml', $log ],
    [ 'no file named', qr/name the --format and the log files/, '--format', 'csv' ],
    [ 'no such file', qr/No such file/, '--format', 'csv', "$dir/none" ],
) {
    my ($name, $why, @args) = @$_;
    my ($status, undef, $err) = export(@args);
    is($status, 2, "$name: not asked");
    like($err, $why, "$name: said why");
}
done_testing;
