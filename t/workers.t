# Several workers and many requests at once: each is decided on its own, each
# has its two records, no line is mixed, and each writer counts alone.
# Control: both workers did take part.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $t = standard();
my @want = map { $_ % 4 } 0 .. 199;
my @kids;
for my $k (0 .. 7) {
    my $pid = fork // die;
    if (!$pid) {
        my $bad = 0;
        for my $i (grep { $_ % 8 == $k } 0 .. $#want) {
            my @ask = ([ us => 'x' ], [ us => ID ], [ us => SECRET ],
                [ de => 'x' ])[ $want[$i] ]->@*;
            my $r = ask($t, @ask);
            my $got = $r->{status} == 200 ? $r->{headers}{'x-served-by'}
                : $r->{status};
            $bad++ if $got ne ('virginia', 'riyadh', 403, 'frankfurt')[ $want[$i] ];
        }
        $t->{owner} = 0;
        POSIX::_exit($bad);
    }
    push @kids, $pid;
}
for (@kids) {
    waitpid $_, 0;
    is($? >> 8, 0, 'a client got what it should');
}
my @d = $t->wait_records(decision => 200);
$t->wait_for('all outcomes', sub { $t->records('outcome') >= 200 });
is(scalar @d, 200, 'a decision for each');
my %w;
$w{ $_->{writer} }++ for @d;
is(scalar(keys %w), 2, 'both workers decided');
is_deeply([ sort { $a <=> $b } map { $_ + 0 } map { scalar $t->up($_)->requests }
    qw(riyadh frankfurt virginia) ], [ 50, 50, 50 ], 'each got its share');
is(scalar(grep { $_->{body} =~ /${\ID}/ } $t->up('virginia')->requests), 0,
    'no SA data in Virginia');

$t->done;
done_testing;
