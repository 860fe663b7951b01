#!/usr/bin/env bash
# Opens pages of `lorafleet report` in Chromium and says what is wrong with them: accessibility (axe-core) in
# light, dark and at 390 pixels, requests, script errors, what the keyboard reaches, print.
# Needs Node 20 and npm, which fetches what package-lock.json names; nothing of it is kept here.
# Usage: tests/tools/browser/check.sh PAGE...
set -euo pipefail
if [[ $# -eq 0 ]]; then
  sed -n 's/^# \(Usage\)/\1/p' "$0" >&2
  exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here"/{package.json,package-lock.json,check.mjs} "$work"
(cd "$work" && npm ci --ignore-scripts --no-audit --no-fund >&2)
pages=()
for page in "$@"; do pages+=("$(realpath "$page")"); done
node "$work/check.mjs" "${pages[@]}"
