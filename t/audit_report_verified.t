# audit report --key: the first lines of the report say whether the log is what
# was signed, in HTML and JSON, and the exit status does.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::SHA qw(sha256 sha256_hex);
use File::Temp qw(tempdir);
use IG::AuditLog;
use IG::Build;
use JSON::PP qw(decode_json);
use Test::More;

my $dir = tempdir(CLEANUP => 1);
my $guard = command();

sub report (@args) {
    my $status = system('sh', '-c', 'exec "$@" >"$0/out" 2>"$0/err"', $dir,
        $guard, 'audit', 'report', @args);
    return ($status >> 8, map { slurp("$dir/$_") } qw(out err));
}

sub slurp ($path) {
    open my $fh, '<:raw', $path or die "$path: $!";
    local $/;
    return <$fh> // '';
}

sub mth (@leaves) {
    return $leaves[0] if @leaves == 1;
    my $k = 1;
    $k *= 2 while $k * 2 < @leaves;
    return sha256("\1" . mth(@leaves[0 .. $k - 1]) . mth(@leaves[$k .. $#leaves]));
}

is(system("openssl genpkey -algorithm ed25519 -out $dir/key 2>/dev/null"
    . " && openssl pkey -in $dir/key -pubout -out $dir/pub"), 0, 'a key');
my $id = substr sha256_hex(substr qx(openssl pkey -in $dir/key -pubout -outform DER), -32), 0, 32;

# the records chained, and one checkpoint over them (docs/evidence.md)
sub sealed (@lines) {
    my ($prev, $n, @leaves) = ("\0" x 32, 0);
    for (@lines) {
        chomp;
        $n++;
        s/"seq":\d+/qq("seq":$n,"prev":") . unpack('H*', $prev) . '"'/e;
        push @leaves, $prev = sha256("\0$_");
    }
    my ($root, $head) = map { unpack 'H*', $_ } mth(@leaves), $prev;
    my $text = '{"v":1,"type":"checkpoint","time":"2026-11-24T08:23:00.000Z","node":"<i>n1",'
        . '"number":1,"prev":"' . '0' x 64 . '","policy":"' . 'a' x 64 . qq(","key":"$id",)
        . qq("writers":[{"writer":"w1-1764000000-1","from":1,"to":$n,"root":"$root",)
        . qq("head":"$head","state":"live"}]);
    write_log("$dir/text", $text);
    system("openssl pkeyutl -sign -inkey $dir/key -rawin -in $dir/text -out $dir/signature") == 0
        or die 'openssl';
    return ((map { "$_\n" } @lines),
        qq($text,"signature":") . unpack('H*', slurp("$dir/signature")) . qq("}\n));
}

my @log = sealed(map { (decision("r$_"), outcome("r$_", endpoint => 'riyadh-onprem',
    endpoint_country => 'SA')) } 1 .. 3);
my $good = write_log("$dir/good.jsonl", @log);
my @key = ('--key', "$dir/pub");

my ($status, $page, $err) = report(@key, $good);
is($status, 0, 'a log that is what was signed') or diag $err;
like($page, qr/<section id="verification" class="verdict good"[^>]*>\s*<h2[^>]*>Verified</,
    'the report begins with it');
like($page, qr/number 1 of 2026-11-24T08:23:00\.000Z, node &lt;i&gt;n1/, 'the checkpoint, as text');
my $d = decode_json((report('--json', @key, $good))[1]);
is($d->{verification}{state}, 'verified', 'JSON says so');
is($d->{verification}{facts}{'Records under a signature'}, 6, 'and how far');
is_deeply([ @{ $d->{log} }{qw(records checkpoints)} ], [6, 1], 'checkpoints are counted apart');

for (
    [ 'a changed record' => sub (@l) { $l[2] =~ s/acme-bank/acme-bonk/; @l }, qr/altered|rewritten/ ],
    [ 'a record less' => sub (@l) { splice @l, 2, 1; @l }, qr/removed/ ],
    [ 'no checkpoint' => sub (@l) { pop @l; @l }, qr/nothing_signed/ ],
    [ 'another signature' => sub (@l) { $l[-1] =~ s/"signature":"..../"signature":"0000/; @l },
        qr/bad_signature/ ],
) {
    my ($name, $attack, $kind) = @$_;
    my $bad = write_log("$dir/bad.jsonl", $attack->(@log));
    ($status, $page, $err) = report(@key, $bad);
    is($status, 1, "$name: not what was signed") or diag $err;
    like($page, qr/class="verdict bad"[^>]*>\s*<h2[^>]*>Verification failed</, "$name: said first");
    $d = decode_json((report('--json', @key, $bad))[1]);
    is($d->{verification}{state}, 'failed', "$name: JSON says so");
    ok((grep { /$kind/ } keys %{ $d->{verification}{facts} }), "$name: and why")
        or diag explain $d->{verification};
    unlike($page, qr/\Q$dir\E/, "$name: no path of this machine is in the report");
}

($status, $page) = report($good);
is($status, 0, 'without a key');
like($page, qr/class="verdict unsure"[^>]*>\s*<h2[^>]*>Not verified</, 'it is not verified');
for ([ 'no such key', '--key', "$dir/none", $good ], [ 'no key', '--key', $good, $good ],
    [ 'standard input with a key', @key, '-' ])
{
    my ($name, @args) = @$_;
    ($status, $page, $err) = report(@args);
    is($status, 2, "$name: not asked");
    is($page, '', "$name: no report");
    isnt($err, '', "$name: said why");
}
done_testing;
