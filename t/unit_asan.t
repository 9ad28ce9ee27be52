# The same unit programs under the address and undefined sanitizers.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Build;
use Test::More;

$ENV{ASAN_OPTIONS}  = 'detect_leaks=1:abort_on_error=0';
$ENV{UBSAN_OPTIONS} = 'print_stacktrace=1';

my ($program) = glob build_asan('unit/*_test');
ok($program && read_file($program) =~ /__asan_init/,
    'the programs are built with the sanitizer');
programs(build_asan());
done_testing;
