# Internal redirects (rewrite, try_files, X-Accel-Redirect, error_page to a URI)
# that lead to a location without a guard carry nothing out; through a guarded
# one the content's verdict holds.  Control: the guarded way answers.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $out = 'proxy_pass http://127.0.0.1:%%PORT:out%%;';
my $t = standard(start => 0, root => <<"END", server => <<"END2");
location / { inference_guard on; ${\PROXY} }
END
root %%DIR%%/empty;
location \@guarded { inference_guard on; ${\PROXY} }
location \@open { $out }
location /try/guarded/ { inference_guard on;
    rewrite ^/try/guarded(/.*) \$1 break;
    try_files /nothing \@guarded; }
location = /v1/completions { inference_guard on; try_files /nothing \@open; }
location = /v1/embeddings { inference_guard on; try_files /nothing \@guarded; }
location = /v1/responses {
    inference_guard on;
    rewrite ^ /v1/chat/completions last;
}
location = /api/chat {
    inference_guard on;
    error_page 418 = \@open;
    return 418;
}
location = /open { $out }
END2
$t->upstream('out');
$t->{up}{virginia}->stop;
$t->{up}{virginia} = IG::Upstream->new(name => 'virginia', port =>
    $t->port('virginia'), dir => $t->dir('upstream-v2'), handler => sub ($r, $c) {
        return $c->json(200, {}, 'X-Accel-Redirect: /open')
            if $r->{body} =~ /accel-open/;
        return $c->json(200, {}, 'X-Accel-Redirect: @open')
            if $r->{body} =~ /accel-named/;
        return IG::Upstream::answer($r, $c);
    });
$t->start($t->{conf});
my @auth = ('Authorization: Bearer tok-us');

# try_files
served($t, $t->post('/v1/embeddings', { model => 'm', input => 'a' }, @auth),
    'virginia', 'try_files to a guarded location');
served($t, $t->post('/v1/embeddings', { model => 'm', input => ID }, @auth),
    'riyadh', 'the same, with SA data');
refused($t, $t->post('/v1/embeddings', { model => 'm', input => SECRET },
    @auth), 403, 'blocked_by_rule', 'the same, with a secret');
refused($t, $t->post('/v1/completions', { model => 'm', prompt => 'a' },
    @auth), 403, 'unguarded_location', 'try_files to an open location');

# X-Accel-Redirect of an endpoint
for my $how (qw(open named)) {
    my $r = ask($t, us => "accel-$how");
    is($r->{status}, 403, "X-Accel-Redirect, $how: refused");
    is($t->up('out')->bytes, 0, "X-Accel-Redirect, $how: not a byte");
    $_->reset for values $t->{up}->%*;
}
served($t, ask($t, us => 'no redirect'), 'virginia', 'no redirect');

# rewrite before the decision: what is judged is what leaves
my $r = $t->post('/v1/responses', { model => 'm', input => ID }, @auth);
isnt($r->{headers}{'x-served-by'} // '', 'virginia',
    'rewrite: SA data does not leave');
is($t->up('virginia')->bytes, 0, 'rewrite: not a byte');
$_->reset for values $t->{up}->%*;
no_leak($t, ID, SECRET);

$t->done;
done_testing;
