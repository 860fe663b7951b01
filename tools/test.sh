#!/usr/bin/env bash
# Sets up, builds, and runs all tests, slow ones too. With CI=true warnings are errors.
# Further arguments go to ctest, for instance -LE slow.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup.sh
werror=OFF
[[ "${CI:-}" == true ]] && werror=ON
cmake --preset release -DLORAFLEET_WERROR=$werror >/dev/null
cmake --build --preset release
exec ctest --preset all "$@"
