# A reload takes new rules at once; one with a mistake in a rule file is refused
# and the running policy stays.  A request in flight keeps its decision.
# Control: the good reload changes what is decided.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $t = standard(handlers => { virginia => sub ($r, $c) {
    $c->wait_file("$c->{up}{dir}/go.1") if $r->{body} =~ /hold/;
    IG::Upstream::answer($r, $c);
} });
my $blocking = <<'END';
version: 1
rules:
  - id: no-cases
    when: {data: [us.case]}
    then: {block: true}
END

served($t, ask($t, us => 'USCASE-1234'), 'virginia', 'before');

$t->write('rules/new.yaml', $blocking =~ s/then:/than:/r);
my $said = $t->reload_refused;
like($said, qr{rules/new\.yaml:5:\d+: }, 'the mistake has its place');
served($t, ask($t, us => 'USCASE-1234'), 'virginia', 'refused reload');
refused($t, ask($t, us => SECRET), 403, 'blocked_by_rule', 'the old rules hold');

# one in flight
my $s = $t->connect;
$t->send($s, $t->request('POST', '/v1/chat/completions', chat('hold USCASE-1234'),
    'Authorization: Bearer tok-us'));
$t->wait_for('in flight', sub { $t->up('virginia')->requests });
$t->write('rules/new.yaml', $blocking);
my %old = map { $_ => 1 } $t->workers;
$t->signal('HUP');
$t->wait_for('new workers', sub {
    my @w = $t->workers;
    @w == 2 && !grep { $old{$_} } @w;
});
open my $fh, '>', $t->dir('upstream-virginia/go.1') or die;
is($t->response($s)->{status}, 200, 'the one in flight ends well');
$_->reset for values $t->{up}->%*;
refused($t, ask($t, us => 'USCASE-1234'), 403, 'blocked_by_rule', 'new rules');
served($t, ask($t, us => 'hello'), 'virginia', 'and service goes on');

my %digest = map { $_->{policy} => 1 } $t->records('decision');
is(scalar(keys %digest), 2, 'two policies in the records');
$t->reload for 1 .. 3;
served($t, ask($t, us => 'hello'), 'virginia', 'after three more');

$t->done;
done_testing;
