package IG::Npm;

# Node packages for tests, installed once by the ordinary client into the
# folder's own node_modules, from the versions pinned in its package.json.

use v5.36;

use Cwd qw(abs_path);
use Fcntl qw(:flock);
use Digest::SHA qw(sha256_hex);

# Dies, with npm's own words, when it cannot.
sub install ($folder) {
    open my $lock, '<', "$folder/package.json" or die "$folder: $!";
    flock $lock, LOCK_EX or die "lock: $!";
    my $want = sha256_hex(do { local $/; <$lock> });
    my $stamp = "$folder/node_modules/.installed";
    if (open my $fh, '<', $stamp) {
        return if (<$fh> // '') eq $want;
    }
    my $out = qx(cd '$folder' && npm install --no-package-lock --no-audit --no-fund --ignore-scripts 2>&1);
    $? == 0 or die "npm install in $folder failed:\n$out";
    open my $fh, '>', $stamp or die "$stamp: $!";
    print $fh $want;
    close $fh;
}

1;
