#!/usr/bin/env bash
# Sets up, builds the program, and makes a Debian package of it for this machine's release:
# build/package/lorafleet_VERSION_ARCHITECTURE.deb, to be installed with `apt install ./FILE`.
# Its maintainer is who DEBFULLNAME and DEBEMAIL name, else git's user.name and user.email.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup.sh
werror=OFF
[[ "${CI:-}" == true ]] && werror=ON
cmake --preset release -DLORAFLEET_WERROR=$werror >/dev/null
cmake --build --preset release --target lorafleet manual
rm -rf build/package
cpack --config build/release/CPackConfig.cmake -B build/package >build/package.log ||
  { cat build/package.log >&2; exit 1; }
rm -rf build/package/_CPack_Packages
sed -n "s/^.*The package's maintainer is/package: the maintainer is/p" build/package.log
ls -sh build/package/*.deb
