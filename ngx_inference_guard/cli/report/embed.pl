#!/usr/bin/perl

# embed.pl PAGE.html STYLE.css SCRIPT.js: the page of the report as C, on standard
# output: what stands before the figures, and what stands behind them.  The
# hashes are what the page's Content-Security-Policy allows, and nothing else.

use v5.36;
use Digest::SHA qw(sha256_base64);

sub slurp ($file) {
    open my $fh, '<:raw', $file or die "$file: $!\n";
    local $/;
    return <$fh> // '';
}

sub hash ($text) {
    my $sum = sha256_base64($text);
    $sum .= '=' while length($sum) % 4;
    return "'sha256-$sum'";
}

sub c_string ($name, $text) {
    my $out = "extern const char $name\[];\nextern const size_t ${name}_len;\n"
        . "const char $name\[] =\n";
    for my $piece ($text =~ /(.{1,64})/sg) {
        $piece =~ s/([^ -!#-;=>@-\[\]-~])/sprintf '\\%03o', ord $1/ge;
        $out .= "    \"$piece\"\n";
    }
    return "$out    ;\nconst size_t ${name}_len = sizeof($name) - 1;\n\n";
}

@ARGV == 3 or die "usage: embed.pl PAGE.html STYLE.css SCRIPT.js\n";
my ($page, $style, $script) = map { slurp($_) } @ARGV;

$style =~ s{/\*.*?\*/\s*}{}gs;
$style =~ s/^\s+//mg;
$script =~ m{</script|<!--}i and die "the script cannot stand in a page\n";

my %value = (
    'style' => $style,
    'style-hash' => hash($style),
    'script' => length $script ? "<script>$script</script>" : '',
    'script-hash' => length $script ? hash($script) : "'none'",
);

my ($head, $tail) = split /\{\{report\}\}\n/, $page;
s/\{\{([\w-]+)\}\}/$value{$1} \/\/ die "no $1\n"/ge for $head, $tail;

print "/* made by embed.pl; do not edit */\n\n#include <stddef.h>\n\n",
    c_string('ig_report_page_head', $head), c_string('ig_report_page_tail', $tail);
