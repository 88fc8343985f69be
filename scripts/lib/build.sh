# Building: the program for users, and what optional parts this machine has.

LEARNDOCK_BIN=build/release/bin/learndock

nvcc_place() { command -v nvcc || ls /usr/local/cuda/bin/nvcc 2>/dev/null || true; }
cuda_driver() { ldconfig -p 2>/dev/null | sed -n 's/.*libcuda\.so\.1.*=> //p' | head -n 1; }

# The program alone, without tests and benchmarks; with the CUDA plug-in where it could run.
build_program() {
  local targets=(learndock) cuda=OFF torch=OFF
  if [ -n "$(libtorch_place)" ]; then
    targets+=(learndock-torch)
    torch=ON
  fi
  if [ -n "$(nvcc_place)" ] && [ -n "$(cuda_driver)" ]; then
    targets+=(learndock_cuda)
    cuda=ON
  fi
  cmake --preset release -DLEARNDOCK_BUILD_TESTS=OFF -DLEARNDOCK_BUILD_BENCH=OFF -DLEARNDOCK_ENABLE_CUDA=$cuda -DLEARNDOCK_TORCH=$torch &&
    cmake --build --preset release --target "${targets[@]}"
}

# report_part NAME FOUND MEANING_IF_FOUND MEANING_IF_NOT; FOUND is a description or empty
report_part() {
  if [ -n "$2" ]; then say "  $1: found ($2) - $3"; else say "  $1: not found - $4"; fi
}

libtorch_place() {
  if package_installed libtorch-dev; then
    printf 'package libtorch-dev'
  else
    find /opt/libtorch /usr/local/libtorch -name TorchConfig.cmake -print -quit 2>/dev/null || true
  fi
}

postgres_place() {
  local config
  if config=$(pkg-config --modversion libpq 2>/dev/null); then printf 'libpq %s' "$config"; fi
}

report_optional_parts() {
  say "Optional parts:"
  report_part "CUDA toolkit" "$(nvcc_place)" \
    "scripts/test compiles the CUDA plug-in; scripts/run builds it where there is a driver too" "CPU backends only, same answers"
  report_part "CUDA driver" "$(cuda_driver)" \
    "--backend cuda can be used where the plug-in could be built" "searches run on the CPU"
  report_part "LibTorch" "$(libtorch_place)" "learndock-torch runs TorchScript models" \
    "TorchScript models are stored and found, not run; apt-get install libtorch-dev"
  report_part "uv" "$(command -v uv || true)" "environments of learnwares are made by it" \
    "pip makes the environments of learnwares, slower; pip install uv"
  report_part "PostgreSQL client library" "$(postgres_place)" "the catalogue uses SQLite all the same" \
    "the catalogue uses SQLite, which needs no server"
}
