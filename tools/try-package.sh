#!/usr/bin/env bash
# Installs a Debian package of LoRAFleet in a bare system, tries what is in it, and removes it again.
# It changes the system: tools/chroot-test.sh --package calls it in one that is thrown away. As root.
# Usage: try-package.sh FILE.deb
set -euo pipefail
[[ $# -eq 1 && -e "$1" ]] || { echo "usage: try-package.sh FILE.deb" >&2; exit 2; }
package=$(realpath "$1")
export DEBIAN_FRONTEND=noninteractive
get() { apt-get install -y -qq --no-install-recommends "$@" >/dev/null; }
step() { echo "try-package: $*"; }
fail() { echo "error: try-package: $*" >&2; exit 1; }

apt-get update -qq
step "installing $(basename "$package")"
get "$package"
dpkg-query -W -f='${Depends}\n' lorafleet
program=/usr/bin/lorafleet
missing=$(ldd $program | grep 'not found' || true)
[[ -z "$missing" ]] || fail "libraries are missing: $missing"
ldd $program | grep tcmalloc >/dev/null || fail "the allocator is not linked"
dpkg-query -W -f='${db:Status-Status}' libopenblas0-openmp | grep "^installed$" >/dev/null || fail "no OpenBLAS"

step "lorafleet version, from any folder and as any user"
work=$(mktemp -d)
chown nobody "$work"
cd "$work"
as_nobody() { setpriv --reuid=nobody --regid=nogroup --clear-groups env HOME="$work" "$@"; }
as_nobody lorafleet version
step "a short run of an installed scenario"
as_nobody lorafleet run /usr/share/lorafleet/scenarios/quickstart.toml --set stop.versions=1 \
  --set 'evaluation.max_examples=20' --quiet || [[ $? -eq 3 ]] || fail "the run failed"
compgen -G 'runs/quickstart-*/adapter/adapter_model.safetensors' >/dev/null || fail "no adapter"
for scenario in /usr/share/lorafleet/scenarios/*.toml /usr/share/lorafleet/scenarios/stress/*.toml; do
  # One needs data that are imported first.
  [[ "$scenario" == *debian_descriptions* ]] && continue
  as_nobody lorafleet check "$scenario" >/dev/null || fail "$scenario is not valid"
done

step "the manual page, the completions and the package's form"
get man-db groff-base zsh fish bash-completion lintian
dpkg -L lorafleet | grep "/man1/lorafleet.1.gz$" >/dev/null || fail "no manual page"
warnings=$(LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -E UTF-8 -l /usr/share/man/man1/lorafleet.1.gz \
  2>&1 >/dev/null)
[[ -z "$warnings" ]] || fail "the manual page: $warnings"
bash -n /usr/share/bash-completion/completions/lorafleet
zsh -n /usr/share/zsh/vendor-completions/_lorafleet
fish -n /usr/share/fish/vendor_completions.d/lorafleet.fish
# shellcheck disable=SC2016
completed=$(bash -c 'source /usr/share/bash-completion/completions/lorafleet
  COMP_WORDS=(lorafleet run --lis) COMP_CWORD=2; _lorafleet; echo "${COMPREPLY[@]}"')
[[ "$completed" == --listen ]] || fail "bash completes --lis to \"$completed\""
completed=$(fish -c 'complete -C "lorafleet run --lis"' | cut -f 1)
[[ "$completed" == --listen ]] || fail "fish completes --lis to \"$completed\""
lintian --fail-on error "$package" || fail "lintian finds errors"

step "removing it"
cd /
apt-get purge -y -qq lorafleet >/dev/null
left=$(find / -xdev -path /proc -prune -o -path "$work" -prune -o -name '*lorafleet*' -print |
  grep -v -E "^(/lorafleet|$(dirname "$package")|/var/(log|cache|lib))" || true)
[[ -z "$left" ]] || fail "left behind: $left"
rm -rf "$work"
step "all is well"
