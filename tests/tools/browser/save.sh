#!/usr/bin/env bash
# Saves figures of a page of `lorafleet report` as SVG, with Chromium: the pictures of docs/studies.md. Needs
# Node 20 and npm.
# Usage: tests/tools/browser/save.sh PAGE FOLDER [FIGURE...]
set -euo pipefail
if [[ $# -lt 2 ]]; then
  sed -n 's/^# \(Usage\)/\1/p' "$0" >&2
  exit 2
fi
mkdir -p "$2"
exec "$(dirname "$0")/node.sh" save.mjs "$(realpath "$1")" "$(realpath "$2")" "${@:3}"
