# The steps of scripts/test-on: a Debian of another suite in a folder, entered with chroot.

SOURCE_THERE=/opt/learndock

# The mirror that this system's apt takes Debian from; empty: debootstrap's own default.
host_mirror() {
  LC_ALL=C apt-get indextargets --format '$(ORIGIN) $(COMPONENT) $(SUITE) $(REPO_URI)' 2>/dev/null |
    awk '$1 == "Debian" && $2 == "main" && $3 !~ /security|updates|backports/ { print $4; exit }'
}

# How apt here reaches its mirrors, for the apt there.
host_apt_settings() {
  apt-config dump | grep -E '^Acquire::(http|https|ftp)::|^Acquire::Check-(Valid-Until|Date)|^Acquire::Retries' || true
}

# make_system ROOT SUITE MIRROR
make_system() {
  local root=$1 suite=$2 mirror=${3:-$(host_mirror)} proxy settings
  settings=$(host_apt_settings)
  proxy=$(sed -n 's/^Acquire::http::Proxy "\(.*\)";$/\1/p' <<<"$settings")
  # debootstrap works in a folder of this name: what it began and did not finish is begun again, anything else stays.
  if [ -d "$root/debootstrap" ]; then find "$root" -mindepth 1 -xdev -delete; fi
  if [ ! -f "$root/etc/debian_version" ]; then
    if [ -n "$(ls -A "$root")" ]; then
      say "error: $root is not empty, and no Debian is in it"
      return 1
    fi
    if [ -n "$proxy" ]; then export http_proxy=$proxy; fi
    nice debootstrap --variant=minbase "$suite" "$root" ${mirror:+"$mirror"} || return 1
  fi
  if [ -n "$settings" ]; then printf '%s\n' "$settings" >"$root/etc/apt/apt.conf.d/90host"; fi
  # The two commands start from a system that has git and a certificate store, as a person's has.
  enter_system "$root"
  in_root "$root" sh -c 'apt-get -q update && apt-get -q install -y --no-install-recommends git ca-certificates' &&
    date -u >"$root/etc/learndock-test-on"
  local status=$?
  leave_system "$root"
  return $status
}

is_mounted() { grep -q " $1 " /proc/self/mounts; }

enter_system() {
  local root=$1
  if ! is_mounted "$root/proc"; then mount -t proc proc "$root/proc"; fi
  if ! is_mounted "$root/dev"; then mount --bind /dev "$root/dev"; fi
  # Names are looked up there as here.
  cp -L /etc/resolv.conf /etc/hosts "$root/etc/" 2>/dev/null || true
}

leave_system() {
  local root=$1 place
  for place in "$root/dev" "$root/proc"; do
    if is_mounted "$place"; then umount "$place" || umount --lazy "$place" || true; fi
  done
}

# in_root ROOT COMMAND...: with an environment of its own. OpenBLAS's settings are of the processor, not of the system.
in_root() {
  local root=$1 name kept=()
  shift
  for name in OPENBLAS_CORETYPE OPENBLAS_L2_SIZE; do
    if [ -n "${!name:-}" ]; then kept+=("$name=${!name}"); fi
  done
  nice chroot "$root" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
    LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive CCACHE_MAXSIZE=10G ${kept[@]+"${kept[@]}"} "$@" </dev/null
}

# in_system ROOT COMMAND...: in the clone.
in_system() {
  local root=$1
  shift
  in_root "$root" sh -c "cd $SOURCE_THERE && exec \"\$@\"" sh "$@"
}

# A clean clone; what an earlier one built is gone, but for the compiler's cache.
clone_head() {
  local root=$1
  rm -rf "$root$SOURCE_THERE"
  git clone --no-hardlinks --no-local . "$root$SOURCE_THERE" && git -C "$root$SOURCE_THERE" checkout --detach "$(git rev-parse HEAD)"
}

# answers_there ROOT DOCK OUT: what the program of the other system answers from a dock in the clone's folder.
answers_there() {
  in_system "$1" python3 scripts/lib/record_answers.py --learndock build/release/bin/learndock --dock "$2" \
    --tasks build/demo/tasks --out "$3"
}

# Each system's dock on the other one: the same answers, and no file of it refused or written in another form.
compare_answers() {
  local root=$1 there=$1$SOURCE_THERE out=build/test-on/answers
  if [ ! -x build/release/bin/learndock ] || [ ! -d "$DEMO_DOCK" ]; then
    die "there is no demo dock here" "run scripts/run --no-serve"
  fi
  rm -rf "$out" "${there:?}/$out"
  mkdir -p "$out" "$there/$out"
  cp -r "$DEMO_DOCK" "$there/$out/dock-of-here"
  cp -r "$there/$DEMO_DOCK" "$out/dock-of-there"
  cp -r "$DEMO_DOCK" "$out/dock-of-here"
  local dock
  for dock in dock-of-here dock-of-there; do
    [ -d "$there/$out/$dock" ] || cp -r "$there/$DEMO_DOCK" "$there/$out/$dock"
    build/release/bin/learndock reindex --dock "$out/$dock" --smallest-space 20 || return 1
    rm -rf "$there/$out/$dock-indexed"
    cp -r "$out/$dock" "$there/$out/$dock-indexed"
    in_system "$root" build/release/bin/learndock reindex --dock "$out/$dock" --smallest-space 20 || return 1
    cp -r "$there/$out/$dock" "$out/$dock-indexed"
    python3 scripts/lib/record_answers.py --learndock build/release/bin/learndock --dock "$out/$dock" \
      --tasks "$there/$DEMO/tasks" --out "$out/$dock.here.json" || return 1
    python3 scripts/lib/record_answers.py --learndock build/release/bin/learndock --dock "$out/$dock-indexed" \
      --tasks "$there/$DEMO/tasks" --out "$out/$dock-indexed.here.json" || return 1
    answers_there "$root" "$out/$dock" "$out/$dock.there.json" || return 1
    answers_there "$root" "$out/$dock-indexed" "$out/$dock-indexed.there.json" || return 1
    python3 scripts/lib/record_answers.py --compare "$out/$dock.here.json" "$there/$out/$dock.there.json" \
      "$out/$dock-indexed.here.json" "$there/$out/$dock-indexed.there.json" || return 1
    python3 scripts/lib/record_answers.py --compare-files "$out/$dock/index" "$there/$out/$dock/index" || return 1
  done
}
