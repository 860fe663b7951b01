#!/usr/bin/env bash
# Runs README's commands in a bare system of a Debian release: what a user meets who has just installed it.
# As root, on any Debian with debootstrap.
#
# Usage: tools/chroot-test.sh RELEASE [option...] [STEP...]
#   RELEASE        bookworm (12) or trixie (13), or another one that debootstrap knows
#   STEP           a command line, run by bash in a clone of this checkout's HEAD;
#                  default: tools/quickstart.sh and tools/test.sh, each in the state the one before left
#   --package      then builds the Debian package there, and tries it in a second bare system
#   --folder DIR   where the systems lie; default: a new one under $TMPDIR or /tmp
#   --keep         leave them there; with the same --folder the next call goes on with them
#   --ccache DIR   a compiler cache of this machine, for the builds
#   --mirror URL   the archive; default: this machine's
#
# Archive, proxies, keys, name resolution and git's user are this machine's own; CI is passed on (CI=true:
# warnings are errors). Mounts and processes are in name spaces of their own and end with the script.
set -euo pipefail

usage() { sed -n '/^# Usage/,/^#   --mirror/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
fail() { echo "error: chroot-test: $*" >&2; exit 2; }
say() { echo "chroot-test: $*"; }

release=""
folder=""
keep=false
package=false
ccache=""
mirror=""
steps=()
while [[ $# -gt 0 ]]; do
  case "$1" in
    --folder | --ccache | --mirror)
      [[ $# -gt 1 ]] || fail "$1 needs a value"
      printf -v "${1#--}" '%s' "$2"
      shift
      ;;
    --keep) keep=true ;;
    --package) package=true ;;
    -*) usage ;;
    *) if [[ -z "$release" ]]; then release=$1; else steps+=("$1"); fi ;;
  esac
  shift
done
[[ "$release" =~ ^[a-z]+$ ]] || usage
[[ ${#steps[@]} -gt 0 ]] || steps=(tools/quickstart.sh tools/test.sh)
[[ $(id -u) -eq 0 ]] || fail "has to be run as root"
command -v debootstrap >/dev/null || fail "needs debootstrap: apt-get install debootstrap"
[[ -e "/usr/share/debootstrap/scripts/$release" ]] || fail "debootstrap does not know \"$release\""
checkout=$(cd "$(dirname "$0")/.." && pwd)
git -C "$checkout" diff --quiet HEAD || say "warning: changes that are not committed are not tried"

# "key value" lines of apt's configuration.
apt_setting() { apt-config dump --no-empty --format '%f %v%n' "$1" | sed -n "s|^$1 ||p"; }

# The archive with which this machine gets its own packages: the first whose suite is a release.
machine_sources() {
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(SIGNED_BY)' \
    'Created-By: Packages' | awk '$3 == "main"'
}
security=""
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
if [[ -z "$mirror" ]]; then
  mirror=$(machine_sources | awk '$2 !~ /-/ && $1 ~ /debian/ { print $1; exit }')
  security=$(machine_sources | awk '$2 ~ /-security$/ && $1 ~ /debian/ { print $1; exit }')
  own_key=$(machine_sources | awk '$2 !~ /-/ && $1 ~ /debian/ { print $4; exit }')
  [[ -n "$mirror" ]] || fail "this machine has no archive of Debian in its apt sources; give --mirror URL"
  [[ "$own_key" == /*.gpg ]] && keyring=$own_key
fi
[[ -e "$keyring" ]] || fail "$keyring is missing: apt-get install debian-archive-keyring"

# What debootstrap and apt in the new system need of this machine's settings.
for scheme in http https; do
  proxy=$(apt_setting "Acquire::$scheme::Proxy")
  detect=$(apt_setting "Acquire::$scheme::Proxy-Auto-Detect")
  [[ -z "$proxy" && -n "$detect" ]] && proxy=$("$detect" "$mirror" | head -n 1)
  [[ -n "$proxy" && "$proxy" != DIRECT ]] && export "${scheme}_proxy=$proxy"
done
machine_settings() {
  apt-config dump --no-empty --format '%F "%v";%n' Acquire |
    grep -E '^Acquire::(http|https|ftp|Check-|Retries|ForceIPv|Languages)' |
    grep -v -E 'Proxy-Auto-Detect|CaInfo|CaPath' || true
  for scheme in http https; do
    proxy_name=${scheme}_proxy
    [[ -n "${!proxy_name:-}" ]] && echo "Acquire::$scheme::Proxy \"${!proxy_name}\";"
  done
  [[ "$mirror$security" == *https:* ]] && echo 'Acquire::https::CaInfo "/etc/apt/machine-ca.crt";'
  echo 'APT::Install-Recommends "false";'
}

# Whom a package there names.
export DEBFULLNAME=${DEBFULLNAME:-$(git -C "$checkout" config user.name || true)}
export DEBEMAIL=${DEBEMAIL:-$(git -C "$checkout" config user.email || true)}

made_folder=false
if [[ -z "$folder" ]]; then
  folder=$(mktemp -d "${TMPDIR:-/tmp}/lorafleet-chroot.XXXXXX")
  made_folder=true
fi
mkdir -p "$folder"
tidy_up() {
  if $keep; then
    say "kept $folder"
    return
  fi
  rm -rf --one-file-system "${folder:?}/$release" "$folder/$release-package" "$folder/$release.log"
  if $made_folder; then rmdir "$folder"; fi
}
trap tidy_up EXIT

# NAME: makes the bare system $folder/NAME.
make_system() {
  local root=$folder/$1
  [[ -e "$root/.made" ]] && return
  rm -rf --one-file-system "${root:?}"
  local include=()
  [[ "$mirror$security" == *https:* ]] && include=(--include=ca-certificates)
  debootstrap --variant=minbase --keyring="$keyring" "${include[@]}" "$release" "$root" "$mirror" \
    >"$folder/$release.log" 2>&1 || { tail -n 20 "$folder/$release.log" >&2; exit 1; }
  mkdir -p "$root/etc/apt/keyrings"
  cp "$keyring" "$root/etc/apt/keyrings/machine.gpg"
  [[ "$mirror$security" == *https:* ]] &&
    cp /etc/ssl/certs/ca-certificates.crt "$root/etc/apt/machine-ca.crt"
  machine_settings >"$root/etc/apt/apt.conf.d/00machine"
  {
    echo "deb [signed-by=/etc/apt/keyrings/machine.gpg] $mirror $release main"
    if [[ -n "$security" ]]; then
      echo "deb [signed-by=/etc/apt/keyrings/machine.gpg] $mirror $release-updates main"
      echo "deb [signed-by=/etc/apt/keyrings/machine.gpg] $security $release-security main"
    fi
  } >"$root/etc/apt/sources.list"
  touch "$root/.made"
}

# NAME COMMAND: runs a command line in the system, in the clone where there is one.
run_in() {
  local root=$folder/$1
  cp -L /etc/resolv.conf /etc/hosts "$root/etc/" 2>/dev/null || true
  unshare --mount --pid --fork --kill-child bash -euo pipefail -c '
    root=$1 ccache=$2
    mount --make-rprivate /
    mount -t proc proc "$root/proc"
    mount --rbind /sys "$root/sys"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs tmpfs "$root/run"
    if [[ -n "$ccache" ]]; then
      mkdir -p "$root/root/.cache/ccache"
      mount --bind "$ccache" "$root/root/.cache/ccache"
    fi
    keep=(HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM="${TERM:-dumb}")
    for name in CI DEBFULLNAME DEBEMAIL http_proxy https_proxy no_proxy; do
      [[ -z "${!name:-}" ]] || keep+=("$name=${!name}")
    done
    chroot "$root" env -i "${keep[@]}" bash -c "cd /lorafleet && $3" </dev/null
  ' chroot-test "$root" "$ccache" "$2"
}

# NAME STEP: the same, with its wall time.
timed() {
  local start=$SECONDS status=0
  say "$1: $2"
  run_in "$1" "$2" || status=$?
  local took=$((SECONDS - start))
  local result="done"
  [[ $status -eq 0 ]] || result="FAILED with status $status"
  results+=("$(printf '%s: %s: %s in %d:%02d' "$1" "$2" "$result" $((took / 60)) $((took % 60)))")
  say "${results[-1]}"
  return $status
}

results=()
start=$SECONDS
make_system "$release"
say "$release: system made in $((SECONDS - start)) s, $(cat "$folder/$release/etc/debian_version")"
clone=$folder/$release/lorafleet
if [[ -e "$clone/.git" ]]; then
  git -C "$clone" fetch --quiet "$checkout" HEAD
  git -C "$clone" -c advice.detachedHead=false checkout --quiet --force FETCH_HEAD
else
  git clone --quiet --no-local "$checkout" "$clone"
fi
say "$release: commit $(git -C "$clone" log -1 --format='%h %s')"

failed=false
for step in "${steps[@]}"; do
  timed "$release" "$step" || { failed=true; break; }
done
if $package && ! $failed; then
  timed "$release" "tools/package.sh" || failed=true
  if ! $failed; then
    make_system "$release-package"
    mkdir -p "$folder/$release-package/lorafleet"
    cp "$clone"/build/package/*.deb "$clone/tools/try-package.sh" "$folder/$release-package/lorafleet/"
    timed "$release-package" "./try-package.sh ./*.deb" || failed=true
  fi
fi
say "summary:"
printf '  %s\n' "${results[@]}"
if $failed; then exit 1; fi
