# A stream is not buffered: the first event is with the client before the
# endpoint sends the second, which it sends only when the client says so.
# Control: an ordinary answer passes whole.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

sub held ($type, @events) {
    return sub ($r, $c) {
        my ($file) = $r->{body} =~ m{"user":"([^"]+)"};
        return IG::Upstream::answer($r, $c) if !$file;
        $c->sse_start($type);
        for my $i (0 .. $#events) {
            $c->wait_file("$file.$i") if $i;
            $c->chunk($events[$i]);
        }
        $c->chunk_end;
    };
}

my @sse = map { "data: {\"n\":$_}\n\n" } 1 .. 3;
my @nd  = map { "{\"n\":$_}\n" } 1 .. 3;
my $t = standard(location => 'gzip on; gzip_types *;', handlers => {
    virginia => held('text/event-stream', @sse),
    riyadh => held('application/x-ndjson', @nd),
    frankfurt => held('text/event-stream; charset=utf-8', @sse) });

my %case = (virginia => [ 'us', \@sse ], riyadh => [ 'sa', \@nd, from 'SA' ],
    frankfurt => [ 'de', \@sse, from 'DE' ]);
for my $up (sort keys %case) {
    my ($who, $events, @h) = $case{$up}->@*;
    my $file = $t->dir("go-$up");
    my $s = $t->connect;
    $t->send($s, $t->request('POST', '/v1/chat/completions',
        chat('hello', stream => JSON::PP::true(), user => $file),
        "Authorization: Bearer tok-$who", @h));
    my $got = '';
    for my $i (0 .. $#$events) {
        my $want = $events->[$i];
        my $end  = Time::HiRes::time() + 10;
        $t->fill($s, \$got, $end) while index($got, $want) < 0;
        pass("$up: event $i is here before the next is sent");
        open my $fh, '>', "$file." . ($i + 1) or die;
    }
    $t->fill($s, \$got, Time::HiRes::time() + 10)
        while $got !~ /\r\n0\r\n\r\n$/;
    like($got, qr{^HTTP/1.1 200}, "$up: status");
    unlike($got, qr/content-length/i, "$up: no length");
}
my @o = $t->wait_records(outcome => 3);
is(scalar(grep { $_->{status} == 200 } @o), 3, 'outcomes of streams');
$_->reset for values $t->{up}->%*;
served($t, ask($t, us => 'hello'), 'virginia', 'the control');

$t->done;
done_testing;
