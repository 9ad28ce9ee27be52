package IG::Port;

# A TCP port that no other test has: locked by a file for as long as this
# process lives, as a port that is only looked at may be somebody else's a
# moment later.  Ports lie below the range that connections get theirs from.

use v5.36;

use Carp qw(croak);
use Fcntl qw(:flock O_CREAT O_RDWR);
use File::Spec;
use IO::Socket::INET;

my (@held, $next);

sub free ($class) {
    my $dir = File::Spec->catdir(File::Spec->tmpdir, 'inference-guard-ports');
    mkdir $dir, 0777;
    chmod 0777, $dir;
    $next //= 10000 + $$ % 430 * 50;
    for (1 .. 2000) {
        my $port = $next++;
        $next = 10000 if $next > 31500;
        sysopen my $lock, "$dir/$port", O_CREAT | O_RDWR or next;
        flock $lock, LOCK_EX | LOCK_NB or next;
        IO::Socket::INET->new(LocalAddr => '0.0.0.0', LocalPort => $port,
            Proto => 'tcp', Listen => 1) or next;
        push @held, $lock;
        return $port;
    }
    croak 'no free port';
}

1;
