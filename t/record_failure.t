# No record, no request: while the file cannot take a whole record every request
# is refused with 503 and no endpoint gets a byte; when it can again, service
# goes on without a restart, and no line is lost or mixed.
# The full disk is a limit on the size of the workers' files (RLIMIT_FSIZE).
# Control: before and after, requests pass.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $t = standard(start => 0);
my $filler = '{"type":"filler","writer":"x","seq":0,"id":"x"}' . "\n";
$t->write('audit.jsonl', $filler x 20_000);
$t->start($t->{conf});
$t->{torn} = 1;                        # lines cut by the limit are no surprise

sub size () { -s $t->dir('audit.jsonl') }

sub limit ($bytes, @workers) {
    for my $w (@workers ? @workers : $t->workers) {
        my ($status, $out) = $t->run('prlimit', "--pid=$w",
            "--fsize=$bytes:unlimited");
        is($status, 0, "limit $bytes") or diag $out;
    }
}

sub retry_until_served ($name) {
    my $r;
    $t->wait_for('served again', sub {
        $_->reset for values $t->{up}->%*;
        $r = ask($t, us => 'hello');
        $r->{status} == 200;
    });
    served($t, $r, 'virginia', $name);
}

served($t, ask($t, us => 'hello'), 'virginia', 'before');
$t->wait_records(outcome => 1);

for my $room (0, 1, 100) {
    limit(size() + $room);
    refused($t, ask($t, us => 'hello'), 503, 'not_recorded',
        "room for $room bytes, request $_") for 1 .. 6;
    my $r = ask($t, us => SECRET);
    ok($r->{status} == 503 || $r->{status} == 403,
        "room for $room bytes: a refusal stays one");
    got_nothing($t, "room for $room bytes");
    limit('unlimited');
    retry_until_served("room again after $room");
}

# one worker's record is cut short: the other's, written whole after it, must not
# become a part of that line
my ($first, $second) = $t->workers;
$t->wait_for('a torn record', sub {
    limit(size() + 100, $first);
    ask($t, us => 'hello');
    $t->read('audit.jsonl') !~ /\n\z/;
});
$t->wait_for('the other worker had a request', sub {
    ask($t, us => 'hello')->{status} == 200;
});
limit('unlimited');
retry_until_served('room again for one');

sub glued () { grep { /.\{"v":/ } split /\n/, $t->read('audit.jsonl') }

my @glued = glued();
is(scalar @glued, 0, 'no record is glued to a torn one')
    or diag substr $glued[0], 0, 300;

# nor when the workers of a new configuration are the next to write
$t->expect_log(qr/records are lost/);    # of requests that were refused
limit(size() + 100);
$t->wait_for('another torn record', sub {
    ask($t, us => 'hello');
    $t->read('audit.jsonl') !~ /\n\z/;
});
$t->reload;
retry_until_served('after a reload');
@glued = glued();
is(scalar @glued, 0, 'no record of another life is glued to it')
    or diag substr $glued[0], 0, 300;

# an outcome that finds no room is kept, and comes when there is some
my $go = $t->dir('go');
$t->{up}{virginia}->stop;
$t->{up}{virginia} = IG::Upstream->new(name => 'virginia',
    port => $t->port('virginia'), dir => $t->dir('upstream-v2'),
    handler => sub ($r, $c) { $c->wait_file($go); IG::Upstream::answer($r, $c) });
my $before = $t->records('outcome');
my $s = $t->connect;
$t->send($s, $t->request('POST', '/v1/chat/completions', chat('hello'),
    'Authorization: Bearer tok-us'));
$t->wait_for('it is at the endpoint', sub { $t->up('virginia')->requests });
limit(size());
open my $fh, '>', $go or die;
close $fh;
is($t->response($s)->{status}, 200, 'its answer comes');
$_->reset for values $t->{up}->%*;
refused($t, ask($t, us => 'hello'), 503, 'not_recorded',
    'the next are refused, as its outcome is not written') for 1 .. 4;
limit('unlimited');
retry_until_served('room again');

# every whole line is a record: torn ones stand alone
my (%decided, %ended, $torn);
for my $line (split /\n/, $t->read('audit.jsonl')) {
    my $j = eval { JSON::PP->new->utf8->decode($line) };
    if (!$j) {
        $torn++ if length $line;
        next;
    }
    $decided{ $j->{id} }++ if $j->{type} eq 'decision';
    $ended{ $j->{id} }++ if $j->{type} eq 'outcome';
}
cmp_ok($torn // 0, '<=', 20, 'torn lines are few');
is_deeply([ grep { $_ > 1 } values %ended ], [], 'no outcome twice');
$t->stop;
is($t->read('logs/error.log') =~ /\[(?:error|crit)\]/, 1, 'the error log says so');
no_leak($t, SECRET);
$t->done;

# a file that ends in a torn line when NGINX starts, as after a crash
$t = standard(start => 0);
my $piece = '{"v":1,"type":"decision","time":"2026-11-2';
for my $end ($piece, "$piece\n", '') {
    $t->write('audit.jsonl', $filler . $end);
    $t->start($t->{conf});
    served($t, ask($t, us => 'hello'), 'virginia', 'started');
    $t->stop;
    my @lines = split /\n/, $t->read('audit.jsonl'), -1;
    is(scalar @lines, $end eq '' ? 4 : 5, 'each on a line of its own');
    is($lines[1], $piece, 'the torn piece stands alone') if $end ne '';
    is(scalar(grep { eval { JSON::PP->new->utf8->decode($_) } } @lines), 3,
        'what was there, a decision, an outcome');
}
$t->done;

# a device that is always full
$t = standard(audit => '/dev/full');
$t->expect_log(qr/records are lost/);  # as it ends, and rightly said
refused($t, ask($t, us => 'hello'), 503, 'not_recorded', '/dev/full');
isnt(ask($t, us => 'hello')->{headers}{'x-should-retry'} // '', 'false',
    '/dev/full: a retry may help');

$t->done;
done_testing;
