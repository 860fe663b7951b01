#!/usr/bin/env bash
# On a machine with a GPU, in a checkout: builds LoRAFleet with a LibTorch that has CUDA, tests it there, and
# measures it beside Hugging Face's PEFT on the same card. One table at the end. README.md beside it says more.
#
# Usage: bench/gpu/run.sh [STEP...]      default: build tests verify bench peft, in this order
#   build    docs/installation.md's commands: lorafleet, test_model, bench_cohorts in build/release
#   tests    those of model/ that ask LORAFLEET_TEST_DEVICE
#   verify   the same bytes from one job at a time and from 16 side by side, in six settings
#   bench    bench_cohorts for all bases and cohorts
#   peft     peft_clients.py: stock and tuned, one client after the other
#
# Each step has a limit of its own, and all of them LIMIT seconds (540); a step that fails or is stopped does
# not keep the others from running. Status 0: all went well. Variables, with what they are without being set:
#   DEVICE cuda:0               OUT build/gpu: logs, cohorts.json, peft.jsonl, table.txt
#   LORAFLEET_LIBTORCH          the folder of python3's torch
#   BUILD build/release         an existing one of another name needs no step "build"
#   CMAKE_ARGS "", JOBS (all cores), CXX (the compiler; see README.md)
#   BASES build/gpu/bases       random weights are kept there
#   SHAPES opt-125m,opt-1.3b,llama-3.2-1b,qwen2.5-0.5b    COHORTS 1,4,16,32    TOKENS 1024    SECONDS_EACH 2
#   CLIENTS 16 (of PEFT)        SCENARIO scenarios/quickstart.toml    SLOTS 1x1,1x16 (of verify)
#   TESTS '^model/(network|training|evaluation|device)/'  PYTHON python3
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2
device=${DEVICE:-cuda:0}
out=${OUT:-build/gpu}
build=${BUILD:-build/release}
bases=${BASES:-build/gpu/bases}
shapes=${SHAPES:-opt-125m,opt-1.3b,llama-3.2-1b,qwen2.5-0.5b}
tokens=${TOKENS:-1024}
limit=${LIMIT:-540}
python=${PYTHON:-python3}
steps=("$@")
[[ $# -gt 0 ]] || steps=(build tests verify bench peft)
for step in "${steps[@]}"; do
  [[ " build tests verify bench peft " == *" $step "* ]] || {
    sed -n '/^# Usage/,/^#   TESTS/s/^# \{0,1\}//p' "$0" >&2
    exit 2
  }
done
began=$SECONDS
failed=0
built=""
mkdir -p "$out" "$bases"
rows=$out/steps.txt
: >"$rows"

# part NAME SECONDS LOG COMMAND...: its output goes to $out/LOG, its fate into the table.
part() {
  local name=$1 seconds=$2 log=$out/$3 start=$SECONDS status left=$((limit - (SECONDS - began)))
  shift 3
  [[ $left -lt $seconds ]] && seconds=$left
  if [[ $seconds -lt 5 ]]; then
    printf '%-44s %s\n' "$name" "left out: no time" | tee -a "$rows"
    failed=1
    return 1
  fi
  echo "== $*" >>"$log"
  timeout -k 5 "$seconds" "$@" >>"$log" 2>&1 </dev/null
  status=$?
  case $status in
    0) status_text="ok" ;;
    124 | 137) status_text="STOPPED at its limit of $seconds s" ;;
    *) status_text="FAILED with status $status: $({ grep -E 'error: |missing' "$log" || grep -i error "$log"; } | tail -1 | cut -c1-120)" ;;
  esac
  printf '%-44s %s, %d s\n' "$name" "$status_text" $((SECONDS - start)) | tee -a "$rows"
  [[ $status -eq 0 ]] || failed=1
  return $status
}

# NAME PROGRAM: whether there is one to run.
have() {
  [[ $built != failed && -x $build/$2 ]] && return 0
  printf '%-44s %s\n' "$1" "left out: no $build/$2 of this tree" | tee -a "$rows"
  failed=1
  return 1
}

# What bench needs, while the GPU is busy with other steps.
write_bases() {
  local name
  [[ " ${steps[*]} " == *" bench "* ]] || return 0
  for name in ${shapes//,/ }; do
    [[ -e $bases/$name/config.json || -e scenarios/base/$name || -e $name ]] && continue
    (rm -rf "$bases/$name.part" && nice timeout 240 "$build/lorafleet" new-base --like "$name" --out "$bases/$name.part" &&
      mv "$bases/$name.part" "$bases/$name") >>"$out/bases.log" 2>&1 </dev/null &
  done
}

step_build() {
  local libtorch=${LORAFLEET_LIBTORCH:-$("$python" -c \
    'import importlib.util as u; print(u.find_spec("torch").submodule_search_locations[0])' 2>/dev/null)}
  : >"$out/build.log"
  # shellcheck disable=SC2086
  part "configure, LibTorch in ${libtorch:-?}" 60 build.log cmake --preset release -B "$build" \
    -DLORAFLEET_LIBTORCH="$libtorch" ${CMAKE_ARGS:-} || return 1
  part "build" 240 build.log cmake --build "$build" -j "${JOBS:-$(getconf _NPROCESSORS_ONLN)}" \
    --target lorafleet test_model bench_cohorts || return 1
  # LibTorch's CUDA libraries would find these before the shared library's own, and crash.
  if nm -D --defined-only "$build/lorafleet" | grep 'codecvt\|_BracketMatcher' >/dev/null; then
    failed=1
    printf '%-44s %s\n' "the programs" "FAILED: their compiler linked libstdc++ statically (README.md)" | tee -a "$rows"
    return 1
  fi
}

step_tests() {
  have tests tests/test_model || return 1
  part "tests of model/ on $device" 90 tests.log env LORAFLEET_TEST_DEVICE="$device" \
    ctest --test-dir "$build" -R "${TESTS:-^model/(network|training|evaluation|device)/}" -LE slow -j 4 \
    --no-tests=error \
    --timeout 60 --output-on-failure
  grep -hE 'tests passed|\(Failed\)|\(Timeout\)|\(Not Run\)' "$out/tests.log" | sort -u | sed 's/^/    /' |
    head -20 | tee -a "$rows"
}

step_verify() {
  have verify lorafleet || return 1
  local setting
  for setting in "" model.quantization=nf4 model.quantization=int8 train.recompute=layer model.dtype=float16 \
    lora.lora_dropout=0.1; do
    part "verify ${SLOTS:-1x1,1x16} ${setting:-as it is}" "${VERIFY_LIMIT:-25}" verify.log "$build/lorafleet" verify \
      "${SCENARIO:-scenarios/quickstart.toml}" --quiet --slots "${SLOTS:-1x1,1x16}" --set slots.device="$device" \
      --set stop.versions=1 --set train.steps=2 --set evaluation.max_examples=32 ${setting:+--set "$setting"}
  done
}

step_bench() {
  have bench bench_cohorts || return 1
  wait
  rm -f "$out/cohorts.json"
  part "bench_cohorts" "${BENCH_LIMIT:-180}" bench.log env LORAFLEET_BENCH_DEVICE="$device" "$build/bench_cohorts" \
    --base "$shapes" --cohorts "${COHORTS:-1,4,16,32}" --tokens "$tokens" --seconds "${SECONDS_EACH:-2}" \
    --bases "$bases" --json "$out/cohorts.json"
}

step_peft() {
  local seconds=${PEFT_LIMIT:-150} left=$((limit - (SECONDS - began)))
  [[ $left -lt $seconds ]] && seconds=$left
  [[ $seconds -lt 30 ]] && seconds=0  # "left out", since its own limit is 15 less
  rm -f "$out/peft.jsonl"
  part "peft_clients.py" "$seconds" peft.log "$python" -u bench/gpu/peft_clients.py --shapes "$shapes" --tokens "$tokens" \
    --clients "${CLIENTS:-16}" --device "$device" --limit "$((seconds - 15))" --json "$out/peft.jsonl"
  grep -hE '^peft is missing|^error' "$out/peft.log" | sed 's/^/    /' | tee -a "$rows"
}

# Of cohorts.json and peft.jsonl; a base's rows together.
table() {
  "$python" - "$out/cohorts.json" "$out/peft.jsonl" <<'PY'
import json
import os
import sys

cohorts, peft = (open(name).read() if os.path.exists(name) else "" for name in sys.argv[1:])
ours = json.loads(cohorts) if cohorts else {"measurements": []}
theirs = [json.loads(line) for line in peft.splitlines()]
if cohorts:
    print(f"{ours['card']}: {ours['product']['size']:,} cubed in bfloat16 at {ours['product']['flops_per_second'] * 1e-12:,.1f} "
          f"TFLOP/s; {ours['step_tokens']:,} tokens a client and step, {ours['dtype']}")
for row in theirs[:1]:
    print(", ".join(f"{name} {row[name]}" for name in ("torch", "transformers", "peft")) + " on " + row["device"])
stock = {row["base"]: row.get("tokens_per_second") for row in theirs if row["way"] == "stock"}
tuned = {row["base"]: row.get("tokens_per_second") for row in theirs if row["way"] == "tuned"}


def times(row, other):
    speed = other.get(row["base"])
    return f"{row['tokens_per_second'] / speed:.1f}x" if speed else "-"


print(f"\n{'base':<14} {'clients':<16} {'tokens/s':>10} {'of first':>9} {'of stock':>9} {'of tuned':>9} {'TFLOP/s':>9} "
      f"{'share':>7} {'peak GB':>8}  bytes")
for base in dict.fromkeys(row["base"] for row in [*ours["measurements"], *theirs]):
    for row in [r for r in [*ours["measurements"], *theirs] if r["base"] == base]:
        name = f"{row['cohort']} at once" if "cohort" in row else f"PEFT, {row['way']}"
        if "tokens_per_second" not in row:
            why = next((f"{key.replace('_', ' ')}: {row[key]}" for key in ("does_not_fit", "failed", "left_out") if key in row), "")
            print(f"{base:<14} {name:<16} " + why.splitlines()[0][:100])
            continue
        same = {True: "same", False: "OTHER"}.get(row.get("same_bytes"), "")
        first = f"{row['against_first']:.1f}x" if "against_first" in row else ""
        print(f"{base:<14} {name:<16} {row['tokens_per_second']:>10,.0f} {first:>9} {times(row, stock):>9} {times(row, tuned):>9} "
              f"{row['useful_flops_per_second'] * 1e-12:>9.3f} {100 * row['share_of_product']:>5.1f} % "
              f"{row['peak_bytes'] * 1e-9:>8.2f}  {same}{', in parts' if row.get('in_parts') else ''}")
PY
}

for log in tests verify bench peft bases; do
  [[ " ${steps[*]} " == *" $log "* ]] && : >"$out/$log.log"
done
[[ " ${steps[*]} " == *" build "* || ! -x $build/lorafleet ]] || write_bases
for step in "${steps[@]}"; do
  "step_$step" && [[ $step == build ]] && built=yes && write_bases
  [[ $step == build && $built != yes ]] && built=failed
done
wait
{
  date -u +'%Y-%m-%d %H:%M UTC'
  command -v nvidia-smi >/dev/null && nvidia-smi --query-gpu=name,driver_version --format=csv,noheader
  git log --oneline -1 2>/dev/null
  cat "$rows"
  [[ " ${steps[*]} " == *" bench "* || " ${steps[*]} " == *" peft "* ]] && table
  echo "all of it: $((SECONDS - began)) s"
} 2>&1 | tee "$out/table.txt"
exit $failed
