#!/usr/bin/env bash
# Sets up, builds, and runs the main job: scenarios/quickstart.toml on the shipped data and base model.
# Further arguments go to `lorafleet run`.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup.sh
cmake --preset release >/dev/null
cmake --build --preset release --target lorafleet
exec build/release/lorafleet run scenarios/quickstart.toml "$@"
