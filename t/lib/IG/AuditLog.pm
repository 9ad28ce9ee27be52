package IG::AuditLog;

# Records of an audit log as docs/audit.md describes them, for tests of what
# reads logs.  Each function gives one line; what is not named has a plain
# value, and what is undef is left out.

use v5.36;

use Exporter qw(import);
use JSON::PP ();

our @EXPORT = qw(decision outcome undecided redirect limit_event checkpoint write_log);

my $json = JSON::PP->new->canonical->utf8->allow_nonref;
my $seq = 0;

# the head in the order of the format: readers of torn lines look for it
sub record ($type, $id, $time, $more) {
    delete $more->{$_} for grep { !defined $more->{$_} } keys %$more;
    my $rest = $json->encode($more) =~ s/^\{//r;
    return qq({"v":1,"type":"$type","time":"$time","writer":"w1-1764000000-1",)
        . sprintf('"seq":%d,"id":%s,', $seq++, $json->encode($id)) . "$rest\n";
}

# found => { detector => places }, law_of => [countries]; refused with a reason
sub decision ($id, %o) {
    my $time = delete $o{time} // '2026-11-24T08:22:29.123Z';
    my $law = delete $o{law_of} // ['SA'];
    my $found = delete $o{found} // {};
    my $total = 0;
    $total += $_ for values %$found;
    return record('decision', $id, $time, {
        policy => 'a' x 64, mode => 'enforce', verdict => $o{reason} ? 'block' : 'route',
        tenant => 'acme-bank', client_country => 'SA', dialect => 'openai',
        operation => 'chat_completions', model => 'gpt-4o', bytes => 812,
        coverage => { inspected => 'full' }, rules => ['sa-transfers'],
        laws => ['pdpl-29'], destinations => ['SA'], operators => 'all',
        jurisdictions => [ map { { country => $_, from => ['tenant'] } } @$law ],
        findings => [ map { { detector => $_, count => 0 + $found->{$_}, score => 0.95,
            places => [] } } sort keys %$found ],
        findings_total => $total, permitted => [], rejected => [],
        ($o{reason} ? () : (endpoint => 'riyadh-onprem', endpoint_country => 'SA',
            endpoint_operators => ['SA'])),
        %o,
    });
}

sub outcome ($id, %o) {
    my $time = delete $o{time} // '2026-11-24T08:22:30.000Z';
    return record('outcome', $id, $time, { status => 200, tries => 1, sent => 1000,
        received => 5000, duration_us => 887312, guard_us => 14, %o });
}

sub undecided ($id, %o) {
    my $time = delete $o{time} // '2026-11-24T08:22:31.000Z';
    return record('undecided', $id, $time,
        { policy => 'a' x 64, status => 413, client_country => 'SA', %o });
}

sub redirect ($id, %o) {
    my $time = delete $o{time} // '2026-11-24T08:22:29.500Z';
    return record('redirect', $id, $time, { policy => 'a' x 64, %o });
}

sub limit_event ($id, %o) {
    my $time = delete $o{time} // '2026-11-24T08:22:31.000Z';
    return record('limit', $id, $time, { tenant => 'acme-bank', limit => 'tokens',
        level => 80, used => '80', max => '100', resets_s => 9, %o });
}

sub checkpoint () {
    return '{"v":1,"type":"checkpoint","time":"2026-11-24T08:30:00.000Z","node":"n1",'
        . '"number":1,"prev":"' . '0' x 64 . qq(","writers":[],"signature":"00"}\n);
}

sub write_log ($path, @lines) {
    open my $fh, '>:raw', $path or die "$path: $!";
    print $fh @lines;
    close $fh or die "$path: $!";
    return $path;
}

1;
