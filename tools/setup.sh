#!/usr/bin/env bash
# Installs what LoRAFleet builds and runs with: packages of Debian 12 (bookworm) or 13 (trixie), nothing else.
# Every name here must be in both.
# Usage: tools/setup.sh [--dev]     --dev adds the formatter and the linter
set -euo pipefail

packages=(
  build-essential cmake ninja-build ccache git pkg-config ca-certificates
  libtorch-dev                  # LibTorch 1.13 or 2.6 (CPU, oneDNN)
  libdnnl-dev                   # oneDNN, LibTorch's own
  libopenblas0-openmp libopenblas-openmp-dev   # a fast BLAS for it
  libcaf-dev                    # C++ Actor Framework
  libboost-program-options-dev
  libtomlplusplus-dev
  libspdlog-dev
  nlohmann-json3-dev
  libpcre2-dev                  # the tokenizer's Unicode pattern
  libicu-dev                    # Unicode's letters and cases
  libeigen3-dev                 # the aggregation rules' linear algebra
  libssl-dev openssl            # SHA-256, TLS
  libgoogle-perftools-dev       # an allocator for many threads
  doctest-dev librapidcheck-dev # tests
  iproute2                      # network namespaces in them
  chromium fonts-dejavu-core    # a browser, for the pages that they open
  clang libclang-rt-dev         # the fuzzers among them
  file                          # what is in the Debian package
)
if [[ "${1:-}" == "--dev" ]]; then
  packages+=(clang-format clang-tidy)
elif [[ $# -gt 0 ]]; then
  echo "usage: tools/setup.sh [--dev]" >&2
  exit 2
fi

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ "$status" == installed ]] || missing+=("$package")
done
if [[ ${#missing[@]} -eq 0 ]]; then
  echo "setup: all ${#packages[@]} packages are installed"
  exit 0
fi

as_root=()
if [[ $(id -u) -ne 0 ]]; then
  if ! command -v sudo >/dev/null; then
    echo "error: tools/setup.sh has to install ${missing[*]}: run it as root, or install sudo" >&2
    exit 2
  fi
  as_root=(sudo)
fi
echo "setup: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
echo "setup: done"
