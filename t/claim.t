# A claim from a trusted variable adds jurisdictions, and one that is no country
# is a refusal.  Control: without a claim the request goes where it would.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $t = standard(location => 'inference_guard_claim $http_x_claim;');
served($t, ask($t, us => 'hello'), 'virginia', 'no claim');
served($t, ask($t, us => 'hello', 'X-Claim: SA'), 'riyadh', 'SA');
served($t, ask($t, us => 'hello', 'X-Claim: DE'), 'frankfurt', 'DE');
refused($t, ask($t, us => 'hello', 'X-Claim: SA,DE'), 451,
    'no_permitted_destination', 'SA and DE');
refused($t, ask($t, us => 'hello', 'X-Claim: XX'), 451, 'unknown_country',
    'no country');
refused($t, ask($t, us => 'hello', 'X-Claim: us'), 451, 'unknown_country',
    'no country in lower case');

$t->done;
done_testing;
