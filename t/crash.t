# A worker killed in the middle of requests takes nothing with it but them: the
# next worker decides and records as before, and what was recorded stays whole.
# Control: requests before and after.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $t = standard(nginx => { workers => 1 }, handler => sub ($r, $c) {
    sysread $c->{sock}, my $x, 1 if $r->{body} =~ /hold/;
    IG::Upstream::answer($r, $c);
});
served($t, ask($t, us => 'hello'), 'virginia', 'before');
for my $round (1 .. 3) {
    my @s = map {
        my $s = $t->connect;
        $t->send($s, $t->request('POST', '/v1/chat/completions',
            chat("hold $_"), 'Authorization: Bearer tok-us'));
        $s;
    } 1 .. 5;
    $t->wait_for('all at the endpoint', sub { $t->up('virginia')->requests == 5 });
    my ($worker) = $t->workers;
    kill 'KILL', $worker;
    $t->wait_for('another worker', sub {
        my @w = $t->workers;
        @w == 1 && $w[0] != $worker;
    });
    close $_ for @s;
    $_->reset for values $t->{up}->%*;
    served($t, ask($t, us => 'hello'), 'virginia', "after kill $round");
    refused($t, ask($t, us => SECRET), 403, 'blocked_by_rule', "after kill $round");
}
my @d = $t->records('decision');
is(scalar @d, 1 + 3 * 7, 'every decision is there, and whole');
my %w = map { $_->{writer} => 1 } @d;
is(scalar(keys %w), 4, 'each life is a writer of its own');
$t->expect_log(qr/exited on signal 9/);

$t->done;
done_testing;
