# Hostile input costs bounded time, and a limit that is reached is a refusal,
# never a skipped check.  Time is the worker's own (utime and stime of /proc), so
# a busy machine does not fail it: at most 2 s of CPU for bodies of 2 MB, where
# an honest one takes some hundredths.
# Control: just below each limit the request passes.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $t = standard(nginx => { workers => 1 },
    server => 'client_max_body_size 8m; client_body_buffer_size 4m;');

sub cpu () {
    my ($pid) = $t->workers;
    open my $fh, '<', "/proc/$pid/stat" or die;
    my @f = split / /, (<$fh> =~ s/^.*\) //r);
    return ($f[11] + $f[12]) / POSIX::sysconf(POSIX::_SC_CLK_TCK());
}

sub repeat ($s, $bytes = 2_000_000) { $s x ($bytes / length $s) }

my %text = (
    'digits' => repeat('1'), 'digits and spaces' => repeat('1 '),
    'digits in groups' => repeat('2000 000 007-'), 'luhn nearly' => repeat('2000000007 '),
    'dots' => repeat('1.'), 'plus signs' => repeat('+'), 'anchors' => repeat('igsecret-'),
    'anchors of letters' => repeat('USCASE-123'), 'backslashes' => repeat('\\'),
    'zero-width' => repeat("1\x{200b}", 600_000), 'combining' => repeat("a\x{301}", 600_000),
    'words of context' => repeat('iqama '), 'at signs' => repeat('a@'),
);
for my $name (sort keys %text) {
    my $before = cpu();
    my $r = ask($t, us => $text{$name});
    my $took = cpu() - $before;
    like($r->{status}, qr/^(?:200|413)$/, "$name: answered");
    cmp_ok($took, '<', 2, sprintf '%s: %.2f s', $name, $took);
    $_->reset for values $t->{up}->%*;
}
my %json = (
    'many keys' => '{' . join(',', map { qq("k$_":1) } 1 .. 120_000) . '}',
    'many equal lengths' => '{' . join(',', map { sprintf '"%06d":1', $_ } 1 .. 150_000) . '}',
    'many arrays' => '[' . join(',', ('[]') x 500_000) . ']',
    'strings in strings' => '"' . repeat('\\"{\\\\\\"a\\\\\\":1}', 1_000_000) . '"',
);
for my $name (sort keys %json) {
    my $before = cpu();
    my $r = $t->post('/v1/chat/completions',
        qq({"model":"m","messages":[{"role":"user","content":"x"}],"x":$json{$name}}),
        'Authorization: Bearer tok-us');
    my $took = cpu() - $before;
    like($r->{status}, qr/^(?:200|413)$/, "$name: answered");
    cmp_ok($took, '<', 2, sprintf '%s: %.2f s', $name, $took);
    $_->reset for values $t->{up}->%*;
}

# limits
served($t, ask($t, us => join '', map { ID . ', x ' } 1 .. 1000), 'riyadh', 'many findings');
refused($t, ask($t, us => join '', map { ID . ', x ' } 1 .. 5000), 413, 'limit_exceeded',
    'too many findings');

sub tools ($n) {
    return chat('x', tools => [ map { { type => 'function', function => {
        name => "tool_$_", parameters => { type => 'object' } } } } 1 .. $n ]);
}
served($t, ask($t, us => tools(1000)), 'virginia', 'many tools');
refused($t, ask($t, us => tools(1100)), 413, 'limit_exceeded', 'too many tools');

sub deep ($n) {
    return '{"model":"m","messages":[{"role":"user","content":"x"}],"x":'
        . '[' x $n . ']' x $n . '}';
}
my @auth = ('Authorization: Bearer tok-us');
served($t, $t->post('/v1/chat/completions', deep(100), @auth), 'virginia', 'deep');
refused($t, $t->post('/v1/chat/completions', deep(130), @auth), 400, 'too_deep',
    'too deep');

$t->done;
done_testing;
