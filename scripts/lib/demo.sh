# The demo dock: learnwares trained on real data, and held-out tables as "the user's own data".

DEMO=build/demo
DEMO_DOCK=$DEMO/dock

# A Python that has scikit-learn: the one on PATH may be another than the distribution's.
demo_python() {
  local candidate
  for candidate in python3 /usr/bin/python3; do
    if "$candidate" -c 'import sys, importlib.util as u; sys.exit(not (u.find_spec("sklearn") and u.find_spec("numpy")))' 2>/dev/null; then
      printf '%s' "$candidate"
      return
    fi
  done
  die "no Python with scikit-learn was found (tried python3 and /usr/bin/python3)" "install python3-sklearn"
}

demo_fingerprint() { cat datasets/*.py datasets/kinds/*.py datasets/tasks.json | sha256sum | cut -d ' ' -f 1; }

demo_is_ready() {
  [ -d "$DEMO_DOCK" ] && [ -f "$DEMO/stamp" ] && [ "$(cat "$DEMO/stamp")" = "$(demo_fingerprint)" ]
}

# make_demo BINARY PYTHON: once; again only when datasets/ changed.
make_demo() {
  local binary=$1 python=$2
  if demo_is_ready; then return; fi
  say "Making the demo dock (about two minutes, once): training real models on the data in scikit-learn"
  rm -rf "$DEMO/stamp" "$DEMO_DOCK"
  mkdir -p "$DEMO"
  "$python" datasets/make_demo.py --learndock "$binary" --out "$DEMO" || return 1
  "$binary" init "$DEMO_DOCK" >/dev/null || return 1
  if ! "$binary" import --dock "$DEMO_DOCK" "$DEMO/packages" --json >"$DEMO/import.json"; then
    say "error: the import of the demo learnwares failed, see $DEMO/import.json"
    return 1
  fi
  "$python" - "$DEMO/import.json" <<'PYTHON' || return 1
import json, sys
outcome = json.load(open(sys.argv[1], encoding="utf-8"))
if outcome["rejected"]:
    sys.exit("error: the dock rejected demo learnwares: %s" % outcome["rejected"][:3])
print("  %d learnwares imported" % outcome["imported"], file=sys.stderr)
PYTHON
  demo_fingerprint >"$DEMO/stamp"
}
