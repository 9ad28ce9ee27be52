package IG::AuditLog;

# Records of an audit log as docs/audit.md describes them, for tests of what
# reads logs.  Every function gives one line; what is not named has a plain value.

use v5.36;

use Exporter qw(import);
use JSON::PP ();

our @EXPORT = qw(decision outcome undecided redirect limit_event checkpoint json);

my $json = JSON::PP->new->canonical->utf8;
my $seq = 0;

sub json ($value) { $json->encode($value) }

# the head in the order of the format: readers of torn lines look for it
sub record ($type, $id, $time, $more) {
    my $rest = $json->encode($more);
    $rest =~ s/^\{//;
    my $head = qq({"v":1,"type":"$type","time":"$time","writer":"w1-1764000000-1","seq":)
        . $seq++ . ($id eq '' ? '' : ',"id":' . json_string($id));
    return $head . ($rest eq '}' ? '}' : ",$rest") . "\n";
}

sub json_string ($s) { JSON::PP->new->utf8->allow_nonref->encode($s) }

sub num (@n) { map { defined $_ ? 0 + $_ : undef } @n }

sub decision ($id, %o) {
    my $time = delete $o{time} // '2026-11-24T08:22:29.123Z';
    my $law = delete $o{law_of} // ['SA'];
    my $found = delete $o{found} // {};
    my %d = (
        policy => 'a' x 64, mode => 'enforce', verdict => 'route',
        tenant => 'acme-bank', client_country => 'SA', dialect => 'openai',
        operation => 'chat_completions', model => 'gpt-4o', bytes => 812,
        coverage => { inspected => 'full' }, rules => ['sa-transfers'],
        laws => ['pdpl-29'], destinations => ['SA'], operators => 'all',
        jurisdictions => [ map { { country => $_, from => ['tenant'] } } @$law ],
        findings => [ map { { detector => $_, count => num($found->{$_}), score => 0.95,
            places => [] } } sort keys %$found ],
        permitted => [], rejected => [],
        ($o{reason} ? (verdict => 'block')
            : (endpoint => 'riyadh-onprem', endpoint_country => 'SA', endpoint_operators => ['SA'])),
        %o,
    );
    $d{findings_total} = 0;
    $d{findings_total} += $_ for values %$found;
    delete $d{$_} for grep { !defined $d{$_} } keys %d;
    return record('decision', $id, $time, \%d);
}

sub outcome ($id, %o) {
    my $time = delete $o{time} // '2026-11-24T08:22:30.000Z';
    my %d = (status => 200, tries => 1, sent => 1000, received => 5000,
        duration_us => 887312, guard_us => 14, %o);
    delete $d{$_} for grep { !defined $d{$_} } keys %d;
    return record('outcome', $id, $time, \%d);
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
    return record('limit', $id, $time, { tenant => 'acme-bank', limit => 'tokens', level => 80,
        used => '80', max => '100', %o });
}

sub checkpoint (%o) {
    my $time = delete $o{time} // '2026-11-24T08:30:00.000Z';
    return qq({"v":1,"type":"checkpoint","time":"$time","node":"n1","number":1,"prev":")
        . '0' x 64 . qq(","writers":[],"signature":"00"}\n);
}

1;
