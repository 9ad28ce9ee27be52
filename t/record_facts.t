# Records through a real server: the trace that a request belongs to, which globs
# of rules its tools met, when the answer began, and what the endpoint says of
# it.  Nothing that a client or an endpoint could have put there goes along.
# Control: each is absent where it is not known.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Build qw(root run);
use IG::Npm;
use IG::Standard;
use Time::HiRes ();
use Test::More;

my $TRACE  = '4bf92f3577b34da6a3ce929d0e0e4736';
my $PARENT = '00f067aa0ba902b7';

my $t = standard(rules => { 'tools.yaml' => <<'END',
version: 1
rules:
  - id: no-shell
    when: {tools: ["shell*"]}
    then: {block: true}
  - id: marked
    when: {client_country: US}
    unless: {tools: ["*weather*", "calendar"]}
    then: {flag: [no-weather]}
END
        'endpoints.yaml' => $IG::Standard::RULES{'endpoints.yaml'}
            =~ s/(virginia-ep:.*?)models: \["\*"\]/$1models: ["m-*"]/sr,
    }, server => 'location @second { inference_guard on; ' . PROXY . ' }',
    location => 'error_page 502 504 = @second; error_page 418 = @second;',
    handler => sub ($r, $c) {
        my ($says) = $r->{body} =~ /says ([^"]*)/ or return IG::Upstream::answer($r, $c);
        my ($m) = $r->{body} =~ /"model":\s*"([^"]*)"/;
        my ($model, $finish) = split /;/, $says =~ s/SAME/$m/r;
        Time::HiRes::sleep(0.3) if $r->{body} =~ /slowly/;
        $c->json(200, { object => 'chat.completion', model => $model,
            choices => [ { index => 0, finish_reason => $finish, message => {
                role => 'assistant', content => 'canary-answer' } } ],
            usage => { prompt_tokens => 3, completion_tokens => 4 } });
    });

# decision and outcome of a request
my $n = 0;
sub both ($what, @headers) {
    my $r = ask($t, us => $what, @headers);
    my $d = ($t->wait_records(decision => ++$n))[-1];
    return ($d, outcome_of($t, $d->{id}), $r);
}

# --- trace ---

my $parent = "00-$TRACE-$PARENT-01";
for ([ 'a traceparent', $TRACE, "traceparent: $parent" ],
    [ 'in other letters', $TRACE, "TraceParent: $parent" ],
    [ 'of a later version', $TRACE, "traceparent: 42-$TRACE-$PARENT-01-canary-more" ],
    [ 'none', undef ],
    [ 'two', undef, "traceparent: $parent", "traceparent: $parent" ],
    [ 'upper case', undef, 'traceparent: ' . uc $parent ],
    [ 'zeros', undef, 'traceparent: 00-' . '0' x 32 . "-$PARENT-01" ],
    [ 'version ff', undef, "traceparent: ff-$TRACE-$PARENT-01" ],
    [ 'more than version 00 has', undef, "traceparent: $parent-canary" ],
    [ 'text', undef, 'traceparent: canary "},{' ],
    [ 'tracestate alone', undef, "tracestate: canary=$TRACE" ])
{
    my ($name, $want, @headers) = @$_;
    my ($d) = both('hello', @headers);
    is($d->{trace}, $want, "trace: $name");
}
$t->up('virginia')->reset;
both('hello', "traceparent: $parent");
is_deeply($t->up('virginia')->last_request->{headers}{traceparent}, [ $parent ],
    'and it goes on as it came');
my ($d) = both(SECRET, "traceparent: $parent");
is("$d->{verdict} $d->{trace}", "block $TRACE", 'of a request that is refused');

# --- tools ---

sub with (@names) {
    return chat('x', tools => [ map { { type => 'function', function => {
        name => $_, parameters => { type => 'object' } } } } @names ]);
}
for ([ 'none', undef ], [ 'no rule asks for it', [], 'canary_tool' ],
    [ 'an exception asks for it', [ '*weather*' ], 'canary_weather' ],
    [ 'several', [ '*weather*', 'calendar' ], 'calendar', 'a_weather', 'b_weather' ],
    [ 'what blocks', [ '*weather*', 'shell*' ], 'shell_canary', 'my_weather' ])
{
    my ($name, $want, @tools) = @$_;
    ($d) = both(with(@tools));
    is_deeply($d->{tools}, $want, "tools: $name");
}

# --- what the endpoint says ---

sub says ($text, $model = 'm-1') { (both(chat("says $text", model => $model)))[1] }

my $o = says('m-1-2026;stop');
is("$o->{answer_model} $o->{finish}", 'm-1-2026 stop', 'the answer: model, reason');
$o = says('SAME;length', 'm-canonical');
is("$o->{answer_model} $o->{finish}", 'm-canonical length', 'the same model again');
$o = says('other;stop');
is($o->{answer_model}, undef, 'no model that the endpoint does not declare');
$o = says('m-canary text;Canary text');
is($o->{answer_model}, undef, 'no text as a model');
is($o->{finish}, undef, 'nor as a reason');
$o = says('m-1;');
is($o->{finish}, undef, 'an empty reason is none');
my (undef, $refused) = both(SECRET);
is_deeply([ @$refused{qw(finish answer_model connect_ms upstream_ms)} ],
    [ undef, undef, undef, undef ], 'nothing of no answer');
ok(defined $refused->{first_byte_ms}, 'but a refusal has its first byte, too');

# what is withheld comes back in no other field: riyadh serves every model
(undef, $o) = both(chat('says SAME;stop', model => 'm-' . ID));
is($o->{endpoint}, 'riyadh-ep', 'a model with a number in it');
is($o->{finish}, 'stop', 'is answered');
is($o->{answer_model}, undef, 'and what is withheld stays so');
(undef, $o) = both(chat('says m-9;stop and ' . ID, model => 'm-9'));
is($o->{answer_model} // '', 'm-9', 'while the number elsewhere changes nothing');

# a stream
(undef, $o) = both(chat('hello', stream => JSON::PP::true()));
is($o->{status}, 200, 'a stream');
ok(defined $o->{$_}, "it has $_") for qw(first_byte_ms connect_ms header_ms upstream_ms);

# --- times ---

my $begin = Time::HiRes::time;
(undef, $o) = both('slowly says m-1;stop');
my $took = 1000 * (Time::HiRes::time - $begin) + 20;
cmp_ok($o->{header_ms}, '>=', 290, 'the header came late');
cmp_ok($o->{connect_ms}, '<=', $o->{header_ms}, 'after the connection stood');
cmp_ok($o->{upstream_ms}, '>=', $o->{header_ms}, 'before the end');
cmp_ok($o->{first_byte_ms}, '>=', $o->{header_ms} - 20, 'and so did the first byte');
cmp_ok($o->{$_}, '<=', $took, "$_ is in milliseconds")
    for qw(first_byte_ms connect_ms header_ms upstream_ms);

# one that is down, another that answers: of the one connected to last
$t->up('virginia')->stop;
(undef, $o) = both('slowly says m-1;stop');
is($o->{tries}, 2, 'sent on');
cmp_ok($o->{header_ms}, '>=', 290, 'times are those of the last try');
is($o->{finish}, 'stop', 'and so is the reason');

IG::Npm::install(root('t/sdk'));
my ($status, $out) = run('node', root('t/sdk/records.mjs'),
    root('docs/record.schema.json'), $t->dir('audit.jsonl'));
is($status, 0, 'the records are what the schema says') or diag $out;
no_leak($t, ID, SECRET, 'canary-more', 'canary_tool', 'canary_weather',
    'shell_canary', 'canary text', 'canary-answer', $PARENT, 'tok-us');
$t->done;
done_testing;
