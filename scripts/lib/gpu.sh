# The steps of scripts/gpu-check. BUILD holds the programs, REPORT what the steps say.

# What runs on a device, in a build tree.
DEVICE_PROGRAMS="bin/learndock bin/liblearndock_cuda.so tests/compute/compute_test tests/cuda/cuda_plugin_test
  tests/engine/engine_test bench/cuda_bench bench/cuda_ceilings"

# build_for_device: the release build, with the benchmarks; its programs lie in build/release.
build_for_device() {
  ensure_packages "$PACKAGES_BUILD" "$PACKAGES_TEST" "$PACKAGES_BENCH"
  NVCC=$(command -v nvcc || ls /usr/local/cuda/bin/nvcc 2>/dev/null || true)
  [ -n "$NVCC" ] || die "nvcc was found neither on PATH nor in /usr/local/cuda/bin" "install a CUDA toolkit or add it to PATH"
  say "Building (preset release)"
  cmake --preset release -DLEARNDOCK_BUILD_BENCH=ON -DLEARNDOCK_ENABLE_CUDA=ON "-DLEARNDOCK_NVCC=$NVCC" >"$REPORT/configure.log" 2>&1 ||
    { tail -n 30 "$REPORT/configure.log" >&2; die "configuring failed, see $REPORT/configure.log"; }
  cmake --build --preset release >"$REPORT/build.log" 2>&1 ||
    { tail -n 60 "$REPORT/build.log" >&2; die "the build failed, see $REPORT/build.log"; }
}

# What a results file says of the programs, one "name value" a line.
describe_build() {
  local commit
  commit=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
  git diff --quiet HEAD 2>/dev/null || commit+=-modified
  printf 'commit %s\nnvcc %s\ncompiler %s\n' "$commit" "$("$NVCC" --version | sed -n 's/.*release \([0-9.]*\).*/\1/p')" \
    "$(c++ --version | head -n 1)"
}

# make_pack FILE: the programs and every shared library they need but those of C and C++ themselves, which other programs
# there need as they are.
make_pack() {
  local stage=build/gpu-pack program library
  rm -rf "$stage"
  mkdir -p "$stage/lib" "$(dirname "$1")"
  for program in $DEVICE_PROGRAMS; do
    mkdir -p "$stage/$(dirname "$program")"
    strip --strip-unneeded -o "$stage/$program" "build/release/$program"
    chmod 755 "$stage/$program"
    ldd "build/release/$program" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }'
  done | sort -u | grep -vE '/(libc|libm|libdl|librt|libpthread|libstdc\+\+|libgcc_s)\.so' | while IFS= read -r library; do
    cp -L "$library" "$stage/lib/"
  done
  describe_build >"$stage/built"
  tar -C "$stage" -cJf "$1" .
  say "Packed: $1, $(du -h "$1" | cut -f 1)"
}

device_reason() {
  if ! command -v nvidia-smi >/dev/null; then printf 'nvidia-smi was not found'; else nvidia-smi -L 2>&1 | head -n 1; fi
}
device_present() { command -v nvidia-smi >/dev/null && nvidia-smi -L 2>/dev/null | grep -q '^GPU '; }

# logged NAME COMMAND...: runs it with its output in a log, and says how it went and in what time.
logged() {
  local name=$1 status=0 start=$SECONDS
  shift
  timeout "$STEP_SECONDS" "$@" >"$REPORT/$name.log" 2>&1 || status=$?
  printf '%s' $status >"$REPORT/$name.status"
  case $status in
    0) say "$name: passed, $((SECONDS - start)) s" ;;
    124) say "$name: STOPPED after $STEP_SECONDS s (--step-seconds)" ;;
    *)
      say "$name: FAILED (exit code $status), the end of $REPORT/$name.log:"
      tail -n 40 "$REPORT/$name.log" >&2
      ;;
  esac
  return $status
}

# The case table with the device as the backend "cuda", and the search's own tests over it.
DEVICE_TESTS='Backend.*:*/cuda'
SEARCH_TESTS='*Cells*:*CertifiedMixture*:*CertifiedSearch*:*FeatureSpace*:*BoundCheck*:*ChoiceFromPool*:*TightenByProducts*:*CrossTermTable*:*SegmentPart*:*TimedScan*'
run_device_tests() {
  local failed=0
  logged device "$BUILD/tests/compute/compute_test" "--gtest_filter=$DEVICE_TESTS" || failed=1
  logged search env LEARNDOCK_TEST_BACKEND=cuda "$BUILD/tests/engine/engine_test" "--gtest_filter=$SEARCH_TESTS" || failed=1
  logged plugin "$BUILD/tests/cuda/cuda_plugin_test" || failed=1
  return $failed
}

# device_tests: the case table's tests on the device, one name a line.
device_tests() {
  "$BUILD/tests/compute/compute_test" --gtest_list_tests "--gtest_filter=$DEVICE_TESTS" |
    awk '/^[^ ].*\.$/ { suite = $1 } /^  / { print suite $1 }'
}

# Each test under each tool in a process of its own, as many side by side as there are cores: a test keeps a core busy,
# the device hardly at all, and one that takes too long takes nothing from the others. racecheck takes longest and starts.
run_sanitizers() {
  local tool one sanitizer failed=0 running=() tests=()
  sanitizer=$(command -v compute-sanitizer || ls /usr/local/cuda/bin/compute-sanitizer 2>/dev/null || true)
  if [ -z "$sanitizer" ]; then
    say "compute-sanitizer: not found, memcheck and racecheck were not run"
    return 0
  fi
  mapfile -t tests < <(device_tests)
  if [ ${#tests[@]} -eq 0 ]; then
    say "compute-sanitizer: FAILED, the test program lists no test"
    return 1
  fi
  for tool in racecheck memcheck; do
    printf '%s' ${#tests[@]} >"$REPORT/$tool.tests"
    for one in "${tests[@]}"; do
      while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n || true; done
      logged "$tool-${one//\//-}" "$sanitizer" --tool "$tool" --error-exitcode 9 "$BUILD/tests/compute/compute_test" \
        "--gtest_filter=$one" &
      running+=($!)
    done
  done
  for one in "${running[@]}"; do wait "$one" || failed=1; done
  return $failed
}

run_benchmarks() {
  local failed=0
  "$BUILD/bench/cuda_ceilings" >"$REPORT/ceilings.json" || failed=1
  logged benchmarks "$BUILD/bench/cuda_bench" --benchmark_repetitions=3 "--benchmark_out=$REPORT/benchmarks.json" \
    --benchmark_out_format=json || failed=1
  return $failed
}

# search_trial NAME OPTION...: one market, searched by the CPU and by the device.
search_trial() {
  local name=$1 failed=0 backend file
  shift
  file=$(mktemp -u "${TMPDIR:-/tmp}/learndock-XXXXXX.lds")
  for backend in cpu cuda; do
    logged "trial-$name-$backend" "$BUILD/bin/learndock" bench search --json --quiet --backend $backend --file "$file" "$@" &&
      cp "$REPORT/trial-$name-$backend.log" "$REPORT/trial-$name-$backend.json" || failed=1
  done
  rm -f "$file"
  return $failed
}

run_searches() {
  local failed=0
  search_trial 100k --n 100000 --queries 150 --mixture 10 --mixture-proof 40 || failed=1
  # Bounds tell little apart: what remains is products with all.
  search_trial 100k-narrow --n 100000 --queries 60 --gamma 0.3 --repeats 2 || failed=1
  search_trial 1m --n 1000000 --queries 300 --compared 5 --repeats 2 --mixture 10 --mixture-proof 40 || failed=1
  return $failed
}

# write_results FILE: one JSON from what the steps left in REPORT.
write_results() {
  env -u LD_LIBRARY_PATH python3 scripts/lib/gpu_results.py --report "$REPORT" --built "$BUILD/built" --out "$1" \
    --device "$(nvidia-smi --query-gpu=name,driver_version,clocks.max.sm,power.limit --format=csv,noheader | head -n 1)"
}
