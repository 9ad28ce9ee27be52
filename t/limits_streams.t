# A stream is asked for its usage when the client did not ask, and the client
# does not notice: every other byte goes on as it is, both ways, however the
# endpoint cuts it.  Without usage, or when the client leaves, the text counts.
# Control: a client that asked for it gets the event.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Limits;
use IG::Standard;
use Test::More;

my $json = JSON::PP->new->canonical;
my @text = map { $json->encode({ id => 'c', choices => [ { index => 0,
    delta => { content => "piece $_ \x{e4}\x{20ac}" } } ] }) } 1 .. 4;
my $usage = $json->encode({ id => 'c', choices => [],
    usage => { prompt_tokens => 11, completion_tokens => 22 } });

# the wire of the endpoint: which pieces, in which order
sub stream (@data) {
    my $s = join '', map { "data: $_\n\n" } @data, '[DONE]';
    utf8::encode($s);
    return $s;
}

my $t = limited("limits:\n  - {of: tokens, per: day, max: 1000000}",
    handler => sub ($r, $c) {
        my ($cut, $size, $mode) = $r->{body} =~ /cut (\d+) (\d+) (\w+)/;
        my $asked = $r->{body} =~ /"include_usage":\s*true/;
        $c->sse_start;
        my $s = stream(@text, $asked && $mode ne 'silent' ? $usage : ());
        if ($mode eq 'leave') {
            $c->chunk(substr $s, 0, 200);
            $c->wait_file("$c->{up}{dir}/go", 15);
            return $c->close;
        }
        # one cut at each place in turn, or pieces of one size
        my @pieces = $size ? unpack("(a$size)*", $s)
            : (substr($s, 0, $cut), substr($s, $cut));
        $c->chunk($_) for grep { length } @pieces;
        $c->chunk_end;
    });

sub body ($cut, $size, $mode, %more) {
    return chat("cut $cut $size $mode", stream => JSON::PP::true(), %more);
}

sub count () { used($t, 'tokens/day') }

my $sent = $json->encode(body(40, 0, 'plain'));
my $r = $t->post('/v1/chat/completions', $sent,
    'Authorization: Bearer tok-us');
is($r->{status}, 200, 'a stream');
is($r->{body}, stream(@text), 'the client reads what it asked for');
my $got = $t->up('virginia')->last_request->{body};
like($got, qr/"include_usage":true/, 'the endpoint was asked for the usage');
my $added = '"stream_options":{"include_usage":true}';
ok($got =~ s/,\Q$added\E//r eq $sent || $got =~ s/\Q$added\E,//r eq $sent,
    'every other byte is as it was') or diag $got;
settled($t);
is(count(), 33, 'and it is counted');

my $before = count();
$r = ask($t, us => body(40, 0, 'plain',
    stream_options => { include_usage => JSON::PP::true() }));
is($r->{body}, stream(@text, $usage), 'a client that asks gets the event');
settled($t);
is(count() - $before, 33, 'counted once');

# every place of a cut, on one connection, and pieces of one byte
my $all = length stream(@text, $usage);
my ($bad, $n) = (0, 0);
for my $cut (0 .. $all) {
    $r = ask($t, us => body($cut, 0, 'plain'));
    $n++;
    $bad++ if $r->{body} ne stream(@text);
}
is($bad, 0, "cut at each of its $all places the stream is the same");
for my $size (1, 2, 3, 7) {
    is(ask($t, us => body(0, $size, 'plain'))->{body}, stream(@text),
        "in pieces of $size");
    $n++;
}
settled($t);
is(count(), 33 * (2 + $n), 'each was counted, and once');

$before = count();
$r = ask($t, us => body(40, 0, 'silent', max_tokens => 5000));
is($r->{body}, stream(@text), 'an endpoint that does not say');
settled($t);
my $silent = count() - $before;
ok($silent > 20 && $silent < 150, 'the text is counted') or diag $silent;

$before = count();
my $s = $t->connect;
$t->send($s, $t->request('POST', '/v1/chat/completions',
    body(0, 0, 'leave', max_tokens => 5000), 'Authorization: Bearer tok-us'));
my $buf = '';
my $end = Time::HiRes::time() + 10;
$t->fill($s, \$buf, $end) while $buf !~ /piece 1/;
close $s;
settled($t);
my $left = count() - $before;
ok($left > 10 && $left < 150, 'who leaves pays for what was said till then')
    or diag $left;
my ($o) = grep { $_->{aborted} } $t->records('outcome');
is($o->{tokens}{source}, 'estimate', 'by estimate');

$t->done;

# a slow client and a long answer: memory of a worker stays bounded
my $long = 40 * 1024 * 1024;
$t = limited("limits:\n  - {of: tokens, per: day, max: 100000000}",
    nginx => { workers => 1 },
    handler => sub ($r, $c) {
        return IG::Upstream::answer($r, $c) if $r->{body} !~ /flood/;
        $c->sse_start;
        my $e = 'data: ' . $json->encode({ choices => [ { index => 0,
            delta => { content => 'x' x 900 } } ] }) . "\n\n";
        my $sum = 0;
        while ($sum < $long) { $c->chunk($e x 32); $sum += 32 * length $e }
        $c->chunk("data: [DONE]\n\n");
        $c->chunk_end;
    });
sub rss ($pid) {
    open my $fh, '<', "/proc/$pid/status" or die;
    return (join '', <$fh>) =~ /VmRSS:\s+(\d+)/ ? $1 : 0;
}
ask($t, us => chat('warm', stream => JSON::PP::true()));
my ($worker) = $t->workers;
my $rss = rss($worker);
$s = $t->connect;
$t->send($s, $t->request('POST', '/v1/chat/completions',
    chat('flood', stream => JSON::PP::true()), 'Authorization: Bearer tok-us'));
# nothing is read until the endpoint can send no more
my ($last, $same) = (0, 0);
$t->wait_for('the endpoint stands still', sub {
    my $now = rss($worker);
    $same = $now == $last ? $same + 1 : 0;
    $last = $now;
    return $same > 50;
});
cmp_ok(rss($worker) - $rss, '<', 4096, 'a slow client costs the worker little')
    or diag rss($worker) - $rss;
my $sum = 0;
while (sysread $s, my $b, 1 << 20) { $sum += length $b }
close $s;
cmp_ok($sum, '>', $long, 'and gets everything in the end');
cmp_ok(rss($worker) - $rss, '<', 8192, 'buffers are used again');
$t->done;

done_testing;
