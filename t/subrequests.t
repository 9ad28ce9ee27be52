# Subrequests of an answer (SSI includes, addition) share the request's body:
# to a location without a guard they get nothing, guarded they are checked.
# Control: the page around them is served.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $html = sub ($r, $c) {
    $c->respond(200, [ 'Content-Type: text/html' ],
        'a<!--# include virtual="/sub" -->z');
};
for my $case ([ 'open', '', '' ], [ 'guarded', 'inference_guard on;', '' ]) {
    my ($name, $guard) = @$case;
    my $t = standard(start => 0, handler => $html,
        location => 'ssi on; add_after_body /after;',
        server => <<"END");
location = /sub { $guard proxy_pass http://127.0.0.1:%%PORT:out%%; }
location = /after { $guard proxy_pass http://127.0.0.1:%%PORT:out%%; }
END
    $t->upstream('out');
    $t->start($t->{conf});
    my $r = ask($t, us => 'hello');
    is($r->{status}, 200, "$name: the answer comes");
    like($r->{body}, qr/^a/, "$name: it is the endpoint's");
    is($t->up('out')->bytes, 0, "$name: not a byte to an undeclared place");
    is(scalar($t->up('virginia')->requests), 1, "$name: one request");
    $t->done;
}
my $t = standard();
served($t, ask($t, us => 'hello'), 'virginia', 'the control');

$t->done;
done_testing;
