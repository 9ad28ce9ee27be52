# The layers, and that documentation and code name the same things.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Build;
use Test::More;

sub offending ($re, @files) {
    return join "\n", map {
        my $file = $_;
        my $n = 0;
        map { $n++; /$re/ ? "$file:$n: $_" : () } split /\n/, read_file($file);
    } @files;
}

my $src = 'ngx_inference_guard';
my @engine = sources(qr/\.[ch]$/, "$src/engine");
my @public = sources(qr/\.h$/, 'include');
my @cli    = sources(qr/\.[ch]$/, "$src/cli");
my @nginx  = sources(qr/\.[ch]$/, "$src/nginx");
my @unit   = sources(qr/\.[ch]$/, 't/unit', 't/fuzz');
cmp_ok(scalar @$_, '>', 3, 'files are found') for \@engine, \@public, \@cli, \@nginx;

# the engine knows no NGINX, the adapter none of the engine's libraries
is(offending(qr/ngx_(?!inference_guard\/)|<nginx/i, @engine, @public, @cli), '',
    'no NGINX in engine, command or public headers');
is(offending(qr/#\s*include\s*[<"](?:pcre2|hs[.\/]|yaml|utf8proc|maxminddb|zlib)/,
    @nginx), '', "the adapter includes none of the engine's libraries");
is(offending(qr/#\s*include\s*"(?:\.\.\/)*engine\//, @nginx, @cli), '',
    'adapter and command use the public headers only');

# a stage includes base, itself and the public headers
for my $file (@engine) {
    my ($stage) = $file =~ m{engine/([^/]+)/} or next;
    my $text = read_file($file);
    my @bad;
    while ($text =~ /^\s*#\s*include\s*"([^"]+)"/mg) {
        my $inc = $1;
        my ($other) = $inc =~ m{^(?:\.\./)*([^/]+)/} or next;
        push @bad, $inc if $other ne $stage && $other ne 'base';
    }
    is("@bad", '', "$file keeps to its stage") if @bad;
}
pass('stages keep to themselves');
is(offending(qr/^[^*]*\b(?:fopen|open|fork|socket|connect|popen|system|getenv|f?printf)\s*\(/,
    grep { !m{/(?:geo|zone\.c)} } @engine), '', 'the engine does no I/O');

# nothing of the machine it was written on
my @all = grep { !m{^t/(?:structure\.t|data/)} && !/\.(?:png|gz|mmdb)$/ }
    sources(qr/./, '.');
is(join(' ', grep { m{^build[^/]*/|\.(?:o|a|so)$|node_modules/|package-lock} } @all), '',
    'nothing built or installed is in the repository');
is(offending(qr{/work/|(?<![\w@%])/tmp/[a-z](?![\w-]*XXXXXX)|/home/\w|registry\.npmjs|"resolved"}, @all),
    '', 'no path of a machine and no registry');

# a file has one subject, and its length shows it
for my $file (grep { /\.(?:c|h|pm|t|mjs|sh|md)$/ } @all) {
    my $n = () = read_file($file) =~ /\n/g;
    cmp_ok($n, '<=', 900, "$file is short enough") if $n > 900;
}
my @long = map {
    my $file = $_;
    my @lines = split /\n/, read_file($file);
    my ($start, @found);
    for my $i (0 .. $#lines) {
        $start = $i if $lines[$i] eq '{';
        if ($lines[$i] eq '}' && defined $start) {
            push @found, "$file:" . ($start + 1) . ': ' . ($i - $start)
                if $i - $start > 130;
            undef $start;
        }
    }
    @found;
} grep { /\.c$/ } @engine, @cli, @nginx;
is("@long", '', 'no function is longer than 130 lines');

# documentation
sub doc ($file) { -f root($file) ? read_file($file) : '' }
my $adapter = join '', map { read_file($_) } @nginx;

my @in_table;
while ($adapter =~ /ngx_command_t\s+\w+\[\]\s*=\s*\{(.*?)\n\};/sg) {
    push @in_table, $1 =~ /ngx_string\("(\w+)"\)/g;
}
cmp_ok(scalar @in_table, '>', 4, 'directives are found');
my $text = doc('docs/directives.md');
ok($text =~ /\b\Q$_\E\b/, "docs/directives.md has $_") for sort @in_table;

my %var = map { $_ => 1 } grep { my $v = $_; !grep { $v eq $_ } @in_table }
    $adapter =~ /ngx_string\("(inference_guard_\w+)"\)/g,
    map { "inference_guard_$_" } $adapter =~ /\bngx_http_ig_var\("(\w+)"/g;
cmp_ok(scalar(keys %var), '>', 10, 'variables are found');
$text = doc('docs/variables.md');
ok($text =~ /\$\Q$_\E\b/, "docs/variables.md has \$$_") for sort keys %var;

# A name that two objects of the archive define is bound to whichever comes
# first, without a word from the linker; and every name of the engine says whose
# it is.
my ($status, $names) = run('nm', '-g', '--defined-only', build('libinference_guard.a'));
is($status, 0, 'the symbols of the engine');
my %defined;
$defined{$_}++ for $names =~ /^[0-9a-f]+ [A-TV-Z] (\S+)$/mg;
cmp_ok(scalar(keys %defined), '>', 100, 'there are some');
is_deeply([ grep { $defined{$_} > 1 } sort keys %defined ], [], 'each is defined once');
is_deeply([ grep { !/^ig_/ } sort keys %defined ], [], 'each begins with ig_');

my @reasons = read_file('include/inference_guard/reason.h') =~ /\bR\((\w+), \d+/g;
cmp_ok(scalar @reasons, '>', 20, 'reasons are found');
$text = doc('docs/decisions.md');
ok($text =~ /\b$_\b/, "docs/decisions.md has $_") for @reasons;

my $record = join '', map { read_file($_) } sources(qr/\.c$/, "$src/engine/record");
my %field = map { $_ => 1 } $record =~ /\\"([a-z_]+)\\":/g,
    $record =~ /ig_record_key\(\S+ "([a-z_]+)"\)/g,
    $record =~ /ig_line_number\(\S+ "([a-z_]+)"/g,
    $record =~ /ig_list_begin\(\S+ \S+ "([a-z_]+)"/g;
cmp_ok(scalar(keys %field), '>', 20, 'record fields are found');
$text = doc('docs/audit.md') . doc('docs/evidence.md');
ok($text =~ /\b$_\b/, "docs/audit.md or docs/evidence.md has the field $_") for sort keys %field;

my @sub = read_file("$src/cli/main.c") =~ /\{ "(\w+)", ig_cmd_/g;
$text = join '', map { doc($_) } sources(qr/\.md$/, 'docs'), 'README.md';
ok($text =~ /inference-guard $_\b/, "the documentation has the command $_") for @sub;
done_testing;
