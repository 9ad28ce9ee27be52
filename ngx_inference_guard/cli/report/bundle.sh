#!/bin/sh
# bundle.sh DIR: page.mjs and the library that it draws with as DIR/page.js, one
# script; packages come by name, at the versions of npm-shrinkwrap.json.
#
# Without npm the script is empty: reports then have all their tables and no
# pictures.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"

cp "$here/package.json" "$here/npm-shrinkwrap.json" "$here/page.mjs" .

if ! npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1; then
    echo "  NOTE  no npm, or no packages: audit report will have tables only" >&2
    echo "        (see $1/npm.log; make clean, to try again)" >&2
    : >page.js
    exit 0
fi

node_modules/.bin/esbuild page.mjs --bundle --minify --format=iife \
    --target=es2020 --charset=ascii --log-level=warning --outfile=bundle.js

# what the licenses of the packages in it ask for
{
    echo '/*!'
    for package in d3-sankey d3-array d3-shape d3-path; do
        echo "$package $(node -p "require('./node_modules/$package/package.json').version")"
        cat "node_modules/$package/LICENSE"
        echo
    done
    echo '*/'
    cat bundle.js
} >page.js.new
mv page.js.new page.js
