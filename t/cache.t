# proxy_cache answers only after a decision: a cached answer is not given to who
# may not ask, and every hit has its record.  Control: the second identical
# request is a hit.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $t = standard(http => <<'END', location => <<'END2');
proxy_cache_path %%DIR%%/cache keys_zone=c:1m;
END
proxy_cache c;
proxy_cache_methods GET HEAD POST;
proxy_cache_valid 200 1m;
proxy_cache_key "$inference_guard_tenant $inference_guard_endpoint $request_uri $request_body";
add_header X-Cache $upstream_cache_status always;
END2

is(ask($t, us => 'hello')->{headers}{'x-cache'}, 'MISS', 'first');
is($t->up('virginia')->connections, 1, 'the endpoint was asked');
my $r = ask($t, us => 'hello');
is($r->{headers}{'x-cache'}, 'HIT', 'second');
is($r->{status}, 200, 'a hit is an answer');
is($t->up('virginia')->connections, 1, 'the endpoint was not asked again');
is(scalar($t->wait_records(decision => 2)), 2, 'the hit was decided');
is(scalar($t->wait_records(outcome => 2)), 2, 'and has its outcome');
is(ask($t, xx => 'hello')->{status}, 401, 'nobody gets no hit');
is(ask($t, us => 'hello', from 'none')->{status}, 451, 'from nowhere: none');
isnt(ask($t, us => 'hello', from 'SA')->{headers}{'x-cache'} // '', 'HIT',
    'another jurisdiction: not the answer of Virginia');
$_->reset for values $t->{up}->%*;
$r = ask($t, us => SECRET);
refused($t, $r, 403, 'blocked_by_rule', 'a refusal is not cached');

$t->done;
done_testing;
