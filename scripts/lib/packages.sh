# Distribution packages (of Debian 12 and 13; Ubuntu 24.04 has them too, and was not tried) with the reason for each;
# installs only what is missing.
# A line is "name|reason"; "name1 or name2|reason" takes the first that the distribution knows.

PACKAGES_BUILD="
g++|C++20 compiler
cmake|configures the build
ninja-build|runs the build
pkg-config|finds libraries without a CMake package
ccache|makes rebuilds fast
libboost-dev|Beast and Asio: the HTTP server
libeigen3-dev|dense linear algebra
libopenblas-dev|fast matrix products
libsqlite3-dev|the embedded catalogue
libroaring-dev|compressed sets of learnwares
libfaiss-dev|cells of the search index
libhnswlib-dev|approximate search, only where asked for
libcli11-dev|command line parsing
libfmt-dev|text formatting
libspdlog-dev|logs
libexpected-dev|Result<T>
nlohmann-json3-dev|JSON
libyaml-dev|learnware.yaml
libutf8proc-dev|Unicode: case and normal forms
zlib1g-dev|packages (zip), tables packed by gzip
libzstd-dev|tables packed by zstd
prometheus-cpp-dev|metrics
libhwy-dev|SIMD
libssl-dev|SHA-256
libseccomp-dev|the sandbox: the filter of system calls
bubblewrap|the sandbox: namespaces, without which no foreign model is run
"

PACKAGES_DEMO="
python3|trains the demo learnwares
python3-numpy|trains the demo learnwares
python3-sklearn|trains the demo learnwares; carries their data
python3-venv|a fresh environment to use a learnware in
"

PACKAGES_TEST="
libgtest-dev|unit tests
libgmock-dev|unit tests
libbenchmark-dev|benchmarks
clang|fuzz targets
libclang-rt-dev or libclang-rt-18-dev or libclang-rt-14-dev|sanitizer and fuzzer libraries of clang
clang-format-14 or clang-format|style check
"

# For scripts/bench alone: without them the programs are built without these rivals.
PACKAGES_BENCH="
libfaiss-dev|a rival of the search
libhnswlib-dev|a rival of the search
"

PACKAGES_TIDY="
clang-tidy|static checks
"

package_installed() {
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ]
}

# apt translates its words; LC_ALL=C keeps "Candidate" what it is.
package_known() {
  [ -n "$(LC_ALL=C apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: *//p' | grep -v '(none)')" ]
}

# The names in "a or b or c": prints the installed one, else nothing.
installed_alternative() {
  local name
  for name in ${1// or / }; do
    if package_installed "$name"; then
      printf '%s' "$name"
      return
    fi
  done
}

known_alternative() {
  local name
  for name in ${1// or / }; do
    if package_known "$name"; then
      printf '%s' "$name"
      return
    fi
  done
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Another apt may be at work, for example the automatic updates of a machine that has just started.
apt_run() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@" >&2; }

# install_command LINE...: what a person with root can paste; of alternatives one that the distribution knows.
install_command() {
  local line name names=()
  for line in "$@"; do
    name=$(known_alternative "${line%%|*}")
    if [ -z "$name" ]; then
      name=${line%%|*}
      name=${name%% or *}
    fi
    names+=("$name")
  done
  printf 'apt-get update && apt-get install -y --no-install-recommends %s' "${names[*]}"
}

explain_without_apt() {
  say "This system has no apt, so nothing was installed. The build needs what these Debian packages hold:"
  printf '%s\n' "$@" | grep . | sed 's/^\(.*\)|\(.*\)$/  \1: \2/' >&2
  say "Going on; the configure step names the first part that is missing."
}

# ensure_packages LIST...: installs the missing ones; silent and instant when there is nothing to do.
ensure_packages() {
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    explain_without_apt "$@"
    return
  fi
  local line names missing=() install=()
  while IFS= read -r line; do
    names=${line%%|*}
    if [ -n "$names" ] && [ -z "$(installed_alternative "$names")" ]; then missing+=("$line"); fi
  done <<<"$(printf '%s\n' "$@")"
  if [ ${#missing[@]} -eq 0 ]; then return; fi

  say "Installing with apt what is missing:"
  for line in "${missing[@]}"; do say "  ${line%%|*}: ${line#*|}"; done
  if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    die "installing needs root, and there is no sudo" "run as root: $(install_command "${missing[@]}")"
  fi
  apt_run update || say "warning: apt-get update failed; going on with the package lists at hand"
  for line in "${missing[@]}"; do
    names=$(known_alternative "${line%%|*}")
    if [ -z "$names" ]; then
      die "apt knows no package ${line%%|*} (${line#*|})" "use Debian 12 or 13 with all components enabled"
    fi
    install+=("$names")
  done
  apt_run install -y --no-install-recommends "${install[@]}" || die "apt-get install failed, see above"
}
