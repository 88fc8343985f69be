# Steps of scripts/test: each is run, timed and counted; its output goes to a log that is shown when it fails.

PASSED=0
FAILED=0
LOGS=build/test-logs
TIMES=()

count() {
  PASSED=$((PASSED + $1))
  FAILED=$((FAILED + $2))
}

show_result() {
  local name=$1 passed=$2 failed=$3 seconds=$4
  printf '%-38s %6d passed %4d failed %6d s\n' "$name" "$passed" "$failed" "$seconds"
  TIMES+=("$seconds $name")
}

# Where the time went: the longest steps first, those of a second or less left out.
show_times() {
  printf '%s\n' "${TIMES[@]}" | sort -rn | awk '$1 > 1 { seconds = $1; sub(/^[0-9]+ /, ""); printf "%6d s  %s\n", seconds, $0 }'
}

show_log() {
  printf -- '--- the end of %s\n' "$1"
  tail -n "${2:-60}" "$1"
  printf -- '---\n'
}

# step NAME COMMAND...: one check, passed when the command succeeds. Returns the command's status.
step() {
  local name=$1 started=$SECONDS status=0 log
  shift
  log=$LOGS/${name//[^a-z0-9-]/_}.log
  "$@" >"$log" 2>&1 || status=$?
  if [ $status -eq 0 ]; then
    count 1 0
    show_result "$name" 1 0 $((SECONDS - started))
  else
    count 0 1
    show_result "$name" 0 1 $((SECONDS - started))
    show_log "$log"
  fi
  return $status
}

# suite NAME COUNTER COMMAND...: many tests; COUNTER reads the log and prints "PASSED FAILED". A suite that fails
# without naming a failed test, or that ran no test, counts as one failure.
suite() {
  local name=$1 counter=$2 started=$SECONDS status=0 log passed failed
  shift 2
  log=$LOGS/${name//[^a-z0-9-]/_}.log
  "$@" >"$log" 2>&1 || status=$?
  read -r passed failed <<<"$("$counter" "$log")"
  if [ "$failed" -eq 0 ] && { [ $status -ne 0 ] || [ "$passed" -eq 0 ]; }; then failed=1; fi
  count "$passed" "$failed"
  show_result "$name" "$passed" "$failed" $((SECONDS - started))
  if [ "$failed" -ne 0 ]; then show_log "$log" 150; fi
  [ "$failed" -eq 0 ]
}

# "97% tests passed, 3 tests failed out of 100"; skipped and not-run tests are not counted as passed.
count_ctest() {
  local total failed skipped
  total=$(sed -n 's/.*tests passed, [0-9]* tests* failed out of \([0-9]*\).*/\1/p' "$1" | tail -n 1)
  failed=$(sed -n 's/.*tests passed, \([0-9]*\) tests* failed out of .*/\1/p' "$1" | tail -n 1)
  skipped=$(grep -c '\*\*\*Skipped\|\*\*\*Not Run (Disabled)' "$1" || true)
  printf '%d %d\n' $((${total:-0} - ${failed:-0} - skipped)) "${failed:-0}"
}

# Python's unittest: "Ran 30 tests in 4s" and "FAILED (failures=1, errors=2, skipped=1)".
count_unittest() {
  local total bad=0 skipped number
  total=$(sed -n 's/^Ran \([0-9]*\) tests* in .*/\1/p' "$1" | tail -n 1)
  for number in $(grep '^FAILED (' "$1" | grep -o '\(failures\|errors\)=[0-9]*' | sed 's/.*=//' || true); do
    bad=$((bad + number))
  done
  skipped=$(grep -o 'skipped=[0-9]*' "$1" | tail -n 1 | sed 's/.*=//' || true)
  total=$((${total:-0} - ${skipped:-0} - bad))
  printf '%d %d\n' $((total > 0 ? total : 0)) "$bad"
}
