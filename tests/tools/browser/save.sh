#!/usr/bin/env bash
# Saves figures of a page of `lorafleet report` as SVG, with Chromium: the pictures of docs/studies.md.
# Needs Node 20 and npm, which fetches what package-lock.json names; nothing of it is kept here.
# Usage: tests/tools/browser/save.sh PAGE FOLDER [FIGURE...]
set -euo pipefail
if [[ $# -lt 2 ]]; then
  sed -n 's/^# \(Usage\)/\1/p' "$0" >&2
  exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here"/{package.json,package-lock.json,save.mjs} "$work"
(cd "$work" && npm ci --ignore-scripts --no-audit --no-fund >&2)
mkdir -p "$2"
node "$work/save.mjs" "$(realpath "$1")" "$(realpath "$2")" "${@:3}"
