# Answers that could go by uncounted, or not arrive: a part that the client asks
# for, a filter that copies, a connection that changes its protocol, a redirect
# inside, a client that leaves at each moment.
# Control: the same answer, taken in the ordinary way, counts as its usage says.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Compress::Zlib ();
use IG::Limits;
use IG::Standard;
use Socket qw(SOL_SOCKET SO_RCVBUF);
use Test::More;

my $plan = "limits:\n  - {of: tokens, per: day, max: 100000000}\n"
    . "  - {of: concurrent, max: 3}";

subtest 'a part of the answer pays for the whole' => sub {
    my $t = limited($plan, location => 'proxy_force_ranges on;');
    my $r = ask($t, us => take(100, 50), 'Range: bytes=0-3');
    settled($t);
    is(used($t, 'tokens/day'), 150, 'as its usage says');
    is($r->{status}, 200, 'and all of it comes');
    my $got = $t->up('virginia')->last_request;
    ok(!exists $got->{headers}{range}, 'no part is asked of the endpoint');
    $r = ask($t, us => take(10, 5, stream => JSON::PP::true()),
        'Range: bytes=0-3');
    settled($t);
    is(used($t, 'tokens/day'), 165, 'a stream, too');
    like($r->{body}, qr/\[DONE\]/, 'whole');
    $t->done;
};

# The filters behind ours take the bytes and keep what the client does not read:
# nothing of ours waits then, and the rest must come all the same.
subtest 'a slow client of a compressed stream gets all of it' => sub {
    srand 7;
    my $noise = join '', map { chr 33 + int rand 90 } 1 .. 100_000;
    $noise =~ s/["\\]/x/g;
    my $t = limited($plan, nginx => { workers => 1 },
        listen => 'listen %%PORT:http%% sndbuf=8k;',
        location => 'gzip on; gzip_types text/event-stream; gzip_min_length 1;'
            . ' gzip_comp_level 1; send_timeout 5s;',
        handler => sub ($r, $c) {
            $c->sse_start;
            for my $n (0 .. 24) {
                my $text = substr $noise, $n * 4000, 4000;
                $c->chunk(qq(data: {"choices":[{"index":0,"delta":{"content":")
                    . qq($text"}}]}\n\n));
            }
            $c->chunk("data: [DONE]\n\n");
            $c->chunk_end;
        });
    my $s = $t->connect;
    setsockopt $s, SOL_SOCKET, SO_RCVBUF, 8192;
    $t->send($s, $t->request('POST', '/v1/chat/completions',
        chat('flood', stream => JSON::PP::true()),
        'Authorization: Bearer tok-us', 'Accept-Encoding: gzip'));
    my ($last, $same) = (-1, 0);
    $t->wait_for('the worker waits for the client', sub {
        my ($w) = $t->workers;
        open my $fh, '<', "/proc/$w/stat" or die;
        my @f = split ' ', <$fh>;
        $same = $f[13] == $last ? $same + 1 : 0;
        $last = $f[13];
        return $same > 50;
    });
    my $r = $t->response($s);
    is($r->{status}, 200, 'answered');
    is($r->{headers}{'content-encoding'}, 'gzip', 'compressed');
    my $text = Compress::Zlib::memGunzip($r->{body}) // '';
    like($text, qr/data: \[DONE\]\n\n\z/, 'to its end')
        or diag length $text;
    cmp_ok(length $text, '>', 100_000, 'with all events');
    settled($t);
    is(used($t, 'concurrent'), 0, 'and is over');
    $t->done;
};

# After 101 nobody would look at what goes either way.
subtest 'no tunnel' => sub {
    my $t = limited($plan,
        location => 'proxy_set_header Upgrade $http_upgrade;'
            . ' proxy_set_header Connection upgrade;',
        handler => sub ($r, $c) {
            $c->write("HTTP/1.1 101 Switching Protocols\r\n"
                . "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello");
            $c->fill;
        });
    $t->expect_log(qr/upgrade|101/i);
    my $s = $t->connect;
    $t->send($s, $t->request('POST', '/v1/chat/completions', chat('hi'),
        'Authorization: Bearer tok-us', 'Connection: Upgrade',
        'Upgrade: websocket'));
    my $buf = '';
    my $end = Time::HiRes::time() + 5;
    $t->fill($s, \$buf, $end) while $buf !~ /\r\n\r\n/;
    unlike($buf, qr/^HTTP\S+ 101/, 'the connection stays what it is');
    eval { $t->send($s, 'and now ' . SECRET) };
    close $s;
    settled($t);
    my $got = join '', map { $_->{raw} } $t->up('virginia')->requests;
    ok(!exists $t->up('virginia')->last_request->{headers}{upgrade},
        'none is asked of the endpoint');
    unlike($t->read('audit.jsonl'), qr/"status":101/, 'nor recorded');
    is(-s (glob $t->up('virginia')->{dir} . '/conn.*')[0], length $got,
        'nothing more reached it');
    is(used($t, 'concurrent'), 0, 'its place is free');
    $t->done;
};

subtest 'an endpoint that redirects inside' => sub {
    my $t = limited($plan, handler => sub ($r, $c) {
            $c->respond(200, [ 'X-Accel-Redirect: /files/answer.json' ], '{}') },
        server => 'location /files/ { internal; root %%DIR%%; }');
    mkdir $t->dir('files');
    $t->write('files/answer.json', '{"a":1}');
    my $r = ask($t, us => take(100, 70));
    is($r->{body}, '{"a":1}', 'a file answers');
    settled($t);
    cmp_ok(used($t, 'tokens/day'), '>', 70, 'and counts as reserved');
    is(used($t, 'concurrent'), 0, 'its place is free');
    $t->done;
};

subtest 'numbers that are none' => sub {
    my $t = limited("limits:\n  - {of: output_tokens, per: day, max: 5000}\n"
        . "  - {of: cost, currency: USD, per: day, max: 1000}");
    my $n = 0;
    for ([ '{"max_tokens":18446744073709551616}', 429 ],
        [ '{"max_tokens":18446744073709551615}', 429 ],
        [ '{"max_tokens":6e3}', 429 ],
        [ '{"max_tokens":1e308}', 429 ],
        [ '{"max_tokens":10,"max_completion_tokens":6000}', 429 ],
        [ '{"max_tokens":10,"n":501}', 429 ],
        [ '{"max_tokens":10,"n":5.01e2}', 429 ],
        [ '{"max_tokens":2,"n":9223372036854775808}', 429 ],
        [ '{"max_tokens":10,"n":0}', 200 ],
        [ '{"max_tokens":10,"n":-1}', 200 ],
        [ '{"max_tokens":-1}', 200 ],
        [ '{"max_tokens":"10"}', 200 ],
        [ '{"max_tokens":null}', 200 ])
    {
        my ($more, $status) = @$_;
        my $body = $more
            =~ s/\}\z/,"model":"m-1","messages":[{"role":"user","content":"hi"}]}/r;
        my $r = $t->post('/v1/chat/completions', $body,
            'Authorization: Bearer tok-us');
        is($r->{status}, $status, $more) or diag $r->{body};
        $n += $status == 200;
    }
    settled($t);
    is(used($t, 'output_tokens/day'), 4 * $n, 'what was admitted is counted');
    $t->done;
};

# At the endpoint, before it has said anything; in the middle; with HTTP/1.0.
subtest 'who leaves keeps no place' => sub {
    my $t = limited($plan, handler => sub ($r, $c) {
        my ($how) = $r->{body} =~ /how (\w+)/;
        $c->sse_start if $how eq 'middle';
        $c->sse({ choices => [ { index => 0, delta => { content => 'x' } } ] })
            if $how eq 'middle';
        $c->fill;              # until the guard closes
        $c->close;
    });
    for my $how (qw(silent middle)) {
        for my $stream (0, 1) {
            $_->reset for values $t->{up}->%*;
            my $s = $t->connect;
            $t->send($s, $t->request('POST', '/v1/chat/completions',
                chat("how $how", $stream ? (stream => JSON::PP::true()) : ()),
                'Authorization: Bearer tok-us'));
            $t->wait_for('at the endpoint',
                sub { $t->up('virginia')->requests });
            is(used($t, 'concurrent'), 1, "$how $stream: it runs");
            close $s;
            settled($t);
            is(used($t, 'concurrent'), 0, "$how $stream: it is over");
        }
    }
    $t->done;
};

subtest 'a location that audits changes nothing of a request' => sub {
    my $t = limited("cap_output: 10\nlimits:\n"
        . "  - {of: tokens, per: day, max: 100}", guard => 'audit');
    served($t, ask($t, us => take(30, 40)), 'virginia', 'over its cap');
    ask($t, us => take(30, 40));
    like($t->up('virginia')->last_request->{body}, qr/"max_tokens":40\b/,
        'the length is the client\'s');
    $t->done;
};

# It did not fit into the buffers: the usage is in a file when it is read.
subtest 'an answer in a file' => sub {
    my $t = limited($plan, nginx => { workers => 1 },
        listen => 'listen %%PORT:http%% sndbuf=8k;',
        location => 'sendfile on; proxy_buffers 4 4k; proxy_buffer_size 4k;'
            . ' proxy_busy_buffers_size 8k;',
        handler => sub ($r, $c) {
            $c->json(200, { choices => [ { index => 0, message => {
                role => 'assistant', content => 'x' x 300_000 } } ],
                usage => { prompt_tokens => 7, completion_tokens => 9 } });
        });
    my $s = $t->connect;
    setsockopt $s, SOL_SOCKET, SO_RCVBUF, 65536;
    $t->send($s, $t->request('POST', '/v1/chat/completions', chat('hi'),
        'Authorization: Bearer tok-us'));
    $t->wait_for('it is in a file', sub {
        $t->read('logs/error.log') =~ /buffered to a temporary file/ });
    my $r = $t->response($s);
    is(length $t->json($r)->{choices}[0]{message}{content}, 300_000, 'whole');
    settled($t);
    is(used($t, 'tokens/day'), 16, 'as its usage says');
    $t->done;
};

subtest 'filters behind ours' => sub {
    my $t = limited($plan,
        location => 'sub_filter word WORD; sub_filter_once off;'
            . ' sub_filter_types *; add_after_body /tail; addition_types *;',
        server => 'location = /tail { return 200 "the tail"; }');
    my $r = ask($t, us => take(3, 4, stream => JSON::PP::true()));
    like($r->{body}, qr/(?:WORD \d .*){3}\[DONE\]\n\n.*the tail/s, 'all of them work');
    unlike($r->{body}, qr/usage/, 'and the event is hidden');
    settled($t);
    is(used($t, 'tokens/day'), 7, 'counted');
    $t->done;
};

# A mirror is another answer to pay for, and no other request.
subtest 'a mirror' => sub {
    my $t = limited("limits:\n  - {of: requests, per: day, max: 2}\n"
        . "  - {of: concurrent, max: 2}\n"
        . "  - {of: output_tokens, per: day, max: 10000}",
        location => 'mirror /copy;',
        server => 'location = /copy { internal; inference_guard on; '
            . 'proxy_method POST; proxy_set_header Connection ""; '
            . 'proxy_http_version 1.1; proxy_pass $inference_guard_scheme://'
            . '$inference_guard_upstream/v1/chat/completions; }');
    for my $n (1, 2) {
        is(ask($t, us => take(10, 20))->{status}, 200, "answer $n");
        settled($t);
    }
    my @at = map { scalar $t->up($_)->requests } qw(virginia frankfurt riyadh);
    is_deeply(\@at, [ 2, 2, 0 ], 'two of each') or diag "@at";
    is(used($t, 'requests/day'), 2, 'two requests');
    is(used($t, 'output_tokens/day'), 80, 'four answers');
    is(used($t, 'concurrent'), 0, 'no place is kept');
    is(ask($t, us => take(10, 20))->{status}, 429, 'a third is too many');
    $t->done;
};

# Whoever names nobody shares one counter, and is not free.
subtest 'names that are empty' => sub {
    my $t = limited("limits:\n  - {of: requests, per: day, by: [user], max: 1}",
        location => 'inference_guard_user $http_x_user;');
    is(ask($t, us => 'hi')->{status}, 200, 'nobody');
    is(ask($t, us => chat('hi', user => 'somebody'))->{status}, 429,
        'nobody again, whatever the body says');
    is(ask($t, us => 'hi', 'X-User: a')->{status}, 200, 'somebody');
    $t->done;
};

# Anthropic's message_start says 1 token of output, and the last event the truth.
subtest 'who leaves before the last number pays for the text' => sub {
    my $t = limited("limits:\n  - {of: output_tokens, per: day, max: 100000}",
        handler => sub ($r, $c) {
            $c->sse_start;
            $c->sse({ type => 'message_start', message => { id => 'm',
                type => 'message', role => 'assistant', content => [],
                usage => { input_tokens => 25, output_tokens => 1 } } });
            $c->sse({ type => 'content_block_delta', index => 0, delta => {
                type => 'text_delta', text => 'the quick brown fox jumps ' } })
                for 1 .. 100;
            $c->fill;
            $c->close;
        });
    my $s = $t->connect;
    $t->send($s, $t->request('POST', '/v1/messages', chat('hi',
        max_tokens => 5000, stream => JSON::PP::true()),
        'Authorization: Bearer tok-us', 'anthropic-version: 2023-06-01'));
    my $buf = '';
    my $end = Time::HiRes::time() + 10;
    $t->fill($s, \$buf, $end) while (() = $buf =~ /fox/g) < 100;
    close $s;
    settled($t);
    my $n = used($t, 'output_tokens/day');
    ok($n > 400 && $n < 1000, 'about what it is in tokens') or diag $n;
    my ($o) = grep { $_->{aborted} } $t->records('outcome');
    is($o->{tokens}{source}, 'estimate', 'and it is said so');
    $t->done;
};

done_testing;
