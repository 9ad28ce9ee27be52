# A claim from a trusted variable adds jurisdictions, and one that is no country
# is a refusal.  Control: without a claim the request goes where it would.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $t = standard(http => 'map $http_x_claim $claim { default $http_x_claim; }',
    location => 'inference_guard_claim $claim;');
served($t, ask($t, us => 'hello'), 'virginia', 'no claim');
served($t, ask($t, us => 'hello', 'X-Claim: SA'), 'riyadh', 'SA');
served($t, ask($t, us => 'hello', 'X-Claim: DE'), 'frankfurt', 'DE');
refused($t, ask($t, us => 'hello', 'X-Claim: SA,DE'), 451,
    'no_permitted_destination', 'SA and DE');
my ($status, $out) = $t->check($t->{conf} =~ s/claim \$claim/claim \$http_x_claim/r);
isnt($status, 0, 'what a client sends is no claim');
like($out, qr/\[emerg\].*claim/, 'and it is said');
$t->config($t->{conf});
$t->expect_log(qr/\[emerg\]/);

refused($t, ask($t, us => 'hello', 'X-Claim: XX'), 451, 'unknown_country',
    'no country');
refused($t, ask($t, us => 'hello', 'X-Claim: us'), 451, 'unknown_country',
    'no country in lower case');

$t->done;
done_testing;
