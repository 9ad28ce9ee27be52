# Evidence from outside: logs that this test chains itself and openssl signs,
# attacks on them, proofs, pruning, through the command.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::SHA qw(sha256 sha256_hex);
use File::Temp;
use IG::Build;
use JSON::PP ();
use Test::More;

my $dir = File::Temp->newdir;
my $json = JSON::PP->new->utf8->canonical;
sub guard (@args) { run(command(), 'audit', @args) }
sub put ($name, @text) {
    open my $fh, '>:raw', "$dir/$name" or die "$name: $!";
    print $fh @text;
    close $fh or die "$name: $!";
    return "$dir/$name";
}

# --- keys: of the command, read by openssl, and the other way about ---

my ($status, $out) = guard('keygen', "$dir/audit.key");
is($status, 0, 'keygen') or diag $out;
is((stat "$dir/audit.key")[2] & 07777, 0600, 'the private key is for its owner alone');
my ($id) = $out =~ /key id: ([0-9a-f]{32})/;
my $der = qx(openssl pkey -pubin -in $dir/audit.key.pub -pubout -outform DER);
my $raw = substr $der, -32;
is(substr(sha256_hex($raw), 0, 32), $id, 'the id is of the public key');
is((guard('keygen', "$dir/audit.key"))[0], 2, 'a key is never written over');
put('other.key.pub', 'x');
is((guard('keygen', "$dir/other.key"))[0], 2, 'nor a public one');
ok(!-e "$dir/other.key", 'and no half of a pair is left');
unlink "$dir/other.key.pub";
is(system("openssl genpkey -algorithm ed25519 -out $dir/second.key 2>/dev/null"
    . " && openssl pkey -in $dir/second.key -pubout -out $dir/second.key.pub"), 0, 'a key of openssl');
my $raw2 = substr qx(openssl pkey -in $dir/second.key -pubout -outform DER), -32;

# --- a log, as docs/evidence.md says ---

sub leaf ($line) { sha256("\0$line") }
sub mth (@leaves) {
    return $leaves[0] if @leaves == 1;
    my $k = 1;
    $k *= 2 while $k * 2 < @leaves;
    return sha256("\1" . mth(@leaves[0 .. $k - 1]) . mth(@leaves[$k .. $#leaves]));
}

my (%writer, $number, $last, $key, $keyid);
sub fresh () {
    %writer = ();
    ($number, $last, $key, $keyid) = (0, "\0" x 32, "$dir/audit.key", $id);
}
sub record ($w, %o) {
    my $state = $writer{$w} //= { seq => 0, prev => "\0" x 32, from => 1, leaves => [] };
    my $seq = ++$state->{seq};
    my $time = $o{time} // '2026-11-24T08:22:29.123Z';
    my $line = qq({"v":1,"type":"outcome","time":"$time","writer":"$w","seq":$seq,"prev":")
        . unpack('H*', $state->{prev})
        . qq(","id":"$w-$seq","status":200,"model":"a \\"{quoted\\\\ name"});
    push $state->{leaves}->@*, $state->{prev} = leaf($line);
    return "$line\n";
}
sub sign ($text) {
    put('signed', $text);
    system("openssl pkeyutl -sign -inkey $key -rawin -in $dir/signed -out $dir/signature") == 0
        or die 'openssl pkeyutl';
    return unpack 'H*', read_file("$dir/signature");
}
sub checkpoint (%o) {
    my @writers = map {
        my $s = $writer{$_};
        my $to = $s->{seq};
        my $w = qq({"writer":"$_","from":$s->{from},"to":$to)
            . ($s->{leaves}->@* ? ',"root":"' . unpack('H*', mth($s->{leaves}->@*)) . '"' : '')
            . ',"head":"' . unpack('H*', $s->{prev}) . '","state":"live"}';
        @$s{qw(from leaves)} = ($to + 1, []);
        $w;
    } sort keys %writer;
    my $time = $o{time} // '2026-11-24T08:23:00.000Z';
    my $text = qq({"v":1,"type":"checkpoint","time":"$time","node":"n1","number":) . ++$number
        . ',"prev":"' . unpack('H*', $last) . qq(","policy":") . '0' x 64 . qq(","key":"$keyid")
        . ($o{next_key} ? qq(,"next_key":"$o{next_key}") : '')
        . ',"writers":[' . join(',', @writers) . ']';
    my $line = qq($text,"signature":") . sign($text) . '"}';
    $last = leaf($line);
    return "$line\n";
}

fresh();
my @log = (map({ (record('w1'), record('w2')) } 1 .. 3), checkpoint(),
    map({ (record('w1'), record('w2')) } 1 .. 3), checkpoint(), record('w1'));
my $log = put('a.jsonl', @log);
my @key = ('--key', "$dir/audit.key.pub");

($status, $out) = guard('verify', @key, $log);
is($status, 0, 'a good log') or diag $out;
like($out, qr/^VERIFIED$/m, 'is verified');
like($out, qr/^12 records under a good signature$/m, 'all of its sealed records');
like($out, qr/^1 records after the last checkpoint: chained, not signed yet$/m, 'and says what is not');
like($out, qr/^node "n1": last checkpoint 2, of "2026-11-24T08:23:00.000Z", at \Q$log\E:14$/m, 'and up to where');

($status, $out) = guard('verify', '--json', @key, $log);
my $said = eval { $json->decode($out) } // {};
is($status, 0, '--json: a good log');
ok($said->{verified} && $said->{sealed} == 12 && !@{ $said->{findings} }, '--json says so') or diag $out;

($status, $out) = guard('verify', $log);
is($status, 0, 'without a key the chains are looked at');
like($out, qr/NOT VERIFIED: no --key/, 'and nothing is called verified');
unlike($out, qr/^VERIFIED/m, 'nowhere');

($status, $out) = guard('verify', '--key', "$dir/second.key.pub", $log);
is($status, 1, "somebody else's key");
like($out, qr/^\Q$log\E:7: unknown_key:/m, 'is named');

# --- attacks, each named with its line ---

my $attack = sub ($name, $line, $kind, @lines) {
    my $file = put('attack.jsonl', @lines);
    my ($code, $text) = guard('verify', '--json', @key, $file);
    my $r = eval { $json->decode($text) } // {};
    is($code, 1, "$name: exit status");
    my ($f) = grep { $_->{kind} eq $kind } @{ $r->{findings} // [] };
    is($f ? $f->{line} : undef, $line, "$name: $kind at line $line") or diag $text;
    ok(!$r->{verified}, "$name: not verified");
};
my @l = @log;
$l[2] =~ s/200/201/;
$attack->('altered', 3, 'altered', @l);
@l = @log;
$l[4] =~ s/200/201/;
$attack->('the last under a checkpoint altered', 5, 'rewritten', @l[0 .. 6]);
@l = @log;
splice @l, 2, 1;
$attack->('removed', 4, 'removed', @l);
$attack->('repeated', 6, 'repeated', @log[0 .. 4], @log[2, 5 .. $#log]);
my $forged = $log[2] =~ s/200/201/r;
$attack->('inserted', 4, 'inserted', @log[0 .. 2], $forged, @log[3 .. $#log]);
@l = @log;
@l[0, 2] = @l[2, 0];
$attack->('reordered', 3, 'reordered', @l);
$attack->('a checkpoint removed', 13, 'missing_checkpoint', @log[0 .. 5, 7 .. $#log]);
$attack->('a writer left out', 8, 'left_out', grep { !/"writer":"w2","seq"/ } @log);
@l = @log;
$l[13] =~ s/("signature":"[0-9a-f]*)([0-9a-f])"/$1 . ($2 eq '0' ? 1 : 0) . '"'/e;
$attack->('a signature changed', 14, 'bad_signature', @l);
my %kept = %writer;
{
    my ($was_number, $was_last) = ($number, $last);
    %writer = ();
    my $added = record('zz');
    %writer = %kept;
    $attack->('a writer added', 3, 'unsealed', @log[0, 1], $added, @log[2 .. $#log]);
    ($number, $last) = ($was_number, $was_last);
}

# the end, cut: seen only by who has kept a checkpoint
my $cut = put('cut.jsonl', @log[0 .. 6]);
is((guard('verify', @key, $cut))[0], 0, 'a log that was cut behind a checkpoint looks whole');
my $elsewhere = put('kept', "Nov 24 08:23:00 host nginx: $log[13]");
($status, $out) = guard('verify', @key, '--checkpoint', $elsewhere, $cut);
is($status, 1, 'but not beside a checkpoint that was kept');
like($out, qr/^\Q$cut\E:5: cut: records 4 to 6 of writer w1/m, 'which says what is missing');
is((guard('verify', @key, '--checkpoint', $elsewhere, $log))[0], 0, 'and the whole log holds beside it');

# --- torn lines are named, and no failure ---

my $torn = put('torn.jsonl', $log[0], substr($log[1], 0, 80), $log[2], @log[1, 3 .. $#log]);
($status, $out) = guard('verify', @key, $torn);
is($status, 0, 'a torn line') or diag $out;
like($out, qr/^\Q$torn\E:2: note: torn:/m, 'is named');

# --- rotation of files and of keys ---

$number = 2;
my @more = (record('w1'), checkpoint(next_key => unpack 'H*', $raw2));
($key, $keyid) = ("$dir/second.key", substr sha256_hex($raw2), 0, 32);
push @more, record('w2', time => '2026-11-25T00:00:00.000Z'),
    checkpoint(time => '2026-11-25T00:01:00.000Z'), record('w1', time => '2026-11-25T00:02:00.000Z'),
    checkpoint(time => '2026-11-25T00:03:00.000Z');
my $old = put('log.1', @log[0 .. 8]);
my $mid = put('log.2', @log[9 .. $#log], @more[0, 1]);
my $new = put('log.3', @more[2 .. $#more]);
for my $order ([ $old, $mid, $new ], [ $new, $mid, $old ], [ $mid, $new, $old ]) {
    ($status, $out) = guard('verify', @key, @$order);
    is($status, 0, 'files in any order, and a key that was announced') or diag $out;
    like($out, qr/^16 records under a good signature$/m, 'all of them');
}
($status, $out) = guard('verify', @key, $old, $new);
is($status, 1, 'a file left out');
($status, $out) = guard('verify', @key, $old, $old, $mid, $new);
is($status, 0, 'a file given twice is read once');

# --- proofs ---

for my $ask ([ 5, '--writer', 'w2' ], [ '--id', 'w2-5' ]) {
    ($status, $out) = guard('prove', @$ask, $new, $old, $mid);
    is($status, 0, "prove @$ask") or diag $out;
    my $proof = put('proof.json', $out);
    ok(eval { $json->decode($out)->{record} } . "\n" eq $log[10], 'a proof is JSON and holds the line');
    ($status, $out) = guard('verify-proof', @key, $proof);
    is($status, 0, 'it holds') or diag $out;
    like($out, qr/^VERIFIED: this record is number 5 of writer "w2"/m, 'and says for what');
    is((guard('verify-proof', '--key', "$dir/second.key.pub", $proof))[0], 1, 'not with another key');
    put('proof.json', read_file($proof) =~ s/200/201/r);
    is((guard('verify-proof', @key, $proof))[0], 1, 'nor for another record');
}
is((guard('prove', 99, '--writer', 'w2', $old, $mid, $new))[0], 1, 'no proof of what is not there');

# --- pruning ---

($status, $out) = guard('prune', '--before', '2026-11-24T00:00:00Z', @key, $old, $mid, $new);
is($status, 0, 'prune: nothing is old enough');
ok(-e $old && -e $mid && -e $new, 'nothing is removed');
($status, $out) = guard('prune', '--before', '2027-01-01', @key, $mid, $new);
is($status, 1, 'prune: what is not verified');
ok(-e $mid && -e $new, 'stays');
is((guard('prune', '--before', '2027-01-01', $old, $mid, $new))[0], 2, 'prune: without a key');
($status, $out) = guard('prune', '--before', '2026-11-25T00:00:30Z', '--dry-run', @key, $old, $mid, $new);
is($status, 0, 'prune: dry run');
ok(-e $old && !-e "$old.checkpoints", 'removes nothing');
($status, $out) = guard('prune', '--before', '2026-11-25T00:00:30Z', @key, $old, $mid, $new);
is($status, 0, 'prune: two of three') or diag $out;
ok(!-e $old && !-e $mid && -e $new, 'they are gone');
($status, $out) = guard('verify', @key, "$old.checkpoints", "$mid.checkpoints", $new);
is($status, 0, 'the rest still verifies') or diag $out;
like($out, qr/^14 records pruned/m, 'and says how many are gone');
is((guard('verify', @key, $new))[0], 1, 'not without what stayed of them');

# --- what cannot be asked ---

is((guard('verify', @key))[0], 2, 'no file');
is((guard('verify', @key, "$dir/none"))[0], 2, 'a file that is not there');
is((guard('verify', @key, "$dir"))[0], 2, 'a directory');
is((guard('verify', '--key', $new, $new))[0], 2, 'a key that is none');
is((guard('verify', @key, put('empty', '')))[0], 1, 'an empty log proves nothing');

# --- the documentation's own commands ---

put('inference.jsonl', @log);
my @blocks = read_file('docs/evidence.md') =~ /^```sh\n(.*?)^```/msg;
is(scalar @blocks, 2, 'the documentation has two ways by hand');
($status, $out) = run('sh', '-ec', "cd '$dir'\n$blocks[0]");
is($status, 0, 'the signature by hand') or diag $out;
like($out, qr/Signature Verified Successfully/, 'it holds');
($status, $out) = run('sh', '-ec', "cd '$dir'\n$blocks[1]");
my ($hash) = $out =~ /([0-9a-f]{64})/;
like($log[2], qr/"prev":"$hash"/, 'the leaf hash by hand');

# readers of requests pass over checkpoints
($status, $out) = guard('search', '--json', $new);
unlike($out, qr/checkpoint|is no record/, 'search does not trip over checkpoints');

done_testing;
