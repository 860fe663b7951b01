#!/usr/bin/env bash
# Opens pages of `lorafleet report` in Chromium and says what is wrong with them: accessibility (axe-core) in
# light, dark and at 390 pixels, requests, script errors, what the keyboard reaches, print. Needs Node 20 and npm.
# Usage: tests/tools/browser/check.sh PAGE...
set -euo pipefail
if [[ $# -eq 0 ]]; then
  sed -n 's/^# \(Usage\)/\1/p' "$0" >&2
  exit 2
fi
pages=()
for page in "$@"; do pages+=("$(realpath "$page")"); done
exec "$(dirname "$0")/node.sh" check.mjs "${pages[@]}"
