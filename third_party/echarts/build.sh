#!/usr/bin/env bash
# Makes echarts.lorafleet.min.js again, from the packages that package-lock.json names, and compares it
# with SHA256SUMS. Needs Node and npm; building LoRAFleet needs neither.
# Usage: third_party/echarts/build.sh [--update]     --update writes the new files and the sum
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here"/{package.json,package-lock.json,entry.mjs} "$work"
cd "$work"
npm ci --ignore-scripts --no-audit --no-fund >&2
node_modules/.bin/esbuild entry.mjs --bundle --minify --format=iife --target=es2018 \
  --legal-comments=linked --define:process.env.NODE_ENV='"production"' \
  --outfile=echarts.lorafleet.min.js >&2
if [[ "${1:-}" == --update ]]; then
  cp echarts.lorafleet.min.js "$here"
  cd "$here"
  {
    printf 'Apache ECharts 6.1.0, Apache License 2.0\n\n'
    cat NOTICE
    printf '\n\nWith it: zrender (BSD-3-Clause), parts of d3 (BSD-3-Clause), tslib (0BSD).\n\n'
    cat LICENSE-zrender && echo && cat LICENSE-d3 && echo && cat LICENSE-tslib
  } >LICENCES.txt
  sha256sum echarts.lorafleet.min.js >SHA256SUMS
else
  sha256sum -c "$here/SHA256SUMS"
fi
