# Who asks, from where and with what decides where a request goes: the cheapest
# permitted endpoint gets it, the others get not a byte; what nobody permits is
# refused with its own status.  Control: each tenant's harmless request passes.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $t = standard();

served($t, ask($t, us => 'hello'), 'virginia', 'US tenant');
served($t, ask($t, sa => 'hello', from 'SA'), 'riyadh', 'SA tenant');
served($t, ask($t, de => 'hello', from 'DE'), 'frankfurt', 'DE tenant');
served($t, ask($t, de => 'hello'), 'frankfurt', 'DE tenant from the US');
served($t, ask($t, us => 'hello', from 'SA'), 'riyadh', 'US tenant in SA');

# data decides, too: what belongs to SA stays there
served($t, ask($t, us => 'my number is ' . ID), 'riyadh', 'SA data');
served($t, ask($t, us => 'my number is 2000000007'), 'virginia',
    'a number that is none');

refused($t, ask($t, sa => 'hello', from 'DE'), 451,
    'no_permitted_destination', 'SA tenant in DE');
refused($t, ask($t, de => ID, from 'DE'), 451, 'no_permitted_destination',
    'SA data of a DE tenant');
refused($t, ask($t, us => 'key ' . SECRET), 403, 'blocked_by_rule',
    'a secret');
refused($t, ask($t, us => 'hello', from 'none'), 451, 'unknown_country',
    'a client from nowhere');
refused($t, ask($t, us => 'hello', from 'FR'), 451,
    'jurisdiction_without_pack', 'a client from a country without a pack');
refused($t, ask($t, xx => 'hello'), 401, 'unknown_tenant', 'a bad key');
refused($t, $t->post('/v1/chat/completions', chat('hello')), 401,
    'unknown_tenant', 'no key');

# two credentials: the same one is one, two that differ are a refusal
served($t, ask($t, us => 'hello', 'X-Api-Key: tok-us'), 'virginia',
    'the same key twice');
refused($t, ask($t, us => 'hello', 'X-Api-Key: tok-sa'), 400,
    'conflicting_credentials', 'two keys');
served($t, $t->post('/v1/chat/completions', chat('hello'),
    'X-Api-Key: tok-us'), 'virginia', 'the second variable alone');

# an address counts only through realip: a header nobody trusts moves nothing
served($t, ask($t, us => 'hello', 'X-Real-IP: 10.1.2.3'), 'virginia',
    'an address in an untrusted header');

$t->done;
done_testing;
