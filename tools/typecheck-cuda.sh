#!/usr/bin/env bash
# Does the code for GPUs compile? On machines without CUDA: syntax only, against the headers of two LibTorches,
# which are unpacked into build/cuda-headers: Debian 13's 2.6 with CUDA (libtorch-cuda-dev, contrib; 2 MB), and the
# newest of Debian's (libtorch-dev of sid; 4 MB), whose headers are those of a build with CUDA but for two, which come
# from the former. Nothing is installed, linked or run. Kernels that a GPU compiles when it needs them are tested
# on the host instead (tests/model/network/kernels/drop_mask_test.cpp).
#
# Usage: tools/typecheck-cuda.sh [--optional] [FILE.cpp...]
#   FILE         default: the rooms that compute on a GPU
#   --optional   headers that are not to be had are left out, with one line, instead of being an error; for CI
#                without a network
set -euo pipefail
cd "$(dirname "$0")/.."
optional=false
if [[ "${1:-}" == --optional ]]; then
  optional=true
  shift
elif [[ "${1:-}" == -* ]]; then
  sed -n '/^# Usage/,/^#                without/s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
headers=$PWD/build/cuda-headers

# RELEASE COMPONENT PACKAGE: from the archive of this machine's own apt sources, with another release's lists
# in a folder apart.
fetch() {
  local work mirror options to=$headers/$1
  [[ -f "$to/.version" ]] && return
  work=$(mktemp -d)
  trap 'rm -rf "$work"' RETURN
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    awk '$3 == "main" && $2 !~ /-/ && $1 ~ /debian/ { print $1; exit }')
  [[ -n "$mirror" ]] || { echo "no archive of Debian in the apt sources"; return 1; }
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $1 $2" >"$work/sources.list"
  options=(-qq -o APT::Sandbox::User=root -o Dir::Etc::sourcelist="$work/sources.list"
    -o Dir::Etc::sourceparts=- -o Dir::State::lists="$work/lists" -o Dir::Cache="$work/cache"
    -o Acquire::Languages=none)
  (cd "$work" && apt-get "${options[@]}" update && apt-get "${options[@]}" download "$3") || return 1
  rm -rf "$to" && mkdir -p "$to"
  dpkg-deb --fsys-tarfile "$work/$3"_*.deb | tar -xf - -C "$to" --strip-components=2 ./usr/include || return 1
  dpkg-deb -f "$work/$3"_*.deb Version >"$to/.version"
}

releases=()
# RELEASE COMPONENT PACKAGE
want() {
  local problem
  if problem=$(fetch "$@" 2>&1); then
    releases+=("$1")
  else
    $optional || { echo "error: typecheck-cuda: no $3 of Debian's $1: $problem" >&2; exit 1; }
    echo "typecheck-cuda: left out, no $3 of Debian's $1 here: ${problem%%$'\n'*}"
  fi
}
want trixie contrib libtorch-cuda-dev
[[ ${#releases[@]} -gt 0 ]] || exit 0  # the other one needs its two headers
want sid main libtorch-dev
for file in c10/cuda/impl/cuda_cmake_macros.h ATen/cuda/CUDAConfig.h; do
  to=$headers/sid/include/$file
  [[ ! -d "$headers/sid" || -f "$to" ]] || cp "$headers/trixie/include/$file" "$to"
done

# CUDA's own headers, where they are: LibTorch's allocator before 2.9 is asked through them.
toolkit=()
nvcc=$(readlink -f "$(command -v nvcc || echo /usr/local/cuda/bin/nvcc)" || true)
cuda=${nvcc%/bin/nvcc}/include
if [[ -f "$cuda/cuda_runtime_api.h" ]]; then
  toolkit=(-isystem "$cuda")
elif [[ ! -f /usr/include/cuda_runtime_api.h ]]; then
  echo "typecheck-cuda: left out, no cuda_runtime_api.h beside nvcc: LibTorch 2.6's part of model/device/device_allocator.cpp"
fi

# A room as one: LibTorch's headers take most of the time, and no name is in two unnamed namespaces of it.
check() {
  local release=$1 include=$headers/$1/include
  shift
  printf '#include "%s"\n' "$@" |
    ${CXX:-g++} -x c++ - -std=c++20 -fsyntax-only -Wall -Wextra -Werror -DLORAFLEET_CUDA -Wno-restrict \
      -Wno-stringop-overflow -Wno-array-bounds -Wno-dangling-reference -I. -isystem "$include" \
      -isystem "$include/torch/csrc/api/include" "${toolkit[@]}"
}
if [[ $# -eq 0 ]]; then
  set -- model/device/*.cpp model/network/{kernels,layers,step}/*.cpp model/{training,evaluation}/*.cpp
fi
mapfile -t rooms < <(printf '%s\n' "$@" | sed 's|[^/]*$||' | sort -u)
failed=false
jobs=()
for release in "${releases[@]}"; do
  for room in "${rooms[@]}"; do
    files=()
    for file in "$@"; do
      [[ "${file%"${file##*/}"}" != "$room" ]] || files+=("$file")
    done
    check "$release" "${files[@]}" &
    jobs+=($!)
    # Two at a time.
    if [[ ${#jobs[@]} -gt 1 ]]; then
      wait "${jobs[0]}" || failed=true
      jobs=("${jobs[@]:1}")
    fi
  done
done
for job in "${jobs[@]}"; do
  wait "$job" || failed=true
done
! $failed || { echo "error: typecheck-cuda: see above" >&2; exit 1; }
for release in "${releases[@]}"; do
  echo "typecheck-cuda: $# files compile against LibTorch $(cat "$headers/$release/.version") with CUDA"
done
