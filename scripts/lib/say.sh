# Messages of the scripts: progress goes to stderr, so that stdout stays for results.

say() { printf '%s\n' "$*" >&2; }

# die WHAT [FIX]
die() {
  printf 'error: %s\n' "$1" >&2
  if [ $# -gt 1 ]; then printf '  fix: %s\n' "$2" >&2; fi
  exit 1
}
