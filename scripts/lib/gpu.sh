# The steps of scripts/gpu-check. BUILD and REPORT are its folders.

# Third-party parts of the compute core: "package pattern"; the pattern chooses among the package's files.
BUNDLE_PACKAGES="
libfmt-dev
libfmt9
libexpected-dev
nlohmann-json3-dev
libeigen3-dev
libgtest-dev
libgmock-dev
libbenchmark-dev
libhwy-dev
libhwy1
libopenblas-pthread-dev
"

# make_bundle DIR: the files of those packages that a build needs, at the same places below DIR/usr.
make_bundle() {
  local target=$1 package file
  mkdir -p "$target"
  for package in $BUNDLE_PACKAGES $(dpkg-query -W -f='${Package}\n' 'libbenchmark1*' 2>/dev/null | grep -v debug || true); do
    dpkg-query -W "$package" >/dev/null 2>&1 || die "the package $package is not installed" "apt-get install $package, then again"
    while IFS= read -r file; do
      if [ -d "$file" ] && [ ! -L "$file" ]; then continue; fi
      case $file in
        */libblas* | */liblapack* | */libopenblasp*.so* | *_test.so* | *_contrib.so*) continue ;;
        /usr/include/* | /usr/lib/*.a | /usr/lib/*.so* | */cmake/*) cp -P --parents "$file" "$target" ;;
      esac
    done < <(dpkg -L "$package")
  done
  # Static where there is a choice; the shared file's name would lead out of the bundle.
  find "$target" -name 'libopenblas.so*' -delete
  find "$target" -name 'libopenblas.a' -type l | while IFS= read -r file; do
    cp --remove-destination "$(readlink -f "/${file#"$target"/}")" "$file"
  done
  find "$target" -name 'libopenblasp-*.a' -delete
  say "Bundle in $target: $(du -sh "$target" | cut -f 1), $(find "$target" -type f | wc -l) files"
}

require_tools() {
  NVCC=$(command -v nvcc || ls /usr/local/cuda/bin/nvcc 2>/dev/null || true)
  [ -n "$NVCC" ] || die "nvcc was found neither on PATH nor in /usr/local/cuda/bin" "install a CUDA toolkit or add it to PATH"
  command -v cmake >/dev/null || die "cmake was not found" "install CMake 3.25 or later (pip install cmake has it)"
  command -v python3 >/dev/null || die "python3 was not found" "install Python 3"
  say "nvcc $("$NVCC" --version | sed -n 's/.*release \([0-9.]*\).*/\1/p'), $(cmake --version | head -n 1)"
}

device_reason() {
  if ! command -v nvidia-smi >/dev/null; then printf 'nvidia-smi was not found'; else nvidia-smi -L 2>&1 | head -n 1; fi
}
device_present() { command -v nvidia-smi >/dev/null && nvidia-smi -L 2>/dev/null | grep -q '^GPU '; }

# The architecture of the device that is here, or all of them.
device_architectures() {
  local capability=
  if device_present; then capability=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader | head -n 1 | tr -d .); fi
  printf '%s' "${capability:-75-real;80-real;86-real;89-real;90}"
}

# build_for_device PREFIX
build_for_device() {
  local prefix options=() name file generator=()
  if [ -d "$1" ]; then
    prefix=$(cd "$1" && pwd)
    options+=("-DCMAKE_PREFIX_PATH=$prefix/usr")
    # Named one by one: CMake looks into lib/ARCHITECTURE only on distributions that have it.
    for name in fmt tl-expected nlohmann_json Eigen3 GTest benchmark; do
      file=$(find "$prefix" -iname "${name}Config.cmake" -o -iname "$name-config.cmake" | head -n 1)
      [ -n "$file" ] || die "$prefix holds no CMake package $name" "make the bundle again: scripts/gpu-check --bundle DIR"
      options+=("-D${name}_DIR=$(dirname "$file")")
    done
  fi
  if command -v ninja >/dev/null; then generator=(-G Ninja); fi
  say "Building for $(device_architectures)"
  cmake -S . -B "$BUILD" "${generator[@]}" -DCMAKE_BUILD_TYPE=Release -DLEARNDOCK_COMPUTE_ONLY=ON -DLEARNDOCK_ENABLE_CUDA=ON \
    "-DLEARNDOCK_NVCC=$NVCC" "-DLEARNDOCK_CUDA_ARCHITECTURES=$(device_architectures)" "${options[@]}" >"$REPORT/configure.log" 2>&1 ||
    { tail -n 30 "$REPORT/configure.log" >&2; die "configuring failed, see $REPORT/configure.log"; }
  cmake --build "$BUILD" -j "$(nproc)" >"$REPORT/build.log" 2>&1 ||
    { tail -n 60 "$REPORT/build.log" >&2; die "the build failed, see $REPORT/build.log"; }
}

# logged NAME COMMAND...: runs it with its output in a log, and says how it went.
logged() {
  local name=$1 status=0
  shift
  "$@" >"$REPORT/$name.log" 2>&1 || status=$?
  printf '%s' $status >"$REPORT/$name.status"
  if [ $status -eq 0 ]; then
    say "$name: passed"
  else
    say "$name: FAILED (exit code $status), the end of $REPORT/$name.log:"
    tail -n 40 "$REPORT/$name.log" >&2
  fi
  return $status
}

run_tests() { logged tests ctest --test-dir "$BUILD" -j "$(nproc)" --no-tests=error --output-on-failure; }

# The case table with the device as the backend "cuda".
DEVICE_TESTS='Backend.*:*/cuda'
run_device_tests() {
  local failed=0
  logged device-direct "$BUILD/tests/compute/compute_test" "--gtest_filter=$DEVICE_TESTS" || failed=1
  LEARNDOCK_CUDA_PRODUCTS=tensor logged device-tensor "$BUILD/tests/compute/compute_test" "--gtest_filter=$DEVICE_TESTS" || failed=1
  logged device-plugin "$BUILD/tests/cuda/cuda_plugin_test" || failed=1
  return $failed
}

run_sanitizers() {
  local tool sanitizer failed=0
  sanitizer=$(command -v compute-sanitizer || ls /usr/local/cuda/bin/compute-sanitizer 2>/dev/null || true)
  if [ -z "$sanitizer" ]; then
    say "compute-sanitizer: not found, memcheck and racecheck were not run"
    return 0
  fi
  for tool in memcheck racecheck; do
    LEARNDOCK_CUDA_PRODUCTS=tensor logged "$tool-tensor" "$sanitizer" --tool "$tool" --error-exitcode 9 \
      "$BUILD/tests/compute/compute_test" "--gtest_filter=*Packed*/cuda" || failed=1
    logged "$tool" "$sanitizer" --tool "$tool" --error-exitcode 9 "$BUILD/tests/compute/compute_test" \
      "--gtest_filter=$DEVICE_TESTS" || failed=1
  done
  return $failed
}

run_benchmarks() {
  local failed=0
  LEARNDOCK_COMMIT=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
  export LEARNDOCK_COMMIT
  "$BUILD/bench/cuda_ceilings" >"$REPORT/ceilings.json" || failed=1
  local products
  for products in direct tensor; do
    LEARNDOCK_CUDA_PRODUCTS=$products logged "benchmarks-$products" "$BUILD/bench/cuda_bench" --benchmark_repetitions=5 \
      "--benchmark_out=$REPORT/benchmarks-$products.json" --benchmark_out_format=json || failed=1
  done
  return $failed
}

# write_results FILE: one JSON from what the steps left in REPORT.
write_results() {
  python3 scripts/lib/gpu_results.py --report "$REPORT" --out "$1" \
    --device "$(nvidia-smi --query-gpu=name,driver_version,clocks.max.sm,power.limit --format=csv,noheader | head -n 1)" \
    --nvcc "$("$NVCC" --version | sed -n 's/.*release \([0-9.]*\).*/\1/p')"
}
