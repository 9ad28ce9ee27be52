# The engine's unit programs (cmocka), as make built them.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IG::Build;
use Test::More;

programs(build());
done_testing;
