package IG::Evidence;

# An auditor of its own, written from the format and not from the product's
# code: chains, trees, checkpoints and signatures of log files.
#
#   my $key = new_key($t, 'audit.key');          a key pair; public in .pub
#   my $e = evidence($t, 'audit.jsonl', …);      files, the older first
#   $e->{bad}            what is wrong: strings; none in a good log
#   $e->{writers}{W}     last (seq), signed (up to), state, in_flight
#   $e->{checkpoints}    in order, each with its file
#   $e->{unsigned}       records that no checkpoint covers
#   sound($t, $name, $files, %more)              asserts that nothing is bad

use v5.36;

use Digest::SHA qw(sha256);
use Exporter qw(import);
use IG::Build qw(command run);
use JSON::PP ();
use Test::More ();

our @EXPORT = qw(new_key evidence sound);

my $ZERO = '0' x 64;

sub new_key ($t, $file) {
    my $path = $t->dir($file);
    my ($status, $out) = $t->run('openssl', 'genpkey', '-algorithm', 'ed25519',
        '-out', $path);
    $status == 0 or die "openssl: $out";
    chmod 0600, $path;
    ($status, $out) = $t->run('openssl', 'pkey', '-in', $path, '-pubout',
        '-out', "$path.pub");
    $status == 0 or die "openssl: $out";
    return "$path.pub";
}

# The id of a public key, and its raw bytes: the last 32 of its DER form.
sub key_of ($t, $pub) {
    open my $fh, '-|', 'openssl', 'pkey', '-pubin', '-in', $pub, '-outform',
        'DER' or die $!;
    my $raw = substr do { local $/; <$fh> }, -32;
    return (unpack('H*', substr sha256($raw), 0, 16), unpack 'H*', $raw);
}

sub leaf ($line) { sha256("\0" . $line) }

# RFC 6962, section 2.1, as it is written there
sub mth (@leaves) {
    return sha256('') if !@leaves;
    return $leaves[0] if @leaves == 1;
    my $k = 1;
    $k *= 2 while $k * 2 < @leaves;
    return sha256("\1" . mth(@leaves[ 0 .. $k - 1 ])
        . mth(@leaves[ $k .. $#leaves ]));
}

my %verified;                            # a line is looked at once

sub verify ($t, $pub, $line) {
    return 1 if $verified{"$pub $line"};
    my ($text, $signature) = $line =~ /\A(\{.*),"signature":"([0-9a-f]{128})"\}\z/
        or return 0;
    $t->write('signed.text', $text);
    $t->write('signed.sig', pack 'H*', $signature);
    my ($status) = $t->run('openssl', 'pkeyutl', '-verify', '-pubin',
        '-inkey', $pub, '-rawin', '-in', $t->dir('signed.text'),
        '-sigfile', $t->dir('signed.sig'));
    return $verified{"$pub $line"} = $status == 0;
}

# Whole lines of a file; a torn piece before a record is left out.
sub lines ($text) {
    my @out;
    for my $line (split /\n/, $text =~ s/[^\n]+\z//r) {
        my $at = rindex $line, '{"v":1,"type":"';
        next if $at < 0;
        $line = substr $line, $at;
        my $j = eval { JSON::PP->new->utf8->decode($line) } or next;
        push @out, [ $line, $j ];
    }
    return @out;
}

sub evidence ($t, @files) {
    my $e = { bad => [], writers => {}, checkpoints => [], unsigned => 0 };
    my (%leaf, %node, %pub, %raw, %seen);
    for my $pub (glob $t->dir('*.pub')) {
        my ($id, $raw) = key_of($t, $pub);
        $pub{$id} = $pub;
        $raw{$id} = $raw;
    }
    my $bad = sub ($what) { push $e->{bad}->@*, $what };

    # chains first: checkpoints may stand before or after a rotation
    my @checkpoints;
    for my $file (@files) {
        for (lines($t->read($file))) {
            my ($line, $j) = @$_;
            if ($j->{type} eq 'checkpoint') {
                push @checkpoints, [ $line, $j, $file ];
                next;
            }
            my $w = $j->{writer};
            my $l = $leaf{$w} //= [];
            $j->{seq} == @$l + 1 or $bad->("$w: $j->{seq} after " . @$l);
            my $prev = @$l ? unpack 'H*', $l->[-1] : $ZERO;
            ($j->{prev} // '') eq $prev or $bad->("$w: $j->{seq}: prev");
            push @$l, leaf($line);
        }
    }
    $e->{writers}{$_} = { last => scalar $leaf{$_}->@*, signed => 0 }
        for keys %leaf;

    for (@checkpoints) {
        my ($line, $j, $file) = @$_;
        my $n = $node{ $j->{node} } //= { number => 0, prev => $ZERO };
        my $name = "checkpoint $j->{node} $j->{number}";
        $seen{$line}++ and $bad->("$name: twice");
        $j->{number} == $n->{number} + 1 or $bad->("$name: after $n->{number}");
        $j->{prev} eq $n->{prev} or $bad->("$name: prev");
        $n->{key} //= $j->{key};
        $j->{key} eq $n->{key} or $bad->("$name: key");
        $pub{ $j->{key} } && verify($t, $pub{ $j->{key} }, $line)
            or $bad->("$name: signature");
        my @names = map { $_->{writer} } $j->{writers}->@*;
        "@names" eq join ' ', sort @names or $bad->("$name: order of writers");
        for my $w ($j->{writers}->@*) {
            my $s = $e->{writers}{ $w->{writer} } //= { last => 0, signed => 0 };
            my @l = ($leaf{ $w->{writer} } // [])->@*;
            my $who = "$name: $w->{writer}";
            $w->{from} == $s->{signed} + 1 or $bad->("$who: from $w->{from}");
            ($s->{state} // 'live') eq 'live' or $bad->("$who: after its end");
            if ($w->{to} > @l) { $bad->("$who: to $w->{to} of " . @l); next }
            my $root = $w->{to} < $w->{from} ? undef
                : unpack 'H*', mth(@l[ $w->{from} - 1 .. $w->{to} - 1 ]);
            ($w->{root} // '-') eq ($root // '-') or $bad->("$who: root");
            my $head = $w->{to} ? unpack 'H*', $l[ $w->{to} - 1 ] : $ZERO;
            ($w->{head} // $ZERO) eq $head or $bad->("$who: head");
            $s->{signed} = $w->{to};
            $s->{state} = $w->{state};
            $s->{in_flight} = $w->{in_flight} // 0;
        }
        if (my $next = $j->{next_key}) {
            ($n->{key}) = grep { $raw{$_} eq $next } keys %raw;
        }
        $n->{number} = $j->{number};
        $n->{prev} = unpack 'H*', leaf($line);
        push $e->{checkpoints}->@*, { %$j, file => $file, line => $line };
    }
    for my $w (sort keys $e->{writers}->%*) {
        my $s = $e->{writers}{$w};
        my $left = $s->{last} - $s->{signed};
        $e->{unsigned} += $left;
        my $allowed = !$s->{state} || $s->{state} eq 'live' ? $left
            : $s->{in_flight};
        $left <= $allowed or $bad->("$w: $left records after it "
            . "$s->{state}, $allowed in flight");
    }
    $e->{nodes} = [ sort keys %node ];
    return $e;
}

# The product's own auditor must agree.
sub sound ($t, $name, @files) {
    my $e = evidence($t, @files);
    Test::More::is_deeply($e->{bad}, [], "$name: the evidence is sound");
    my ($status, $out) = run(command(), 'audit', 'verify',
        (map { ('--key', $_) } glob $t->dir('*.pub')),
        map { $t->dir($_) } @files);
    Test::More::is($status, 0, "$name: audit verify says so, too")
        or Test::More::diag(substr $out, 0, 3000);
    return $e;
}

1;
