package IG::Limits;

# The standard set-up with a plan for the tenant bank-us (token tok-us), whose
# requests go to Virginia at 1 USD for a million tokens, in and out.
#
#   my $t = limited(<<'END', …);         the plan's body, in YAML; the rest is
#   limits:                              standard()'s
#     - {of: tokens, per: day, max: 100}
#   END
#
#   used($t, 'tokens/day')               what the status page says of a counter
#   settled($t)                          no reservation is left in the table
#
# The locations /quota and /status are there.  A request may say what the answer
# takes: take(input, output).

use v5.36;

use Exporter qw(import);
use IG::Standard;
use Test::More ();

our @EXPORT = qw(limited tenants used counters settled take taking status_of
    at_once);

sub tenants ($plan, $more = '') {
    $plan =~ s/^/    /gm;
    my $us = IG::Standard::key('tok-us');
    my $us2 = IG::Standard::key('tok-us2');
    return $IG::Standard::RULES{'tenants.yaml'}
        =~ s/bank-us: \{home: US, keys: \["\Q$us\E"\]\}/bank-us: {home: US, plan: test, keys: ["$us", "$us2"]}/r
        . "plans:\n  test:\n$plan\n$more";
}

sub limited ($plan, %o) {
    my $zone = delete $o{zone} // 'inference_guard_zone guard:2m;';
    my $more = delete $o{plans} // '';
    return standard(%o,
        handler => $o{handler} // \&taking,
        rules => { 'tenants.yaml' => tenants($plan, $more), %{ $o{rules} // {} } },
        http => "$zone\n" . ($o{http} // ''),
        server => "location = /quota { inference_guard_quota; }\n"
            . "location = /status { inference_guard_status; }\n"
            . ($o{server} // ''));
}

# The body of a request whose answer takes so many tokens.
sub take ($input, $output, %more) {
    return chat("take $input $output", max_tokens => $output, %more);
}

# An endpoint that does as take() says; anything else is answered as ever.
sub taking ($r, $c) {
    my ($in, $out) = $r->{body} =~ /take (\d+) (\d+)/
        or return IG::Upstream::answer($r, $c);
    my %usage = (prompt_tokens => $in + 0, completion_tokens => $out + 0,
        total_tokens => $in + $out);
    if ($r->{body} !~ /"stream":\s*true/) {
        return $c->json(200, { id => 'x', object => 'chat.completion',
            model => 'm-1', choices => [ { index => 0, finish_reason => 'stop',
            message => { role => 'assistant', content => 'ok' } } ],
            usage => \%usage });
    }
    $c->sse_start;
    $c->sse({ id => 'c', object => 'chat.completion.chunk', choices => [
        { index => 0, delta => { content => "word $_ " } } ] }) for 1 .. 3;
    $c->sse({ id => 'c', object => 'chat.completion.chunk', choices => [],
        usage => \%usage }) if $r->{body} =~ /"include_usage":\s*true/;
    $c->chunk("data: [DONE]\n\n");
    return $c->chunk_end;
}

sub status_of ($t) { $t->json($t->get('/status'))->{limits} }

# counters of a tenant: name of the limit (and what it is of) => counter
sub counters ($t, $tenant = 'bank-us') {
    my $r = $t->json($t->get("/quota?tenant=$tenant"));
    return { map { $_->{limit} . ($_->{of} ? " $_->{of}" : '') => $_ }
        $r->{tenants}{$tenant}->@* };
}

sub used ($t, $limit, $tenant = 'bank-us') {
    my $c = counters($t, $tenant)->{$limit};
    return $c ? $c->{used} : 0;
}

# An answer is with the client a moment before its request is settled.
sub settled ($t) {
    $t->wait_for('all is settled', sub { !status_of($t)->{reservations} });
}

# So many requests at the same time; their statuses, sorted.
sub at_once ($t, $n, $body, @headers) {
    my @s = map {
        my $s = $t->connect;
        $t->send($s, $t->request('POST', '/v1/chat/completions', $body,
            'Authorization: Bearer tok-us', @headers));
        $s;
    } 1 .. $n;
    return map { my $r = $t->response($_); CORE::close $_; $r } @s;
}

1;
