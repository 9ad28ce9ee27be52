# A rule with `enforcement: audit` is recorded as what would have happened and
# changes nothing.  Control: the same rule enforced does.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

sub rule ($enforcement, $then) {
    return <<"END";
version: 1
rules:
  - id: tried-rule
    when: {data: [us.case]}
    then: $then
    enforcement: $enforcement
END
}

for my $case ([ '{block: true}', 'block' ],
    [ '{destinations: [SA]}', 'riyadh' ])
{
    my ($then, $effect) = @$case;
    my $t = standard(rules => { 'try.yaml' => rule('audit', $then) });
    served($t, ask($t, us => 'USCASE-1234'), 'virginia', "$then audited");
    my ($d) = $t->wait_records(decision => 1);
    ok($d->{would}, "$then audited: would is recorded");
    like(JSON::PP->new->encode($d->{would} // {}), qr/tried-rule/,
        "$then audited: it names the rule");
    served($t, ask($t, us => 'hello'), 'virginia', "$then, no match");
    my @d = $t->wait_records(decision => 2);
    ok(!$d[1]{would}, "$then, no match: no would");
    $t->done;

    $t = standard(rules => { 'try.yaml' => rule('enforce', $then) });
    my $r = ask($t, us => 'USCASE-1234');
    $effect eq 'block'
        ? refused($t, $r, 403, 'blocked_by_rule', "$then enforced")
        : served($t, $r, $effect, "$then enforced");
    $t->done;
}
my $t = standard();
served($t, ask($t, us => 'USCASE-1234'), 'virginia', 'without a rule');

$t->done;
done_testing;
