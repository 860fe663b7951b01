#!/usr/bin/env bash
# Runs a script of this folder in Node 20, with what package-lock.json names: npm fetches it each time, and
# nothing of it is kept here. For check.sh and save.sh.
# Usage: tests/tools/browser/node.sh SCRIPT.mjs ARGUMENT...
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here"/{package.json,package-lock.json,"$1"} "$work"
(cd "$work" && npm ci --ignore-scripts --no-audit --no-fund >&2)
node "$work/$1" "${@:2}"
