# A binary upgrade under load: for a while the workers of two masters write the
# same file.  No request fails, each has its decision and its outcome, every
# record is whole, and no writer's numbers have a gap.
# Control: all four workers wrote records side by side.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use POSIX ();
use Test::More;
use Time::HiRes qw(time);

# a daemon: NGINX takes no USR2 while the parent it started with is there
my $t = standard(nginx => { daemon => 'on' });
my $end = time + 40;                     # the clients', whatever happens here

# a connection for each request
my @clients;
for my $n (1 .. 3) {
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        my ($served, @failed) = (0);
        until (-e $t->dir('enough') || time > $end) {
            my $r = eval { ask($t, us => "client $n") };
            $r && $r->{status} == 200 ? $served++
                : push @failed, $r ? $r->{status} : $@ =~ s/\n.*//sr;
        }
        $t->write("client.$n", join "\n", $served, @failed);
        POSIX::_exit(0);
    }
    push @clients, $pid;
}

# who wrote decisions in a file's part
sub writers ($from = 0) {
    my $text = substr $t->read('audit.jsonl'), $from;
    my %w = map { $_ => 1 }
        $text =~ /"type":"decision",[^\n]*?"writer":"(\w+)"[^\n]*\n/g;
    my @w = sort keys %w;
    return @w;
}

$t->wait_for('both workers wrote', sub { writers() == 2 });
my @old = writers();
my $master = $t->upgrade;
isnt($t->master, $master, 'another master');
$t->wait_for('all four write', sub { writers() == 4 });
my $from = length $t->read('audit.jsonl');
$t->wait_for('side by side', sub { writers($from) == 4 });

kill 'QUIT', $master;
$t->wait_for('the old master ends', sub { $t->gone($master) });
$from = length $t->read('audit.jsonl');
$t->wait_for('the new one goes on', sub { writers($from) == 2 });
my %new = map { $_ => 1 } writers($from);
is(scalar(grep { $new{$_} } @old), 0, 'with workers of its own');
ok(!-e $t->dir('nginx.pid.oldbin'), 'the old one is gone');

$t->write('enough', '');
waitpid $_, 0 for @clients;
$t->stop;

my ($served, @failed) = (0);
for my $n (1 .. @clients) {
    my ($s, @f) = split /\n/, $t->read("client.$n");
    $served += $s;
    push @failed, @f;
}
is_deeply(\@failed, [], 'no request failed');
cmp_ok($served, '>', 20, 'there were some');

unlike($t->read('audit.jsonl'), qr/\n\n/, 'no line is empty');
my @d = $t->records('decision');         # (dies of a line that is no JSON)
my @o = $t->records('outcome');
is(scalar @d, $served, 'a decision for each');
is(scalar @o, $served, 'an outcome for each');
my %id;
$id{ $_->{id} }++ for @d;
is(scalar(keys %id), $served, 'each of another request');
$id{ $_->{id} }-- for @o;
is(scalar(grep { $_ } values %id), 0, 'they belong together');

my (%seq, @gaps);
push $seq{ $_->{writer} }->@*, $_->{seq} for $t->records;
for my $w (sort keys %seq) {
    my $first = $seq{$w}[0];
    push @gaps, $w
        if "$seq{$w}->@*" ne join ' ', $first .. $first + $seq{$w}->$#*;
}
is_deeply(\@gaps, [], 'no number of a writer is missing, twice or out of order');
is(scalar(keys %seq), 4, 'four writers');
my $sent = 0;
$sent += $t->up($_)->requests for qw(riyadh frankfurt virginia);
is($sent, $served, 'and each was sent once');

$t->done;
done_testing;
