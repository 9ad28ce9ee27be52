# Keyed digests: the same number has the same digest however it was written and
# whoever wrote it, as long as the key lives; who has the key finds its records
# and nobody else does.  The digest is reckoned anew here, from the RFCs.
# Control: without digests=on there is none.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::SHA qw(hmac_sha256 hmac_sha256_hex);
use IG::Build qw(command root run);
use IG::Evidence;
use IG::Npm;
use IG::Standard;
use IPC::Open3;
use Symbol qw(gensym);
use Test::More;

my $OTHER = '1000000008';
my $t = standard(start => 0, audit => '%%DIR%%/audit.jsonl '
    . 'key=%%DIR%%/audit.key digests=on');
$t->expect_log(qr/\[emerg\]/);

# RFC 5869 over the last 32 bytes of the key's DER form (RFC 8410)
sub derived ($key) {
    open my $fh, '-|', 'openssl', 'pkey', '-in', $t->dir($key), '-outform', 'DER'
        or die $!;
    my $secret = substr do { local $/; <$fh> }, -32;
    return hmac_sha256("inference-guard value digest v1\x01",
        hmac_sha256($secret, "\0" x 32));
}

sub digest ($key, $value) { substr hmac_sha256_hex($value, derived($key)), 0, 16 }

# --- what cannot be configured ---

new_key($t, 'audit.key');
for ([ 'without a key', 'digests=on', qr/has no "key=", and digests/ ],
    [ 'twice', 'key=%%DIR%%/audit.key digests=on digests=on', qr/"digests=" twice/ ],
    [ 'another word', 'key=%%DIR%%/audit.key digests=yes', qr/"on" or "off"/ ])
{
    my ($name, $args, $re) = @$_;
    my ($status, $out) = $t->check($t->{conf} =~ s/key=\S+ digests=on/$args/r);
    isnt($status, 0, "$name: refused");
    like($out, $re, "$name: says why");
}
my ($status, $out) = $t->check($t->{conf} =~ s/key=\S+ digests=on/digests=off/r);
is($status, 0, 'off needs no key') or diag $out;

# --- the same value ---

$t->start($t->{conf});

sub digests ($text, $who = 'us') {
    my $n = $t->records('decision');
    my $r = ask($t, $who => $text);
    is($r->{status}, 200, 'goes through');
    my ($f) = grep { $_->{detector} eq 'sa.id' }
        map { $_->{findings}->@* } ($t->wait_records(decision => $n + 1))[-1];
    return $f->{digests};
}

my $want = digest('audit.key', ID);
my $spaced = ID =~ s/^(....)(...)(...)$/$1 $2 $3/r;
my $arabic = ID =~ s/(\d)/chr(0x660 + $1)/ger;
is_deeply(digests(ID), [ $want ], 'as RFC 5869 and RFC 2104 have it');
is_deeply(digests("iqama $spaced."), [ $want ], 'with spaces');
is_deeply(digests("iqama $arabic"), [ $want ], 'in Arabic digits');
is_deeply(digests('a' . ID =~ s/^/ /r, 'sa'), [ $want ], 'of another tenant');
is_deeply(digests({ model => 'm-1', messages => [ { role => 'user',
    content => 'hello' } ], metadata => { n => ID . '' } }), [ $want ], 'elsewhere');
is_deeply(digests(ID . ' and ' . $OTHER . ' and again ' . ID),
    [ sort $want, digest('audit.key', $OTHER) ], 'two of them, each once, sorted');
my @with = $t->records('decision');
$t->stop;

# --- found ---

sub search ($stdin, @args) {
    my $pid = open3(my $in, my $o, my $e = gensym, command(), 'audit', 'search',
        '--json', @args);
    print $in $stdin;
    close $in;
    my $stdout = do { local $/; <$o> } // '';
    my $stderr = do { local $/; <$e> } // '';
    waitpid $pid, 0;
    return ($? >> 8, scalar(() = $stdout =~ /"type":"decision"/g), $stderr);
}

my $key = $t->dir('audit.key');
my $log = $t->dir('audit.jsonl');
my $found;
ask_for(ID, 6, 'the number');
ask_for($spaced, 6, 'as somebody writes it');
ask_for($OTHER, 1, 'another');

sub ask_for ($value, $n, $name) {
    for ([ "$value\n", '-' ], [ $value, '-' ], [ '', $value ]) {
        my ($stdin, $arg) = @$_;
        ($status, $found, my $err) = search($stdin, '--subject', $arg, '--key',
            $key, $log);
        is("$status $found $err", "0 $n ", "$name, " . ($stdin ? 'stdin' : 'argument'));
    }
}

($status, $found) = search('', '--subject', '2000000014', '--key', $key, $log);
is("$status $found", '1 0', 'one that nobody wrote');
($status, $found) = search('', '--subject', ID, '--key', $key, '--tenant', 'bank-sa', $log);
is("$status $found", '0 1', 'and of one tenant');

new_key($t, 'other.key');
my $other = $t->dir('other.key');
($status, $found) = search('', '--subject', ID, '--key', $other, $log);
is("$status $found", '1 0', 'not with another key');
($status, $found) = search('', '--subject', ID, '--key', $other, '--key', $key, $log);
is("$status $found", '0 6', 'with two keys, one of which it is');

# a key of digests alone
($status, $out) = run(command(), 'audit', 'keygen', '--digest', $key,
    $t->dir('digest.key'));
is($status, 0, 'keygen --digest') or diag $out;
is((stat $t->dir('digest.key'))[2] & 07777, 0600, 'for its owner alone');
is($t->read('digest.key'), 'inference-guard-digest-key-1:'
    . unpack('H*', derived('audit.key')) . "\n", 'is the derived key');
($status) = run(command(), 'audit', 'keygen', '--digest', $key, $t->dir('digest.key'));
is($status, 2, 'and is not written over another file');
($status, $found) = search(ID, '--subject', '-', '--key', $t->dir('digest.key'), $log);
is("$status $found", '0 6', 'finds the same');

for ([ 'no key', '--subject', ID ], [ 'a key alone', '--key', $key ],
    [ 'too short', '--subject', '12345', '--key', $key ],
    [ 'nothing', '--subject', '-', '--key', $key ],
    [ 'a public key', '--subject', ID, '--key', "$key.pub" ],
    [ 'no such key', '--subject', ID, '--key', $t->dir('none') ],
    [ 'standard input twice', '--subject', '-', '--key', $key, '-' ])
{
    my ($name, @args) = @$_;
    ($status, $found, my $err) = search('', @args, $log);
    is($status, 2, "$name: cannot be asked");
    like($err, qr/^inference-guard/, "$name: says why");
    unlike($err, qr/${\ID}/, "$name: without the value");
}

# --- another key, none ---

rename $other, $key or die $!;
$t->write('audit.jsonl', '');
$t->start($t->{conf});
is_deeply(digests(ID), [ digest('audit.key', ID) ], 'another key');
isnt(digest('audit.key', ID), $want, 'another digest');
$t->stop;

$t->write('audit.jsonl', '');
$t->start($t->{conf} =~ s/ digests=on//r);
is(digests(ID), undef, 'none unless they are asked for');
$t->stop;
($status, $found, my $err) = search('', '--subject', ID, '--key', $key, $log);
is("$status $found", '1 0', 'and nothing is found');
like($err, qr/^1 requests have findings without a digest/, 'which is said');

# --- more of them than digests ---

$t->write('audit.jsonl', '');
$t->start($t->{conf});
my @many = grep { luhn($_) } 2000000000 .. 2000000300;
ask($t, us => join ' and ', @many[ 0 .. 20 ]);
my ($f) = map { $_->{findings}->@* } $t->wait_records(decision => 1);
is(scalar $f->{digests}->@*, 16, 'sixteen');
ok($f->{digests_cut}, 'and a word that there are more');
$t->stop;
($status, $found, $err) = search('', '--subject', $many[20], '--key', $key, $log);
is("$status $found", '1 0', 'one that has none');
like($err, qr/^1 requests hold more values/, 'is not denied');
($status, $found, $err) = search('', '--subject', $many[3], '--key', $key, $log);
is("$status $found $err", '0 1 ', 'one that has');

sub luhn ($n) {
    my ($sum, $i) = (0, 0);
    for my $d (reverse split //, $n) {
        my $x = $i++ % 2 ? 2 * $d : $d;
        $sum += $x > 9 ? $x - 9 : $x;
    }
    return $sum % 10 == 0;
}

IG::Npm::install(root('t/sdk'));
($status, $out) = run('node', root('t/sdk/records.mjs'),
    root('docs/record.schema.json'), $t->dir('audit.jsonl'));
is($status, 0, 'the records are what the schema says') or diag $out;
no_leak($t, ID, $OTHER, $spaced, @many[ 0 .. 2 ]);
$t->done;
done_testing;
