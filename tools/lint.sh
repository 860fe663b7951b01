#!/usr/bin/env bash
# Runs clang-tidy with the checks of .clang-tidy over the sources, and fails where it finds something.
# Usage: tools/lint.sh [-jN] [PATH...]     PATH: a file, or a folder and all below; default: all sources
#
# Nothing is built. A source with LibTorch in it takes ten seconds or so, all sources an hour of CPU.
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

# One at a time, so that nothing is said of a source without a finding.
lint() {
  local found
  found=$(clang-tidy -p build/tidy --quiet "$1" 2>&1) && return
  echo "== $1"
  # Warnings of the compiler are counted at the end; what was suppressed too.
  grep -v -E '^[0-9]+ (warnings|warning|errors|error)|^(Suppressed|Use -header-filter)' <<<"$found"
  return 1
}
export -f lint
if printf '%s\0' "${sources[@]}" | xargs -0 -P "$jobs" -I{} bash -c 'lint "$1"' lint {}; then
  echo "lint: ${#sources[@]} sources, nothing found"
else
  echo "error: lint: see above" >&2
  exit 1
fi
