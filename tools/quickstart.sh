#!/usr/bin/env bash
# Sets up, builds, and runs the main job: scenarios/quickstart.toml on the shipped data and base model.
# With CI=true warnings are errors. Further arguments go to `lorafleet run`.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup.sh
werror=OFF
[[ "${CI:-}" == true ]] && werror=ON
cmake --preset release -DLORAFLEET_WERROR=$werror >/dev/null
cmake --build --preset release --target lorafleet
exec build/release/lorafleet run scenarios/quickstart.toml "$@"
