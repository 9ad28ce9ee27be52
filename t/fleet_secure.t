# The way to the store: user and password of an ACL, TLS with a CA of our own, a
# database number, a prefix; what is wrong is refused, and no secret is in a log.
# Control: each part also has requests that are served.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Build qw(run);
use IG::Fleet;
use IG::Nginx;
use IG::Redis;
use IG::Standard;
use Test::More;

my $PLAN = <<'END';
exact: true
limits:
  - {of: requests, per: day, max: 1000}
END
my $tmp = File::Temp->newdir('inference-guard-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
chmod 0755, "$tmp";

sub secret ($name, $text, $mode = 0600) {
    my $path = "$tmp/$name";
    open my $fh, '>', $path or die;
    print $fh $text;
    close $fh;
    chmod $mode, $path;
    return $path;
}

sub served_by ($name, $store, $log = undef) {
    my $t = node('n', $store, $PLAN);
    $t->wait_for($name, sub { status($t) == 200 });
    is_deeply(statuses(10, $t), { 200 => 10 }, "$name: served");
    return $t;
}

sub not_served ($name, $store, $log) {
    my $t = node('n', $store, $PLAN);
    $t->wait_for("$name: told in the log", sub { status($t); $t->read('logs/error.log') =~ $log });
    is_deeply(statuses(10, $t), { 503 => 10 }, "$name: refused");
    unlike($t->read('logs/error.log'), qr/hush-/, 'no secret in the log');
    $t->done;
}

# --- ACL, database, prefix ---

my $redis = IG::Redis->new(auth => ['hush-default'], conf => <<'END');
databases 8
requirepass hush-default
user guard on >hush-guard ~fleet:* +ping +select +eval +evalsha +time +get +set +del +hget +hset +hmget +hgetall +hdel +pttl +pexpire
END
my $url = 'redis://' . $redis->address . '/3';
my $right = secret('right', "hush-guard\n");
my $t = served_by('ACL', "$url user=guard password=$right prefix=fleet:");
$redis->call('SELECT', 3);
like(($redis->counters)[0], qr/^fleet:\{[0-9a-f]{16}\}:[0-9a-f]{32}:\d+$/,
    'in its database, under its prefix, tagged by the tenant');
unlike($t->read('logs/error.log'), qr/hush-/, 'no secret in the log');
$t->done;
$t = served_by('requirepass', "$url password=" . secret('default', "hush-default"));
$t->done;
not_served('a wrong password', "$url user=guard password=" . secret('wrong', 'hush-wrong'),
    qr/not available: it says: WRONGPASS/);
not_served('no password', $url, qr/not available: it says: NOAUTH/);
not_served('keys of others', "$url user=guard password=$right prefix=other:",
    qr/the store at \S+ says: NOPERM/);
not_served('no such database', 'redis://' . $redis->address . "/99 password=$tmp/default",
    qr/it says: ERR DB index/);

# --- TLS ---

sub openssl (@args) {
    my ($status, $out) = run('openssl', @args);
    $status == 0 or die "openssl @args: $out";
}
for my $ca (qw(ca other)) {
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', 2, '-subj', "/CN=$ca",
        '-keyout', "$tmp/$ca.key", '-out', "$tmp/$ca.pem");
}
openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=store.test', '-addext',
    'subjectAltName=DNS:store.test', '-keyout', "$tmp/store.key", '-out', "$tmp/store.csr");
secret('ext', "subjectAltName=DNS:store.test\n");
openssl('x509', '-req', '-days', 2, '-in', "$tmp/store.csr", '-CA', "$tmp/ca.pem", '-CAkey',
    "$tmp/ca.key", '-CAcreateserial', '-extfile', "$tmp/ext", '-out', "$tmp/store.pem");
my $tls = IG::Redis->new(tls => 1, conf => <<"END");
tls-cert-file $tmp/store.pem
tls-key-file $tmp/store.key
tls-ca-cert-file $tmp/ca.pem
tls-auth-clients no
END
my $rediss = 'rediss://' . $tls->address . ' connect_timeout=1s timeout=1s';
$t = served_by('TLS', "$rediss ca=$tmp/ca.pem name=store.test");
$t->done;
$t = served_by('TLS by tls=on, not verified',
    'redis://' . $tls->address . ' tls=on verify=off connect_timeout=1s');
$t->done;
not_served('another CA', "$rediss ca=$tmp/other.pem name=store.test", qr/its certificate is not of the CA/);
not_served('another name', "$rediss ca=$tmp/ca.pem name=else.test", qr/its certificate has another name/);
not_served('no TLS at the other end', 'rediss://' . $redis->address
    . " ca=$tmp/ca.pem name=store.test connect_timeout=1s", qr/not available: connecting timed out/);

# --- what cannot work is an error of the configuration ---

my $open = secret('open', "hush-open\n", 0644);
my $empty = secret('empty', "\n");
my $c = IG::Nginx->new;
for (
    [ 'http://a', qr{must begin with redis:// or rediss://} ],
    [ 'redis://', qr/no host/ ],
    [ 'redis://127.0.0.1:0', qr/invalid port/ ],
    [ 'redis://127.0.0.1:6379/x', qr/invalid database number/ ],
    [ 'redis://127.0.0.1/1/2', qr/invalid database number/ ],
    [ 'redis://user:hush-x@127.0.0.1', qr/no user or password in the URL/ ],
    [ 'redis://no-such-host.invalid', qr/host not found/ ],
    [ 'redis://127.0.0.1 colour=red', qr/invalid parameter "colour=red"/ ],
    [ 'redis://127.0.0.1 timeout=', qr/invalid parameter "timeout="/ ],
    [ 'redis://127.0.0.1 timeout=soon', qr/must be a time/ ],
    [ 'redis://127.0.0.1 timeout=0', qr/a timeout of 0/ ],
    [ 'redis://127.0.0.1 timeout=1s timeout=2s', qr/is duplicate/ ],
    [ 'redis://127.0.0.1 tls=yes', qr/must be "on" or "off"/ ],
    [ 'rediss://store.test tls=off', qr/is with TLS/ ],
    [ "redis://127.0.0.1 ca=$tmp/ca.pem", qr/"ca" without TLS/ ],
    [ "rediss://127.0.0.1 ca=$tmp/ca.pem", qr/add "name=HOST"/ ],
    [ "rediss://127.0.0.1 ca=$tmp/none.pem name=store.test", qr/none\.pem/ ],
    [ "rediss://127.0.0.1 verify=off ca=$tmp/ca.pem", qr/would not be used/ ],
    [ 'redis://127.0.0.1 user=x', qr/"user" without "password"/ ],
    [ "redis://127.0.0.1 password=$open", qr/must not be accessible to others/ ],
    [ "redis://127.0.0.1 password=$empty", qr/must have a secret/ ],
    [ "redis://127.0.0.1 password=$tmp/none", qr/cannot be opened/ ],
    [ "redis://127.0.0.1 password=$tmp", qr/is no regular file/ ],
    [ 'redis://127.0.0.1/1 cluster=on', qr/database 0 only/ ],
    [ 'redis://127.0.0.1 cluster=on sentinel=x', qr/exclude each other/ ],
    [ "redis://127.0.0.1 sentinel_password=$right", qr/without "sentinel"/ ],
    [ 'redis://127.0.0.1 "prefix={a}"', qr/brace/ ],
    [ 'redis://127.0.0.1 node=' . 'n' x 48, qr/longer than 47/ ],
    [ 'redis://127.0.0.1 zone=1k', qr/too small/ ],
) {
    my ($store, $re) = @$_;
    my ($status, $out) = $c->check("inference_guard_store $store;");
    isnt($status, 0, "$store: refused");
    like($out, qr/\[emerg\].*$re/, 'it says why');
    unlike($out, qr/hush-/, 'no secret');
}
$c->expect_log(qr/\[emerg\]/);
$c->done;
done_testing;
