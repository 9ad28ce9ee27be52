# Records as they are written, of every type, are what docs/record.schema.json
# says.  Control: a record with a field more is not.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Build;
use IG::Npm;
use IG::Standard;
use Test::More;

my $t = standard(location => 'error_page 502 503 504 = @second;',
    server => 'location @second { inference_guard on; ' . PROXY . ' }');
ask($t, us => 'hello');
ask($t, us => 'my number ' . ID . ' and USCASE-1234');
ask($t, us => SECRET);
ask($t, nobody => 'hello');
ask($t, us => 'hello', from('none'));
ask($t, us => 'hello', from('FR'));
$t->post('/v1/chat/completions', '{"model": "m"', 'Authorization: Bearer tok-us');
$t->post('/v1/messages', '{"model":"m","max_tokens":1,"messages":[{"role":"user",'
    . '"content":[{"type":"image","source":{"type":"base64","data":"AA=="}}]}]}',
    'X-Api-Key: tok-us', 'Anthropic-Version: 2023-06-01');
$t->get('/v1/models', 'Authorization: Bearer tok-us');
$t->get('/v1//models', 'Authorization: Bearer tok-us');

# one that never comes to a decision, one that is sent on after a failure
my $s = $t->connect;
$t->send($s, "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
    . "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{");
close $s;
$t->wait_records(undecided => 1);
$t->up('virginia')->stop;
ask($t, us => 'hello');
$t->wait_records(redirect => 1);
$t->stop;

my %types = map { $_->{type} => 1 } $t->records;
is_deeply([ sort keys %types ], [qw(decision outcome redirect undecided)],
    'records of every type');

# what a reader finds a record by, behind a torn one
is(scalar(grep { !/^\{"v":1,"type":"(?:decision|redirect|outcome|undecided)",/ }
    split /\n/, $t->read('audit.jsonl')), 0, 'each begins alike');

IG::Npm::install(root('t/sdk'));
my @check = ('node', root('t/sdk/records.mjs'), root('docs/record.schema.json'));
my ($status, $out) = run(@check, $t->dir('audit.jsonl'));
is($status, 0, 'each is what the schema says') or diag $out;
like($out, qr/^[1-9]\d lines/m, 'of some');

my ($first) = $t->read('audit.jsonl') =~ /^([^\n]+)\n/;
$t->write('more.jsonl', $first =~ s/\}$/,"prompt":"x"}/r . "\n");
($status) = run(@check, $t->dir('more.jsonl'));
isnt($status, 0, 'a field more is not');

$t->done;
done_testing;
