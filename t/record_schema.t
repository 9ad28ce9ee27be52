# Records as they are written, of every type, are what docs/record.schema.json
# says.  Control: a record with a field more is not.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Build;
use IG::Limits;
use IG::Npm;
use IG::Standard;
use Test::More;

my $t = limited(<<'END', location => 'error_page 502 503 504 = @second;',
limits:
  - {of: tokens, per: day, max: 5000}
  - {of: cost, currency: USD, per: month, max: 0.001, enforcement: audit}
END
    server => 'location @second { inference_guard on; ' . PROXY . ' }',
    handler => sub ($r, $c) {
        return $c->json(200, { object => 'chat.completion', choices => [] })
            if $r->{body} =~ /no usage/;
        return IG::Limits::taking($r, $c) if $r->{body} !~ /in detail/;
        my %in = (input_tokens => 9, cache_creation_input_tokens => 7,
            cache_read_input_tokens => 5);
        $c->json(200, $r->{body} =~ /Human/
            ? { type => 'message', role => 'assistant', content => [],
                usage => { %in, output_tokens => 3 } }
            : { object => 'chat.completion', choices => [],
                usage => { prompt_tokens => 20, completion_tokens => 10,
                prompt_tokens_details => { cached_tokens => 5 },
                completion_tokens_details => { reasoning_tokens => 4 } } });
    });

# limits: nearly used, used up, what would be refused, what is set back
ask($t, us => take(4000, 300));
settled($t);
ask($t, us => take(1, 4000));
my @mean = ('X-Inference-Guard: reset');
$t->post('/quota?tenant=bank-us&limit=tokens%2Fday', '', @mean);
$t->post('/quota?tenant=bank-us', '', @mean);
ask($t, us => chat('in detail', max_tokens => 10));
ask($t, us => chat('no usage'));
ask($t, sa => chat('without a plan'));
$t->post('/v1/messages', '{"model":"m","max_tokens":9,"messages":[{"role":"user",'
    . '"content":"Human, in detail"}]}', 'X-Api-Key: tok-us',
    'Anthropic-Version: 2023-06-01');
settled($t);

ask($t, us => 'hello');
ask($t, us => 'my number ' . ID . ' and USCASE-1234');
ask($t, us => SECRET);
ask($t, nobody => 'hello');
ask($t, us => 'hello', from('none'));
ask($t, us => 'hello', from('FR'));
$t->post('/v1/chat/completions', '{"model": "m"', 'Authorization: Bearer tok-us');
$t->post('/v1/messages', '{"model":"m","max_tokens":1,"messages":[{"role":"user",'
    . '"content":[{"type":"image","source":{"type":"base64","data":"AA=="}}]}]}',
    'X-Api-Key: tok-us', 'Anthropic-Version: 2023-06-01');
$t->get('/v1/models', 'Authorization: Bearer tok-us');
$t->get('/v1//models', 'Authorization: Bearer tok-us');

# one that never comes to a decision, one that is sent on after a failure
my $s = $t->connect;
$t->send($s, "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
    . "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{");
close $s;
$t->wait_records(undecided => 1);
$t->up('virginia')->stop;
ask($t, us => 'hello');
$t->wait_records(redirect => 1);
$t->stop;

my %types = map { $_->{type} => 1 } $t->records;
is_deeply([ sort keys %types ], [qw(decision limit outcome redirect reset undecided)],
    'records of every type');

# and every field of limits
my %field;
for my $r ($t->records) {
    $field{"$r->{type} $_"}++ for keys %$r;
    $field{"tokens $_"}++ for keys %{ $r->{tokens} // {} };
    $field{"estimate $_"}++ for keys %{ $r->{estimate} // {} };
    $field{"result $_->{result}"}++ for @{ $r->{limits} // [] };
    $field{"source $r->{tokens}{source}"}++ if $r->{tokens};
    $field{"level $r->{level}"}++ if $r->{level};
}
ok($field{$_}, $_) for 'decision estimate', 'decision limits', 'estimate cost',
    'estimate currency', 'result refused', 'result would_refuse', 'outcome cost',
    'outcome currency', 'tokens cached', 'tokens cache_written',
    'tokens reasoning', 'source usage', 'source estimate', 'level 80',
    'level 100', 'limit used', 'reset limit', 'reset by';

# what a reader finds a record by, behind a torn one
is(scalar(grep { !/^\{"v":1,"type":"(?:decision|redirect|outcome|undecided|limit|reset)",/ }
    split /\n/, $t->read('audit.jsonl')), 0, 'each begins alike');

IG::Npm::install(root('t/sdk'));
my @check = ('node', root('t/sdk/records.mjs'), root('docs/record.schema.json'));
my ($status, $out) = run(@check, $t->dir('audit.jsonl'));
is($status, 0, 'each is what the schema says') or diag $out;
like($out, qr/^[1-9]\d lines/m, 'of some');

my ($first) = $t->read('audit.jsonl') =~ /^([^\n]+)\n/;
$t->write('more.jsonl', $first =~ s/\}$/,"prompt":"x"}/r . "\n");
($status) = run(@check, $t->dir('more.jsonl'));
isnt($status, 0, 'a field more is not');
for my $type (qw(limit reset outcome)) {
    my ($line) = $t->read('audit.jsonl') =~ /^(\{"v":1,"type":"$type"[^\n]+)\n/m;
    $t->write('more.jsonl', $line =~ s/\}$/,"prompt":"x"}/r . "\n");
    ($status) = run(@check, $t->dir('more.jsonl'));
    isnt($status, 0, "nor in a record of type $type");
}

$t->done;
done_testing;
