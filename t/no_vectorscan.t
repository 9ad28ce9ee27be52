# A build without Vectorscan finds the same, in all that the test data holds and
# in text made to hit every anchor.  Control: something is found at all.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Temp;
use IG::Build;
use JSON::PP ();
use Test::More;

my $plain = build('no-vectorscan/inference-guard');
$plain = $ENV{IG_GUARD_PLAIN} if $ENV{IG_GUARD_PLAIN};
ok(-x $plain, 'the command without Vectorscan') or BAIL_OUT("no $plain: run make");
my (undef, $libs) = run('ldd', command());
like($libs, qr/libhs/, 'one build uses it');
(undef, $libs) = run('ldd', $plain);
unlike($libs, qr/libhs/, 'the other does not');

# texts: pieces that detectors look for, joined at random (the same each time)
srand 20261124;
my @piece = ('iqama 2000000006', '2000000006', '784-1980-1234567-9',
    '4111 1111 1111 1111', '4111111111111112', 'DE89370400440532013000',
    'DE89 3704 0044 0532 0130 00', 'GB82WEST12345698765432', 'a@example.com',
    '+966 50 123 4567', '192.168.1.1', '2001:db8::1', '2341 2341 2346',
    'ABCDE1234F', '078-05-1120', '219-09-9999', '1 84 12 76 451 089 46',
    'AKIAIOSFODNN7EXAMPLE', 'sk-abcdefghijklmnopqrstuvwxyz123456',
    '-----BEGIN PRIVATE KEY-----', 'ghp_' . 'a1B2' x 9, 'xoxb-1234567890-abc',
    "\x{0662}\x{0660}\x{0660}\x{0660}\x{0660}\x{0660}\x{0660}\x{0660}\x{0660}\x{0666}",
    "2000\x{200b}000\x{200b}006", 'hello', 'tax id', 'passport', "\n", ' ', '-',
    '.', ',', '0', '1', '/', '_', 'x', "\x{e9}", '12345678901');
my @texts = map {
    join '', map { $piece[ rand @piece ] . (rand() < .6 ? ' ' : '') } 1 .. 1 + rand 12
} 1 .. 3000;
push @texts, map { $_ x 50 } @piece;

my $dir = File::Temp->newdir;
open my $fh, '>', "$dir/in" or die;
print $fh JSON::PP->new->ascii->encode({ text => $_ }), "\n" for @texts;
close $fh;

my @out = map {
    my ($status, $out) = run('sh', '-c', 'exec "$0" scan --rules "$1" < "$2"',
        $_, root('rules'), "$dir/in");
    is($status, 0, "scan with $_") or diag substr $out, 0, 500;
    [ split /\n/, $out ];
} command(), $plain;

is(scalar $out[0]->@*, scalar @texts, 'a line for each text');
cmp_ok(scalar(grep { !/"findings":\s*\[\]/ } $out[0]->@*), '>', 500,
    'there are findings');
my @differ = grep { $out[0][$_] ne ($out[1][$_] // '') } 0 .. $#texts;
is(scalar @differ, 0, 'the same findings')
    or diag "text $differ[0]: $texts[ $differ[0] ]\n$out[0][ $differ[0] ]\n"
        . ($out[1][ $differ[0] ] // '');
done_testing;
