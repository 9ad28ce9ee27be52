# The module under the sanitizers, in a real NGINX: the tests that move most
# memory run again with the module of the sanitizer's build, loaded behind the
# sanitizer's runtime.  Control: the build does have the sanitizer in it.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Build;
use Test::More;

my $module = build_asan('ngx_http_inference_guard_module.so');
ok(-f $module, 'the module of the sanitizer build') or BAIL_OUT($module);
like(read_file($module), qr/__asan_init/, 'it has the sanitizer in it');

my ($status, $runtime) = run('clang', '-print-file-name=libclang_rt.asan-x86_64.so');
chomp $runtime;
ok($status == 0 && -f $runtime, "the sanitizer's runtime") or diag $runtime;

local $ENV{IG_MODULE} = $module;
local $ENV{IG_PRELOAD} = $runtime;
local $ENV{ASAN_OPTIONS} = 'detect_leaks=0:abort_on_error=0';
for my $t (qw(basics body_shapes encodings strictness error_page client_abort
    reload records record_facts digests evidence evidence_key evidence_kill
    evidence_failure durability syslog limits limits_ways limits_streams
    limits_answers limits_workers quota fleet fleet_local))
{
    my ($status, $out) = run($^X, "-I$FindBin::Bin/lib", "$FindBin::Bin/$t.t");
    is($status, 0, "$t.t under the sanitizers")
        or diag join "\n", grep { !/^ok/ } split /\n/, $out;
}
done_testing;
