# What rules mean, through a real server: when and unless, and-ed keys, or-ed
# values, effects that narrow, flags; a rule of a pack that does not apply does
# nothing.  Control: the request that just misses each condition.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $t = standard(rules => { 'more.yaml' => <<'END',
version: 1
rules:
  - id: only-de-operators
    when: {data: [us.case], model: ["m-de*", "m-x"]}
    then: {operators: [DE]}
  - id: no-shell
    when: {tools: ["shell*"]}
    then: {block: true}
  - id: messages-stay
    when: {dialect: anthropic}
    unless: {tenant: bank-de}
    then: {destinations: [SA]}
  - id: marked
    when: {client_country: US, data: us.case}
    then: {flag: [case-seen]}
END
    });

sub with ($model, $text) { chat($text, model => $model) }

served($t, ask($t, us => with('m-de1', 'USCASE-1234')), 'frankfurt', 'both keys');
served($t, ask($t, us => with('m-x', 'USCASE-1234')), 'frankfurt', 'another value');
served($t, ask($t, us => with('m-y', 'USCASE-1234')), 'virginia', 'one key only');
served($t, ask($t, us => with('m-de1', 'none')), 'virginia', 'the other only');

sub tool ($name) {
    return chat('x', tools => [ { type => 'function', function => {
        name => $name, parameters => { type => 'object' } } } ]);
}
refused($t, ask($t, us => tool('shell_exec')), 403, 'blocked_by_rule', 'a tool');
served($t, ask($t, us => tool('search')), 'virginia', 'another tool');

sub anthropic ($who, @h) {
    return $t->post('/v1/messages', { model => 'm', max_tokens => 1,
        messages => [ { role => 'user', content => 'x' } ] },
        "X-Api-Key: tok-$who", 'anthropic-version: 2023-06-01', @h);
}
served($t, anthropic('us'), 'riyadh', 'a dialect');
served($t, anthropic('de', from 'DE'), 'frankfurt', 'its exception');

my ($d) = grep { grep { $_ eq 'case-seen' } ($_->{flags} // [])->@* }
    $t->records('decision');
ok($d, 'a flag is recorded');

$t->done;
done_testing;
