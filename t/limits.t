# Limits of a tenant, one kind after the other: what is admitted, what is
# refused, what the client reads, what is recorded, what is counted in the end.
# Control: a tenant without a plan is not limited, and has no such headers.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Limits;
use IG::Standard;
use Test::More;

sub fresh ($plan, %o) { limited($plan, %o) }

subtest 'tokens of a day' => sub {
    my $t = fresh("limits:\n  - {of: tokens, per: day, max: 200}");
    my $r = ask($t, us => take(30, 40));
    served($t, $r, 'virginia', 'within the budget');
    settled($t);
    is(used($t, 'tokens/day'), 70, 'what the provider said is counted');
    my $o = ($t->wait_records(outcome => 1))[0];
    is_deeply($o->{tokens}, { input => 30, output => 40, source => 'usage' },
        'the outcome has it');
    is($o->{cost}, '0.000070000', 'and what it cost');
    is($o->{currency}, 'USD', 'in its currency');
    my $d = ($t->records('decision'))[0];
    is($d->{estimate}{output}, 40, 'max_tokens was reserved');
    ok($d->{estimate}{input} > 0, 'and an estimate of the prompt');

    $r = ask($t, us => take(1, 500));
    refused($t, $r, 429, 'exceeds_limit', 'larger than the whole budget');
    is($r->{headers}{'x-should-retry'}, 'false', 'a retry is of no use');

    ask($t, us => take(60, 35));
    settled($t);
    is(used($t, 'tokens/day'), 165, 'more of it');
    ask($t, us => take(50, 10));
    settled($t);
    is(used($t, 'tokens/day'), 225, 'a prompt may be longer than estimated');
    $_->reset for values $t->{up}->%*;
    $r = ask($t, us => take(1, 1));
    refused($t, $r, 429, 'insufficient_quota', 'the budget is spent');
    is($r->{headers}{'x-should-retry'}, 'false', 'libraries do not try again');
    ok($r->{headers}{'retry-after'} > 0
        && $r->{headers}{'retry-after'} <= 86400, 'when the day ends');
    is($t->json($r)->{error}{type}, 'insufficient_quota', 'as OpenAI says it');
    is($t->json($r)->{error}{limit}, 'tokens/day', 'which limit');
    my ($b) = grep { ($_->{reason} // '') eq 'insufficient_quota' }
        $t->records('decision');
    is($b->{verdict}, 'block', 'it is recorded');
    is($b->{status}, 429, 'with its status');
    is($b->{limits}[0]{limit}, 'tokens/day', 'and the limit');
    is($b->{limits}[0]{result}, 'refused', 'that refused');
    is($b->{limits}[0]{used}, '225', 'with its use');

    my @e = $t->records('limit');
    is_deeply([ map { $_->{level} } @e ], [ 80, 100 ],
        '80 and 100 per cent are told, once each');
    is($e[0]{tenant}, 'bank-us', 'of the tenant');

    served($t, ask($t, sa => 'hello'), 'riyadh', 'another tenant');
    $t->done;
};

subtest 'requests at a rate' => sub {
    my $t = fresh("limits:\n  - {of: requests, per: hour, max: 60, burst: 3}");
    for my $n (1 .. 3) {
        my $r = ask($t, us => 'hello');
        served($t, $r, 'virginia', "request $n of the burst");
        is($r->{headers}{'x-ratelimit-limit-requests'}, 3, 'the burst');
        is($r->{headers}{'x-ratelimit-remaining-requests'}, 3 - $n, 'falls');
        like($r->{headers}{'x-ratelimit-reset-requests'}, qr/^\d+m?s|^\dm/,
            'and when it is whole again');
        like($r->{headers}{ratelimit}, qr{^"requests/hour";r=@{[ 3 - $n ]};t=\d+},
            'RateLimit');
    }
    my $r = ask($t, us => 'hello');
    refused($t, $r, 429, 'rate_limited', 'the next');
    my $after = $r->{headers}{'retry-after'};
    ok($after > 50 && $after <= 60, 'an emission interval from now')
        or diag $after;
    ok(!$r->{headers}{'x-should-retry'}, 'a retry helps');
    is($r->{headers}{'x-ratelimit-remaining-requests'}, 0, 'none is left');
    is($t->json($r)->{error}{retry_after}, $after, 'the body says it, too');
    $t->done;
};

subtest 'what runs at once' => sub {
    my $go;
    my $t = fresh("limits:\n  - {of: concurrent, max: 2}",
        handler => sub ($r, $c) {
            my ($file) = $r->{body} =~ m{"user":"([^"]+)"};
            $c->wait_file($file) if $file;
            IG::Upstream::answer($r, $c);
        });
    $go = $t->dir('go');
    my @s = map {
        my $s = $t->connect;
        $t->send($s, $t->request('POST', '/v1/chat/completions',
            chat('hi', user => $go), 'Authorization: Bearer tok-us'));
        $s;
    } 1 .. 2;
    $t->wait_for('both at the endpoint',
        sub { $t->up('virginia')->requests == 2 });
    my $r = ask($t, us => 'third');
    is($r->{status}, 429, 'a third is refused');
    is($t->json($r)->{error}{code}, 'rate_limited', 'for now');
    is(used($t, 'concurrent'), 2, 'two run');
    open my $fh, '>', $go or die;
    is($t->response($_)->{status}, 200, 'the first ones end') for @s;
    settled($t);
    $_->reset for values $t->{up}->%*;
    served($t, ask($t, us => 'fourth'), 'virginia', 'and leave their place');
    $t->done;
};

subtest 'money' => sub {
    my $t = fresh("limits:\n"
        . "  - {of: cost, currency: USD, per: month, max: 0.001}");
    served($t, ask($t, us => take(400, 500)), 'virginia', 'within');
    settled($t);
    my ($name) = keys counters($t)->%*;
    is(used($t, $name), '0.000900000', 'price times tokens') or diag $name;
    refused($t, ask($t, us => take(1, 101)), 429, 'insufficient_quota',
        'more than is left');
    $t->done;
};

subtest 'audited limits refuse nothing' => sub {
    my $t = fresh("limits:\n"
        . "  - {of: tokens, per: day, max: 10, enforcement: audit}");
    served($t, ask($t, us => take(30, 40)), 'virginia', 'over it');
    settled($t);
    my $r = ask($t, us => take(30, 40));
    served($t, $r, 'virginia', 'and over it again');
    my $d = ($t->wait_records(decision => 2))[1];
    is($d->{limits}[0]{result}, 'would_refuse', 'the record says what would be');
    ok(!exists $r->{headers}{'x-ratelimit-limit-tokens'},
        'clients are told of no limit that is none');
    $t->done;
};

subtest 'a location that audits' => sub {
    my $t = fresh("limits:\n  - {of: tokens, per: day, max: 10}",
        guard => 'audit');
    my $r = ask($t, us => take(30, 40));
    served($t, $r, 'virginia', 'over it');
    ok(!grep({ /ratelimit/ } keys $r->{headers}->%*), 'clients are told of none');
    my $d = ($t->wait_records(decision => 1))[0];
    is($d->{limits}[0]{result}, 'would_refuse', 'it would be refused');
    $t->done;
};

subtest 'tasks' => sub {
    my $t = fresh("limits:\n  - {of: calls, per: task, max: 2}",
        location => 'inference_guard_task $http_x_task;');
    my $r = ask($t, us => 'hello');
    refused($t, $r, 400, 'task_missing', 'a task must be named');
    is($t->get('/v1/models', 'Authorization: Bearer tok-us')->{status}, 200,
        'a list of models is no call of a task');
    $_->reset for values $t->{up}->%*;
    served($t, ask($t, us => 'hello', "X-Task: a"), 'virginia', 'call 1') ;
    served($t, ask($t, us => 'hello', "X-Task: a"), 'virginia', 'call 2');
    settled($t);
    refused($t, ask($t, us => 'hello', "X-Task: a"), 429, 'insufficient_quota',
        'call 3');
    served($t, ask($t, us => 'hello', "X-Task: b"), 'virginia', 'another task');
    settled($t);
    refused($t, ask($t, us => chat('hello', metadata => { task_id => 'c' })),
        400, 'task_missing', 'the body cannot name it where a header does');
    $t->done;

    $t = fresh("limits:\n  - {of: calls, per: task, max: 1}");
    my $body = chat('hello', metadata => { task_id => 't-1' });
    served($t, ask($t, us => $body), 'virginia', 'a task of the body');
    settled($t);
    refused($t, ask($t, us => $body), 429, 'insufficient_quota', 'again');
    no_leak($t, 't-1');
    $t->done;
};

subtest 'by model, key and user' => sub {
    my $t = fresh("limits:\n"
        . "  - {of: requests, per: day, by: [model], max: 2}\n"
        . "  - {of: requests, per: day, by: [user], max: 1}\n"
        . "  - {of: requests, per: day, by: [key], max: 3}",
        http => 'map $http_x_user $who { default $http_x_user; }',
        location => 'inference_guard_user $who;');
    my $r = ask($t, us => 'hello', 'X-User: alice@example.com');
    served($t, $r, 'virginia', 'alice');
    settled($t);
    refused($t, ask($t, us => 'hello', 'X-User: alice@example.com'), 429,
        'insufficient_quota', 'alice again');
    served($t, ask($t, us => 'hello', 'X-User: bob'), 'virginia', 'bob');
    settled($t);
    refused($t, ask($t, us => 'hello', 'X-User: carol'), 429,
        'insufficient_quota', 'the model has had its two');
    served($t, ask($t, us => chat('hello', model => 'm-2'), 'X-User: carol'),
        'virginia', 'another model');
    settled($t);
    refused($t, ask($t, us => chat('hello', model => 'm-3'), 'X-User: dave'),
        429, 'insufficient_quota', 'the key has had its three');
    served($t, ask($t, us2 => chat('hello', model => 'm-3'), 'X-User: dave'),
        'virginia', 'another key of the tenant');
    settled($t);
    my $page = $t->get('/quota?tenant=bank-us')->{body};
    like($page, qr/model=m-1/, 'the operator sees which model');
    unlike($page, qr/alice|tok-us/, 'and neither users nor keys');
    no_leak($t, 'alice@example.com', 'tok-us');
    $t->done;
};

subtest 'what did not arrive is not counted' => sub {
    my $t = fresh("limits:\n  - {of: tokens, per: day, max: 10000}",
        handler => sub ($r, $c) {
            return $c->json(500, { error => { message => 'no' } })
                if $r->{body} =~ /fail/;
            return $c->close if $r->{body} =~ /hang up/;
            IG::Limits::taking($r, $c);
        });
    is(ask($t, us => 'fail')->{status}, 500, 'an error of the endpoint');
    settled($t);
    is(used($t, 'tokens/day'), 0, 'is free');
    $t->up('virginia')->stop;
    $t->up('virginia')->reset;
    refused($t, ask($t, us => 'hello'), 503, 'endpoints_down', 'nobody there');
    settled($t);
    is(used($t, 'tokens/day'), 0, 'nothing was sent, nothing is counted');
    $t->done;
};

subtest 'without a usage the text counts' => sub {
    my $text = 'the quick brown fox jumps over the lazy dog ' x 20;
    my $t = fresh("limits:\n  - {of: output_tokens, per: day, max: 100000}",
        handler => sub ($r, $c) {
            $c->json(200, { id => 'x', object => 'chat.completion',
                choices => [ { index => 0, message => { role => 'assistant',
                content => $text } } ] });
        });
    ask($t, us => chat('hello', max_tokens => 5000));
    settled($t);
    my $n = used($t, 'output_tokens/day');
    ok($n > 150 && $n < 260, 'about what it is in tokens') or diag $n;
    my $o = ($t->wait_records(outcome => 1))[0];
    is($o->{tokens}{source}, 'estimate', 'and said to be an estimate');
    $t->done;
};

subtest 'no plan, no limits' => sub {
    my $t = fresh("limits:\n  - {of: requests, per: day, max: 1}");
    my $r = ask($t, sa => take(3, 4));
    served($t, $r, 'riyadh', 'a tenant without a plan');
    ok(!grep({ /ratelimit/ } keys $r->{headers}->%*), 'reads of no limits');
    my $o = ($t->wait_records(outcome => 1))[0];
    is($o->{tokens}{input}, 3, 'its tokens are in the record all the same');
    $t->done;
};

done_testing;
