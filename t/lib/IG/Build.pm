package IG::Build;

# What make left: build directories, the command, unit programs, fuzzers.
#
# B is the build directory (default: build), B_ASAN the one of the sanitizers
# (default: build-asan).  What is missing is an error, not a skip.

use v5.36;

use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(basename dirname);
use Test::More ();

our @EXPORT = qw(root build build_asan command run programs sources read_file);

my $root = abs_path(dirname(__FILE__) . '/../../..');

sub root ($path = undef) { defined $path ? "$root/$path" : $root }

sub in_root ($dir) { $dir =~ m{^/} ? $dir : "$root/$dir" }

sub build ($path = undef) {
    my $b = in_root($ENV{B} // 'build');
    return defined $path ? "$b/$path" : $b;
}

sub build_asan ($path = undef) {
    my $b = in_root($ENV{B_ASAN} // 'build-asan');
    return defined $path ? "$b/$path" : $b;
}

sub command () {
    my $c = $ENV{IG_GUARD} // build('inference-guard');
    -x $c or Test::More::BAIL_OUT("no command at $c: run make first");
    return $c;
}

# Exit status (255 and more for a signal) and both outputs together.
sub run (@command) {
    open my $fh, '-|', 'sh', '-c', 'exec "$@" 2>&1', 'sh', @command
        or die "$command[0]: $!";
    my $out = do { local $/; <$fh> } // '';
    close $fh;
    return ($? & 127 ? 256 + ($? & 127) : $? >> 8, $out);
}

# One test for each unit program of a build.
sub programs ($dir) {
    my @sources = map { basename($_, '.c') } glob "$root/t/unit/*_test.c";
    Test::More::cmp_ok(scalar @sources, '>', 0, 'there are unit tests');
    for my $name (@sources) {
        my $program = "$dir/unit/$name";
        if (!-x $program) {
            Test::More::fail("$name: not built in $dir");
            next;
        }
        my ($status, $out) = run($program);
        Test::More::is($status, 0, $name) or Test::More::diag($out);
        my ($n) = $out =~ /(\d+) test\(s\) run/;
        Test::More::ok($n, "$name: ran tests") if $status == 0;
    }
}

# Files of the project below the folders, by pattern, as git would know them.
sub sources ($re, @folders) {
    my ($status, $out) = run('git', '-c', "safe.directory=$root", '-C', $root,
        'ls-files', '--cached', '--others', '--exclude-standard', '--',
        @folders);
    my @all = $status == 0 ? split(/\n/, $out)
        : map { s{^\Q$root\E/}{}r } split /\n/,
            (run('find', (map { "$root/$_" } @folders), '-type', 'f'))[1];
    return grep { /$re/ && -f "$root/$_" } @all;
}

sub read_file ($path) {
    open my $fh, '<:raw', in_root($path) or die "$path: $!";
    local $/;
    return <$fh> // '';
}

1;
