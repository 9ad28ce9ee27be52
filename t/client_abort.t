# A client that goes away (before its body is whole, while the endpoint thinks,
# in the middle of a stream) leaves no request behind and a record of its end.
# Control: the server goes on serving.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $hold = sub ($r, $c) {
    return IG::Upstream::answer($r, $c) if $r->{body} !~ /hold/;
    if ($r->{body} =~ /stream/) {
        $c->sse_start;
        $c->chunk("data: 1\n\n");
    }
    # until NGINX hangs up, which proves that it noticed
    sysread $c->{sock}, my $x, 1;
    open my $fh, '>', "$c->{up}{dir}/hungup.$c->{n}";
};
my $t = standard(handler => $hold);

# the body never comes
my $w = $t->request('POST', '/v1/chat/completions', chat('x' x 5000),
    'Authorization: Bearer tok-us');
for (1 .. 5) {
    my $s = $t->connect;
    $t->send($s, substr $w, 0, -10 * $_);
    close $s;
}
my @u = $t->wait_records(undecided => 5);
is(scalar @u, 5, 'five without a body: five records');
got_nothing($t, 'without a body');

# while the endpoint thinks
my $s = $t->connect;
$t->send($s, $t->request('POST', '/v1/chat/completions', chat('hold'),
    'Authorization: Bearer tok-us'));
$t->wait_for('the endpoint has it', sub { $t->up('virginia')->requests });
close $s;
$t->wait_for('NGINX hangs up', sub {
    glob $t->dir('upstream-virginia/hungup.*') });
my ($o) = $t->wait_records(outcome => 1);
ok($o->{aborted}, 'its outcome: aborted');

# in the middle of a stream
$s = $t->connect;
$t->send($s, $t->request('POST', '/v1/chat/completions',
    chat('hold', stream => JSON::PP::true()), 'Authorization: Bearer tok-us'));
my $got = '';
$t->fill($s, \$got, Time::HiRes::time() + 10) while $got !~ /data: 1/;
close $s;
$t->wait_for('NGINX hangs up', sub {
    (() = glob $t->dir('upstream-virginia/hungup.*')) == 2 });
my @o = $t->wait_records(outcome => 2);
ok($o[1]{aborted}, 'a stream: aborted');

$_->reset for values $t->{up}->%*;
served($t, ask($t, us => 'hello'), 'virginia', 'the control');

$t->done;
done_testing;
