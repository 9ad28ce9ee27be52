# A mirror carries the request's body: it gets nothing when the request is
# refused, and nothing when its location has no guard or its destination is not
# permitted.  Control: a guarded mirror within the border gets its copy.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $t = standard(location => 'mirror /mirror;', server => <<"END", start => 0);
location = /mirror {
    internal;
    proxy_pass http://127.0.0.1:%%PORT:mirror%%\$request_uri;
}
END
$t->upstream('mirror');
$t->start($t->{conf});

# the guard must not only hold the mirror back until later: the request after
# it has come through a worker whose mirror would have been sent by then
my $r = ask($t, us => 'hello');
is($r->{status}, 200, 'unguarded mirror: the request itself is answered');
is($t->up('mirror')->bytes, 0, 'unguarded mirror: not a byte');
$_->reset for values $t->{up}->%*;
refused($t, ask($t, us => SECRET), 403, 'blocked_by_rule', 'refused');
$t->done;
is($t->up('mirror')->bytes, 0, 'and nothing came late');

# guarded: its own destination is checked
my $guarded = <<'END';
location = /mirror {
    internal;
    inference_guard on;
    proxy_set_header Host $inference_guard_host;
    proxy_pass http://%s$request_uri;
}
END
$t = standard(location => 'mirror /mirror;',
    server => sprintf $guarded, 'frankfurt');
$r = ask($t, us => 'hello');
is($r->{headers}{'x-served-by'}, 'virginia', 'guarded mirror: served');
$t->wait_for('the copy', sub { $t->up('frankfurt')->requests });
is($t->up('frankfurt')->last_request->{body},
    $t->up('virginia')->last_request->{body}, 'guarded mirror: a whole copy');
$_->reset for values $t->{up}->%*;
$r = ask($t, us => ID);
is($r->{headers}{'x-served-by'}, 'riyadh', 'SA data: served in Riyadh');
$t->stop;
is($t->up('frankfurt')->bytes, 0, 'SA data: not a byte to a mirror outside');

$t->done;
done_testing;
