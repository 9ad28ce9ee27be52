# The rule files of the repository: no mistake, every case passes, each is what
# rules/schema.json describes; and a broken one is not.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Temp;
use IG::Build;
use IG::Npm;
use Test::More;

my @packs = map { root($_) } sources(qr{^rules/[^/]+\.yaml$}, 'rules');
cmp_ok(scalar @packs, '>=', 6, 'packs');

my ($status, $out) = run(command(), 'check', root('rules'));
is($status, 0, 'inference-guard check rules') or diag $out;
unlike($out, qr/warning:/, 'and no warning');

($status, $out) = run(command(), 'test', root('rules'));
is($status, 0, 'inference-guard test rules') or diag $out;

# a case that is wrong fails, with a difference
my $dir = File::Temp->newdir;
system('cp', '-r', root('rules'), "$dir/rules") == 0 or die;
my ($cases) = glob "$dir/rules/tests/*.yaml";
my $text = read_file($cases);
$text =~ s/(verdict: )\w+/$1nonsense/;
open my $fh, '>', $cases or die;
print $fh $text;
close $fh;
($status, $out) = run(command(), 'test', "$dir/rules");
isnt($status, 0, 'a wrong case fails');

# each pack has cases, each rule of a pack is in one
for my $pack (@packs) {
    my ($name) = $pack =~ m{([^/]+)\.yaml$};
    ok(-f root("rules/tests/$name.yaml"), "$name has cases");
}

# the schema
IG::Npm::install(root('t/sdk'));
my @all = (@packs, map { root($_) } sources(qr/\.yaml$/, 'examples'));
my @bad = (
    "version: 1\njurisdiction: SA\ntitle: x\nunknown: 1\n",
    "version: 1\nendpoints: {a: {upstream: b}}\n",
    "version: 2\ntenants: {}\n",
    "version: 1\nrules:\n  - id: a\n    then: {explode: true}\n",
    "version: 1\npolicy: {unknown_country: maybe}\n",
    "version: 1\ndetectors: {x.y: {title: 1}}\n",
);
my @files;
for my $i (0 .. $#bad) {
    push @files, "$dir/bad$i.yaml";
    open my $fh, '>', $files[-1] or die;
    print $fh $bad[$i];
    close $fh;
}
($status, $out) = run('node', root('t/sdk/schema.mjs'),
    root('rules/schema.json'), @all, @files);
is($status, 0, 'the schema is read') or diag $out;
my %said = map { /^(ok|bad) (\S+)/ ? ($2 => $1) : () } split /\n/, $out;
for my $file (@all) {
    is($said{$file} // '-', 'ok', 'the schema accepts ' . $file =~ s{.*/}{}r)
        or diag grep { /\Q$file\E/ } split /^/, $out;
}
is($said{ $files[$_] } // '-', 'bad', "the schema rejects broken file $_")
    for 0 .. $#files;
for my $file (@files) {
    my ($status) = run(command(), 'check', $file, root('rules'));
    is($status, 1, 'and check does, too');
}
done_testing;
