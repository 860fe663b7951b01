#!/usr/bin/env bash
# Installs what LoRAFleet builds and runs with: packages of Debian 12 (bookworm) or 13 (trixie), nothing else.
# Every name here must be in both.
# Usage: tools/setup.sh [--dev] [--cuda]
#   --dev    adds the formatter and the linter
#   --cuda   LibTorch with CUDA in place of the one without: Debian 13 with contrib and non-free
set -euo pipefail

packages=(
  build-essential cmake ninja-build ccache git pkg-config ca-certificates
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
torch=libtorch-dev              # LibTorch 1.13 or 2.6 (CPU, oneDNN)
for option in "$@"; do
  case "$option" in
    --dev) packages+=(clang-format clang-tidy) ;;
    --cuda) torch=libtorch-cuda-dev ;;
    *) echo "usage: tools/setup.sh [--dev] [--cuda]" >&2; exit 2 ;;
  esac
done
# The two exclude each other.
[[ "$(dpkg-query -W -f='${db:Status-Status}' libtorch-cuda-dev 2>/dev/null || true)" == installed ]] &&
  torch=libtorch-cuda-dev
packages+=("$torch")
if [[ $torch == libtorch-cuda-dev ]] && ! apt-cache show "$torch" >/dev/null 2>&1; then
  echo "error: tools/setup.sh --cuda: these apt sources have no $torch. Debian 13 has it in contrib, with
CUDA's libraries in non-free: add both to the lines of \"main\" in /etc/apt and run apt-get update. Debian 12
has none: docs/installation.md says how to build with a downloaded LibTorch" >&2
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
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null || {
  status=$?
  [[ $torch != libtorch-cuda-dev ]] ||
    echo "error: tools/setup.sh --cuda: apt could not install all of it. Debian's nvidia-cudnn fetches cuDNN from
developer.download.nvidia.com while it is installed: where that cannot be reached, docs/installation.md says how
to build with a downloaded LibTorch" >&2
  exit $status
}
echo "setup: done"
