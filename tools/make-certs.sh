#!/usr/bin/env bash
# Makes a certificate authority for trials, and certificates for a head and its hosts.
# Usage: tools/make-certs.sh FOLDER [HOST...]     HOST: a name for each host; default: host
#
# FOLDER gets ca.pem and ca.key, head.pem and head.key, and NAME.pem and NAME.key for each host.
# A host's certificate cannot stand for a head (extended key usage). Keep ca.key away from all of
# them; for anything but trials, use the authority that you have.
set -euo pipefail

if [[ $# -lt 1 || "$1" == -* ]]; then
  echo "usage: tools/make-certs.sh FOLDER [HOST...]" >&2
  exit 2
fi
folder=$1
shift
hosts=("$@")
[[ ${#hosts[@]} -gt 0 ]] || hosts=(host)
days=${DAYS:-365}
if [[ -e "$folder/ca.key" ]]; then
  echo "error: $folder/ca.key exists already, and keys are never overwritten" >&2
  exit 2
fi
mkdir -p "$folder"
umask 077

quietly() { openssl "$@" 2>"$folder/openssl.log" || { cat "$folder/openssl.log" >&2; exit 1; }; }
new_key() { quietly genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"; }

new_key "$folder/ca.key"
quietly req -x509 -new -key "$folder/ca.key" -days "$days" -subj "/O=LoRAFleet trial/CN=authority" \
  -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign" \
  -out "$folder/ca.pem"

certify() {  # NAME USAGE
  new_key "$folder/$1.key"
  quietly req -new -key "$folder/$1.key" -subj "/O=LoRAFleet trial/CN=$1" -out "$folder/$1.csr"
  printf 'basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=%s\n' "$2" \
    >"$folder/$1.ext"
  quietly x509 -req -in "$folder/$1.csr" -CA "$folder/ca.pem" -CAkey "$folder/ca.key" \
    -CAcreateserial -days "$days" -extfile "$folder/$1.ext" -out "$folder/$1.pem"
  rm -f "$folder/$1.csr" "$folder/$1.ext"
}
certify head serverAuth
for host in "${hosts[@]}"; do
  certify "$host" clientAuth
done
rm -f "$folder/openssl.log" "$folder/ca.srl"
echo "made $folder: ca, head, ${hosts[*]} (valid for $days days)"
