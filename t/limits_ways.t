# Limits along the ways that a request can take: failover to another endpoint, a
# mirror, a cache, an answer that cannot be read, every dialect, a body that is
# capped, compressed, or in a file.
# Control: the counters before and after each.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Compress::Zlib ();
use IG::Limits;
use IG::Standard;
use Test::More;

my $json = JSON::PP->new->canonical->utf8;

subtest 'failover pays once, at the price of who answers' => sub {
    my $t = limited("limits:\n  - {of: cost, currency: USD, per: day, max: 1}\n"
        . "  - {of: requests, per: day, max: 100}\n"
        . "  - {of: concurrent, max: 1}",
        location => 'error_page 502 504 = @next; proxy_intercept_errors on;',
        server => "location \@next { inference_guard on; " . PROXY . " }",
        handlers => { virginia => sub ($r, $c) { $c->json(502, {}) },
            map { $_ => \&IG::Limits::taking } qw(riyadh frankfurt) });
    my $r = ask($t, us => take(100, 50));
    is($r->{status}, 200, 'answered by another');
    is($r->{headers}{'x-served-by'}, 'frankfurt', 'the next in price');
    settled($t);
    my ($cost) = grep { /^cost/ } keys counters($t)->%*;
    is(used($t, $cost), '0.000300000', 'at its own price');
    is(used($t, 'requests/day'), 1, 'one request');
    is(used($t, 'concurrent'), 0, 'no place is kept');
    my $o = ($t->wait_records(outcome => 1))[0];
    is($o->{cost}, '0.000300000', 'as the outcome says');
    $t->done;
};

subtest 'a cached answer takes nothing' => sub {
    my $t = limited("limits:\n  - {of: tokens, per: day, max: 10000}",
        http => 'proxy_cache_path %%DIR%%/cache keys_zone=c:1m;',
        location => 'proxy_cache c; proxy_cache_methods POST;'
            . ' proxy_cache_key "$request_body"; proxy_cache_valid 200 1h;');
    for my $n (1 .. 3) {
        is(ask($t, us => take(100, 50))->{status}, 200, "answer $n");
        settled($t);
    }
    is(scalar($t->up('virginia')->requests), 1, 'one came from the endpoint');
    is(used($t, 'tokens/day'), 150, 'and only it is counted');
    $t->done;
};

subtest 'an answer that cannot be read counts as reserved' => sub {
    my $t = limited("limits:\n  - {of: output_tokens, per: day, max: 10000}",
        handler => sub ($r, $c) {
            my $z = Compress::Zlib::memGzip($json->encode({ choices => [],
                usage => { prompt_tokens => 1, completion_tokens => 1 } }));
            $c->respond(200, [ 'Content-Type: application/json',
                'Content-Encoding: gzip' ], $z);
        });
    my $r = ask($t, us => take(10, 777), 'Accept-Encoding: gzip');
    is($r->{status}, 200, 'it goes on as it is');
    ok(!$t->up('virginia')->last_request->{headers}{'accept-encoding'},
        'no encoding was asked for');
    settled($t);
    is(used($t, 'output_tokens/day'), 777, 'all that was reserved');
    $t->done;
};

subtest 'dialects' => sub {
    my %answer = (
        '/v1/messages' => { type => 'message', role => 'assistant',
            content => [ { type => 'text', text => 'x' } ],
            usage => { input_tokens => 5, output_tokens => 7,
                cache_read_input_tokens => 100 } },
        '/v1/responses' => { object => 'response', output => [],
            usage => { input_tokens => 9, output_tokens => 11,
                output_tokens_details => { reasoning_tokens => 8 } } },
        '/v1/embeddings' => { object => 'list', data => [],
            usage => { prompt_tokens => 13, total_tokens => 13 } },
        '/api/chat' => { model => 'm', done => JSON::PP::true(),
            message => { role => 'assistant', content => 'x' },
            prompt_eval_count => 17, eval_count => 19 },
        '/v1/completions' => { choices => [ { text => 'x' } ],
            usage => { prompt_tokens => 21, completion_tokens => 23 } });
    my $t = limited("limits:\n  - {of: tokens, per: day, max: 1000000}",
        handler => sub ($r, $c) {
            my ($path) = $r->{uri} =~ /^([^?]*)/;
            $c->json(200, $answer{$path});
        });
    my $sum = 0;
    for ([ '/v1/messages', { model => 'm', max_tokens => 10,
            messages => [ { role => 'user', content => 'hi' } ] }, 112,
            'anthropic-version: 2023-06-01' ],
        [ '/v1/responses', { model => 'm', input => 'hi' }, 20 ],
        [ '/v1/embeddings', { model => 'm', input => 'hi' }, 13 ],
        [ '/api/chat', { model => 'm', stream => JSON::PP::false(),
            messages => [ { role => 'user', content => 'hi' } ] }, 36 ],
        [ '/v1/completions', { model => 'm', prompt => 'hi' }, 44 ])
    {
        my ($path, $body, $n, @h) = @$_;
        my $r = $t->post($path, $body, 'Authorization: Bearer tok-us', @h);
        is($r->{status}, 200, $path) or diag $r->{body};
        settled($t);
        $sum += $n;
        is(used($t, 'tokens/day'), $sum, "$path: as its usage says");
        ok($r->{headers}{'anthropic-ratelimit-tokens-remaining'},
            'with headers of its own') if $path eq '/v1/messages';
    }
    my ($o) = grep { ($_->{tokens}{reasoning} // 0) == 8 } $t->records('outcome');
    ok($o, 'reasoning is told apart');
    $t->done;
};

subtest 'a cap' => sub {
    my $t = limited("cap_output: 100\nlimits:\n"
        . "  - {of: output_tokens, per: day, max: 1000}",
        rules => { 'endpoints.yaml' => $IG::Standard::RULES{'endpoints.yaml'}
            =~ s/(virginia-ep:\n)/$1    cap_field: max_completion_tokens\n    stream_usage: never\n/r });
    my @sent;
    for my $more ({}, { max_tokens => 50 }, { max_tokens => 500 },
        { stream => JSON::PP::true() })
    {
        is(ask($t, us => chat('hi', %$more))->{status}, 200, 'answered');
        push @sent, $json->decode($t->up('virginia')->last_request->{body});
        $t->up('virginia')->reset;
    }
    is($sent[0]{max_completion_tokens}, 100, 'put in, under the name it knows');
    is($sent[1]{max_tokens}, 50, 'less than the cap stays');
    ok(!exists $sent[1]{max_completion_tokens}, 'and nothing is put in');
    is($sent[2]{max_tokens}, 100, 'more becomes the cap');
    ok(!exists $sent[3]{stream_options}, 'no usage is asked of who knows none');
    my ($d) = $t->records('decision');
    is($d->{estimate}{output}, 100, 'the cap is what is reserved');
    $t->done;
};

subtest 'bodies' => sub {
    my $t = limited("cap_output: 100\nlimits:\n"
        . "  - {of: tokens, per: day, max: 10000000}",
        location => 'client_body_buffer_size 8k; client_body_in_single_buffer off;');
    my $big = chat('z' x 300_000 . ' take 5 6', stream => JSON::PP::true());
    my $r = ask($t, us => $big);
    is($r->{status}, 200, 'a body in a file');
    my $got = $t->up('virginia')->last_request;
    my $data = $json->decode($got->{body});
    is($data->{max_tokens}, 100, 'is capped');
    ok($data->{stream_options}{include_usage}, 'and asked for usage');
    is($data->{messages}[0]{content}, $big->{messages}[0]{content}, 'whole');
    is($got->{headers}{'content-length'}[0], length $got->{body}, 'with its length');
    unlike($r->{body}, qr/"usage"/, 'the event is hidden');
    settled($t);
    is(used($t, 'tokens/day'), 11, 'and counted');

    my $z = Compress::Zlib::memGzip($json->encode(take(7, 8,
        stream => JSON::PP::true())));
    $r = $t->post('/v1/chat/completions', $z, 'Authorization: Bearer tok-us',
        'Content-Encoding: gzip', 'Content-Type: application/json');
    is($r->{status}, 200, 'a compressed body');
    $data = $json->decode($t->up('virginia')->last_request->{body});
    ok($data->{stream_options}{include_usage}, 'goes on plain, and asks');
    settled($t);
    is(used($t, 'tokens/day'), 26, 'counted');

    # Transfer-Encoding: chunked, in pieces
    my $b = $json->encode(take(1, 2, stream => JSON::PP::true()));
    $r = $t->http([ "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
        . "Authorization: Bearer tok-us\r\nContent-Type: application/json\r\n"
        . "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n",
        map({ sprintf "%x\r\n%s\r\n", length, $_ } unpack '(a7)*', $b),
        "0\r\n\r\n" ]);
    is($r->{status}, 200, 'a chunked body');
    settled($t);
    is(used($t, 'tokens/day'), 29, 'counted');
    $t->done;
};

done_testing;
