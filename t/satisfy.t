# `satisfy any` and other access rules of NGINX cannot skip the guard, and the
# guard cannot skip them.  Control: the harmless request passes.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $t = standard(location => 'satisfy any; allow all; auth_basic x; auth_basic_user_file %%DIR%%/none;',
    http => <<"END");
server {
    listen %%PORT:deny%%;
    location / { inference_guard on; deny all; ${\PROXY} }
}
END

served($t, ask($t, us => 'hello'), 'virginia', 'harmless');
refused($t, ask($t, us => SECRET), 403, 'blocked_by_rule', 'a secret');
served($t, ask($t, us => ID), 'riyadh', 'SA data');
refused($t, ask($t, sa => 'hello', from 'DE'), 451, undef, 'no way left');

my $r = $t->http($t->request('POST', '/v1/chat/completions', chat('hello'),
    'Authorization: Bearer tok-us'), port => 'deny');
is($r->{status}, 403, 'deny all holds');
got_nothing($t, 'deny all');

$t->done;
done_testing;
