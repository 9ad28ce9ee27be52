# USR1 opens the audit file anew: no record is lost, none is in both files, and
# a file moved away gets no record of a later request.
# Control: before it everything goes to the old file.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $t = standard();
ask($t, us => 'hello') for 1 .. 10;
$t->wait_records(outcome => 10);
rename $t->dir('audit.jsonl'), $t->dir('audit.old.jsonl') or die $!;
ask($t, us => 'hello') for 1 .. 5;
$t->wait_records(outcome => 15, 'audit.old.jsonl');
ok(!-e $t->dir('audit.jsonl'), 'until USR1 the old file is written');

$t->reopen('audit.jsonl');
my $all = 0;
$t->wait_for('both workers write to the new file', sub {
    $_->reset for values $t->{up}->%*;
    ask($t, us => 'hello');
    $all++;
    my %w = map { $_->{writer} => 1 } $t->records;
    return keys %w == 2;
});
my $old = $t->read('audit.old.jsonl');
ask($t, us => 'hello') for 1 .. 10;
$all += 10;
is($t->read('audit.old.jsonl'), $old, 'the old file stays as it is');

$t->stop;
my @new = $t->records('decision');
my @old = $t->records('decision', 'audit.old.jsonl');
is(@old + @new, 15 + $all, 'no decision is lost');
my %seen;
$seen{ $_->{id} }++ for @old, @new;
is_deeply([ grep { $_ > 1 } values %seen ], [], 'none is there twice');
is(scalar(map { $t->records('outcome', $_) } 'audit.jsonl', 'audit.old.jsonl'),
    15 + $all, 'no outcome is lost');

$t->done;
done_testing;
