#!/usr/bin/env bash
# Runs clang-tidy with the checks of .clang-tidy over the sources, and fails where it finds something.
# Usage: tools/lint.sh [-jN] [PATH...]     PATH: a file, or a folder and all below; default: all sources
#
# Nothing is built. A source takes 15 to 35 seconds of CPU on one core; all of them, hours.
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=$(nproc)
if [[ "${1:-}" == -j* ]]; then
  jobs=${1#-j}
  shift
fi
if [[ "${1:-}" == -* || ! "$jobs" =~ ^[1-9][0-9]*$ ]]; then
  sed -n 's/^# \(Usage.*\)/\1/p' "$0" >&2
  exit 2
fi
command -v clang-tidy >/dev/null || { echo "error: lint: needs clang-tidy: tools/setup.sh --dev" >&2; exit 2; }
mapfile -t sources < <(git ls-files -- "${@:-.}" | grep '\.cpp$' | grep -v '^tests/fuzz/libfuzzer')
[[ ${#sources[@]} -gt 0 ]] || { echo "error: lint: no sources in $*" >&2; exit 2; }
cmake --preset tidy >/dev/null

# One source. Of what is said only what is about our own files: clang 14 finds LibTorch's headers wrong
# in C++20, and goes on.
lint() {
  local found own status=0
  found=$(clang-tidy -p build/tidy --quiet "$1" 2>&1) || status=$?
  own=$(awk -v root="$PWD/" '
    /^[^ ].*:[0-9]+:[0-9]+: (warning|error): / { kept = index($0, root) == 1 }
    kept && !/^[0-9]+ (warning|error)s? / && !/^Suppressed / { print }' <<<"$found")
  if [[ -z "$own" && $status -ne 0 ]] && ! grep -q -E '^/usr/.*: error: ' <<<"$found"; then
    own=$found  # it did not run
  fi
  [[ -z "$own" ]] && return
  echo "== $1"
  echo "$own"
  return 1
}
export -f lint
if printf '%s\0' "${sources[@]}" | xargs -0 -P "$jobs" -I{} bash -c 'lint "$1"' lint {}; then
  echo "lint: ${#sources[@]} sources, nothing found"
else
  echo "error: lint: see above" >&2
  exit 1
fi
