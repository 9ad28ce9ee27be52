package IG::Shim;

# A slow or failing disk, a network without long datagrams, and a death at a
# chosen moment (t/lib/shim.c).
#
#   shim($t);                  before $t->start
#   set_shim($t, kill => 17);  sync => 'work' | 'wait' | 'fail'
#   set_shim($t, mtu => 1400);
#   get_shim($t, 'syncs');

use v5.36;

use Exporter qw(import);
use IG::Nginx ();

our @EXPORT = qw(shim set_shim get_shim);

my %AT   = (kill => 0, sync => 8, syncs => 16, mtu => 24);
my %SYNC = (work => 0, wait => 1, fail => 2);

sub shim ($t) {
    my $so = $t->dir('shim.so');
    my ($status, $out) = $t->run($ENV{CC} // 'cc', '-shared', '-fPIC', '-O1',
        '-o', $so, "$IG::Nginx::ROOT/t/lib/shim.c", '-ldl');
    $status == 0 or die "the shim does not compile:\n$out";
    $t->write('shim', "\0" x 32);
    chmod 0666, $t->dir('shim');
    $ENV{IG_SHIM} = $t->dir('shim');
    $ENV{IG_PRELOAD} = join ' ', grep { length } $ENV{IG_PRELOAD} // '', $so;
}

sub set_shim ($t, %set) {
    open my $fh, '+<:raw', $t->dir('shim') or die "shim: $!";
    for my $what (keys %set) {
        sysseek $fh, $AT{$what}, 0;
        syswrite $fh, pack 'q', $SYNC{ $set{$what} } // $set{$what};
    }
}

sub get_shim ($t, $what) {
    open my $fh, '<:raw', $t->dir('shim') or die "shim: $!";
    sysseek $fh, $AT{$what}, 0;
    sysread $fh, my $n, 8;
    return unpack 'q', $n;
}

1;
