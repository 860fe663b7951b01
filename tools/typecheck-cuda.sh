#!/usr/bin/env bash
# Does the code for GPUs compile? On machines without CUDA: syntax only, against the headers of Debian 13's
# LibTorch with CUDA (libtorch-cuda-dev, contrib; 2 MB), which are unpacked into build/cuda-headers. Nothing
# is installed, linked or run. Kernels that a GPU compiles when it needs them are tested on the host instead
# (tests/model/network/kernels/drop_mask_test.cpp).
#
# Usage: tools/typecheck-cuda.sh [--optional] [FILE.cpp...]
#   FILE         default: what knows of CUDA
#   --optional   status 0, and one line, where the headers are not to be had; for CI without a network
#                (without it, a FILE that needs CUDA's own headers is an error where there are none)
set -euo pipefail
cd "$(dirname "$0")/.."
optional=false
if [[ "${1:-}" == --optional ]]; then
  optional=true
  shift
elif [[ "${1:-}" == -* ]]; then
  sed -n '/^# Usage/,/^#                (/s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
headers=$PWD/build/cuda-headers
package=libtorch-cuda-dev
release=trixie

# From the archive of this machine's own apt sources, with another release's lists in a folder apart.
fetch() {
  local work mirror options
  work=$(mktemp -d)
  trap 'rm -rf "$work"' RETURN
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    awk '$3 == "main" && $2 !~ /-/ && $1 ~ /debian/ { print $1; exit }')
  [[ -n "$mirror" ]] || { echo "no archive of Debian in the apt sources"; return 1; }
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $release contrib" \
    >"$work/sources.list"
  options=(-qq -o APT::Sandbox::User=root -o Dir::Etc::sourcelist="$work/sources.list"
    -o Dir::Etc::sourceparts=- -o Dir::State::lists="$work/lists" -o Dir::Cache="$work/cache"
    -o Acquire::Languages=none)
  (cd "$work" && apt-get "${options[@]}" update && apt-get "${options[@]}" download "$package") || return 1
  rm -rf "$headers" && mkdir -p "$headers"
  dpkg-deb --fsys-tarfile "$work/$package"_*.deb | tar -xf - -C "$headers" --strip-components=2 ./usr/include
  dpkg-deb -f "$work/$package"_*.deb Version >"$headers/.version"
}
if [[ ! -f "$headers/.version" ]]; then
  if ! problem=$(fetch 2>&1); then
    $optional || { echo "error: typecheck-cuda: no $package of Debian's $release: $problem" >&2; exit 1; }
    echo "typecheck-cuda: left out, no $package of Debian's $release here: ${problem%%$'\n'*}"
    exit 0
  fi
fi

files=("$@")
if [[ ${#files[@]} -eq 0 ]]; then
  files=(model/device/*.cpp model/network/kernels/*.cpp model/network/layers/packed_attention.cpp)
fi
# LibTorch's c10/cuda headers include those of CUDA itself, which Debian has in non-free only: without them,
# files that include the former are left out.
named=$#
toolkit=()
nvcc=$(readlink -f "$(command -v nvcc || echo /usr/local/cuda/bin/nvcc)" || true)
cuda=${nvcc%/bin/nvcc}/include
if [[ -f /usr/include/cuda_runtime_api.h ]]; then
  :  # found without being told
elif [[ -f "$cuda/cuda_runtime_api.h" ]]; then
  toolkit=(-isystem "$cuda")
else
  for file in "${!files[@]}"; do
    grep -q '#include <c10/cuda/' "${files[$file]}" || continue
    echo "typecheck-cuda: left out, no cuda_runtime_api.h beside nvcc: ${files[$file]}"
    $optional || [[ $named -eq 0 ]] || exit 1
    unset "files[$file]"
  done
  [[ ${#files[@]} -gt 0 ]] || exit 0
fi
# All as one: LibTorch's headers take most of the time, and no name is in two unnamed namespaces.
printf '#include "%s"\n' "${files[@]}" |
  ${CXX:-g++} -x c++ - -std=c++20 -fsyntax-only -Wall -Wextra -Werror -DLORAFLEET_CUDA -Wno-restrict \
    -Wno-stringop-overflow -Wno-array-bounds -I. -isystem "$headers/include" \
    -isystem "$headers/include/torch/csrc/api/include" "${toolkit[@]}"
echo "typecheck-cuda: ${#files[@]} files compile against LibTorch $(cat "$headers/.version") with CUDA"
