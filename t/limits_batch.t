# Batch work may fill a part of each limit only, so it is refused first; what a
# location calls batch is the operator's variable to say.
# Control: interactive requests go on.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Limits;
use IG::Standard;
use Test::More;

my $t = limited(<<'END', location => 'inference_guard_batch $http_x_batch;');
interactive: 50%
limits:
  - {of: requests, per: day, max: 10}
  - {of: concurrent, max: 2}
END
for my $n (1 .. 5) {
    served($t, ask($t, us => 'hello', 'X-Batch: 1'), 'virginia', "batch $n");
    settled($t);
}
my $r = ask($t, us => 'hello', 'X-Batch: 1');
refused($t, $r, 429, 'insufficient_quota', 'batch has had its half');
for my $n (6 .. 10) {
    served($t, ask($t, us => 'hello', $n == 6 ? 'X-Batch: 0' : ()), 'virginia',
        "interactive $n");
    settled($t);
}
refused($t, ask($t, us => 'hello'), 429, 'insufficient_quota', 'all is spent');
$t->done;

# what runs at once: batch may have one of two places
my $go;
$t = limited(<<'END', location => 'inference_guard_batch $http_x_batch;',
interactive: 50%
limits:
  - {of: concurrent, max: 2}
END
    handler => sub ($r, $c) {
        my ($file) = $r->{body} =~ m{"user":"([^"]+)"};
        $c->wait_file($file) if $file;
        IG::Upstream::answer($r, $c);
    });
$go = $t->dir('go');
my $s = $t->connect;
$t->send($s, $t->request('POST', '/v1/chat/completions', chat('hi', user => $go),
    'Authorization: Bearer tok-us', 'X-Batch: yes'));
$t->wait_for('at the endpoint', sub { $t->up('virginia')->requests == 1 });
is(ask($t, us => 'hello', 'X-Batch: yes')->{status}, 429, 'a second of batch waits');
is(ask($t, us => 'hello')->{status}, 200, 'the other place is for people');
open my $fh, '>', $go or die;
is($t->response($s)->{status}, 200, 'the first ends');
$t->done;

done_testing;
