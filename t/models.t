# A model that no endpoint serves is a 404; one that a permitted endpoint
# serves goes there; one served only outside the border is no way out.
# Control: the model that all serve.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Standard;
use Test::More;

my $endpoints = $IG::Standard::RULES{'endpoints.yaml'};
$endpoints =~ s/(upstream: riyadh.*?models: )\["\*"\]/$1\["common", "falcon-*"]/s;
$endpoints =~ s/(upstream: virginia.*?models: )\["\*"\]/$1\["common", "gpt-*"]/s;
$endpoints =~ s/(upstream: frankfurt.*?models: )\["\*"\]/$1\["common"]/s;

my $t = standard(rules => {
    'endpoints.yaml' => $endpoints,
    'rules.yaml' => <<'END',
version: 1
rules:
  - id: no-gpt-9
    when: {tenant: bank-us, path: /v1/chat/completions}
    then: {models: ["common", "falcon-*", "gpt-4*"]}
END
});

sub model ($who, $model, @h) {
    return ask($t, $who, { model => $model, messages => [ { role => 'user',
        content => 'hello' } ] }, @h);
}

served($t, model(us => 'common'), 'virginia', 'a model all serve');
served($t, model(us => 'falcon-7b'), 'riyadh', 'a model of Riyadh');
served($t, model(us => 'gpt-4o'), 'virginia', 'a model of Virginia');
refused($t, model(us => 'other'), 403, 'model_not_permitted',
    'a rule narrows models');
refused($t, model(de => 'other'), 404, 'model_not_found', 'a model of nobody');
refused($t, model(sa => 'gpt-4o'), 451, 'no_permitted_destination',
    'a model served only outside');
refused($t, model(us => 'gpt-9'), 403, 'model_not_permitted',
    'a model that a rule leaves out');

$t->done;
done_testing;
