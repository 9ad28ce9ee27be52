# Each fuzzer for a few seconds from an empty corpus, the same seed each time,
# under the sanitizers.  FUZZ_SECONDS makes it longer.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Basename qw(basename);
use File::Temp;
use IG::Build;
use Test::More;

my $seconds = $ENV{FUZZ_SECONDS} // 4;
my $dir = $ENV{B_FUZZ} // 'build-fuzz';
$dir = root($dir) if $dir !~ m{^/};

my @fuzzers = map { basename($_, '.c') }
    grep { read_file($_) =~ /LLVMFuzzerTestOneInput/ } glob root('t/fuzz/*.c');
cmp_ok(scalar @fuzzers, '>', 0, 'there are fuzzers');
for my $name (@fuzzers) {
    my $program = "$dir/fuzz/$name";
    if (!-x $program) {
        fail("$name: not built in $dir");
        next;
    }
    my $corpus = File::Temp->newdir;
    my $found  = File::Temp->newdir;
    local $ENV{ASAN_OPTIONS} = 'detect_leaks=1:allocator_may_return_null=1';
    my ($status, $out) = run($program, '-seed=1', "-max_total_time=$seconds",
        '-max_len=4096', '-timeout=5', '-rss_limit_mb=2048',
        "-artifact_prefix=$found/", '-print_final_stats=1', "$corpus");
    is($status, 0, $name) or diag substr $out, -3000;
    my ($n) = $out =~ /number_of_executed_units:\s*(\d+)/;
    cmp_ok($n // 0, '>', 100, "$name: ran " . ($n // 0) . ' inputs');
}
done_testing;
