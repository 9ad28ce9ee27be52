# The client's country comes from policy.networks first, then from the database,
# on the address that realip settled on; IPv6 and mapped IPv4 alike.
# Control: an address that neither knows is unknown.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

use MaxMind::DB::Writer::Tree;

my $t = standard(start => 0, http => "inference_guard_geoip %%DIR%%/test.mmdb;");
my $tree = MaxMind::DB::Writer::Tree->new(ip_version => 6, record_size => 24,
    database_type => 'Test-Country', languages => [ 'en' ],
    description => { en => 'for a test' }, remove_reserved_networks => 0,
    alias_ipv6_to_ipv4 => 1, map_key_type_callback => sub ($key, @) {
        $key eq 'country' ? 'map' : 'utf8_string' });
my %net = ('203.0.113.0/24' => 'SA', '198.51.100.0/24' => 'DE',
    '2001:db8:1::/48' => 'SA', '2001:db8:2::/48' => 'DE',
    '10.1.0.0/16' => 'DE', '192.0.2.128/25' => 'US');
$tree->insert_network($_, { country => { iso_code => $net{$_} } }) for keys %net;
open my $fh, '>:raw', $t->dir('test.mmdb') or die $!;
$tree->write_tree($fh);
close $fh;
$t->start($t->{conf});

for ([ '203.0.113.9', 'riyadh' ], [ '198.51.100.1', 'frankfurt' ],
    [ '192.0.2.200', 'virginia' ], [ '2001:db8:1::1', 'riyadh' ],
    [ '2001:db8:2:3::4', 'frankfurt' ], [ '::ffff:203.0.113.9', 'riyadh' ])
{
    served($t, ask($t, us => 'hello', "X-Forwarded-For: $_->[0]"), $_->[1],
        $_->[0]);
}
served($t, ask($t, us => 'hello', 'X-Forwarded-For: 10.1.2.3'), 'riyadh',
    'networks outrank the database');
refused($t, ask($t, us => 'hello', "X-Forwarded-For: $_"), 451,
    'unknown_country', $_) for '192.0.2.1', '2001:db8:9::1';
served($t, ask($t, us => 'hello', 'X-Forwarded-For: 203.0.113.9, 198.51.100.1'),
    'frankfurt', 'the last address only: nobody trusts the one before');
$t->done;

# a real database, whose records are flat: addresses of well-known networks
use IG::Npm;
IG::Npm::install("$FindBin::Bin/sdk");
my $real = "$FindBin::Bin/sdk/node_modules/\@ip-location-db/"
    . 'iptoasn-country-mmdb/iptoasn-country.mmdb';
$t = standard(http => "inference_guard_geoip $real;",
    location => 'add_header X-C $inference_guard_client_country always;');
for ([ '212.26.0.1', 'SA' ], [ '94.200.0.1', 'AE' ], [ '217.0.0.1', 'DE' ],
    [ '128.143.1.1', 'US' ], [ '2a02:9b0::1', 'SA' ], [ '203.0.113.1', 'ZZ' ])
{
    is(ask($t, us => 'hello', "X-Forwarded-For: $_->[0]")->{headers}{'x-c'}, $_->[1],
        "real: $_->[0] is in $_->[1]");
}

$t->done;
done_testing;
