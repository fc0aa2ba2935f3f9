# Set-up shared by ./quickstart and ./check; sourced, not run. Needs bash. Each function says what it does and does
# nothing that is done already.
#
#   setup_packages GROUP...    installs the packages of packages.txt in these groups that are missing
#   setup_wolfssl              the tuned static wolfSSL in the cache, or Debian's own when that cannot be had
#   setup_build PRESET [TARGET...]   configures and builds a preset
#
# The caller sets `root` to the repository's root.

# Colour only where a person reads it.
if [ -t 1 ]; then bold=$'\e[1m' plain=$'\e[0m'; else bold="" plain=""; fi
say() { printf '%s%s%s\n' "$bold" "$*" "$plain"; }
die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# A later run in another clone finds what was compiled: paths below the root do not count.
export CCACHE_BASEDIR="$root" CCACHE_NOHASHDIR=true

# as_root COMMAND...: directly for root, else through sudo.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "needs root for: $*
  run it as root, or install sudo"
  fi
}

# Prints the packages of the given groups that are neither installed nor made unnecessary by a command.
missing_packages() {
  local groups=" $* " group package command
  while read -r group package command; do
    case "$group" in '' | '#'*) continue ;; esac
    case "$groups" in *" $group "*) ;; *) continue ;; esac
    if [ -n "$command" ] && command -v "$command" >/dev/null; then continue; fi
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s\n' "$package"
  done <"$root/simulator/cmake/packages.txt"
}

setup_packages() {
  command -v dpkg-query >/dev/null || die "this is not a Debian system: install what simulator/cmake/packages.txt
  names by its own means, then: cmake --preset release && cmake --build --preset release"
  local missing
  mapfile -t missing < <(missing_packages "$@")
  if [ "${#missing[@]}" -eq 0 ]; then
    say "set-up: all packages are installed"
    return 0
  fi
  say "set-up: installing ${missing[*]}"
  apt_install "${missing[@]}"
}

# Waits for another apt instead of failing, asks nothing, shows its output only when it fails.
apt_install() {
  local log
  log=$(mktemp)
  if ! { as_root apt-get -q -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 update &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
      -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 install "$@"; } >"$log" 2>&1 </dev/null; then
    tail -n 30 "$log" >&2
    die "apt-get could not install: $* (the whole log is $log)"
  fi
  rm -f "$log"
}

setup_wolfssl() {
  if "$root/simulator/cmake/build-wolfssl.sh" </dev/null; then return 0; fi
  say "set-up: the tuned wolfSSL could not be built (see above); using Debian's own, which lacks some security modes"
  [ "$(dpkg-query -W -f '${db:Status-Status}' libwolfssl-dev 2>/dev/null)" = installed ] || apt_install libwolfssl-dev
}

# On a machine whose hypervisor gives its time to others meanwhile, a run is INVALID and says so; that may pass, so
# there are three attempts.
main_job() {
  local status out=$root/build/main-job
  for _ in 1 2 3; do
    status=0
    "$root/build/release/lwm2m-sim" run "$@" --out "$out" || status=$?
    if [ "$status" -ne 98 ] || ! was_robbed "$out"; then return "$status"; fi
    say "note: the hypervisor gave this machine's time to others (see the reasons above)"
  done
  return "$status"
}
# Does the report in that folder say that CPU time was stolen?
was_robbed() { grep -q '(steal)' "$1/result.json"; }

# Compilers of one file take up to 1.5 GB: on a small machine memory, not the cores, sets how many run at once.
build_jobs() {
  local cores memory_gb
  cores=$(nproc)
  memory_gb=$(awk '/^MemAvailable:/ { print int($2 / 1572864) }' /proc/meminfo)
  [ "$memory_gb" -ge 1 ] || memory_gb=1
  echo $((cores < memory_gb ? cores : memory_gb))
}

# Ninja itself knows what is up to date. Configuring anew is cheap and takes up what the set-up has brought since.
setup_build() {
  local preset=$1 targets=()
  shift
  if [ "$#" -gt 0 ]; then targets=(--target "$@"); fi
  if command -v ccache >/dev/null; then export CMAKE_CXX_COMPILER_LAUNCHER=ccache; fi
  (cd "$root" && cmake --preset "$preset" --log-level=STATUS && cmake --build --preset "$preset" -j "$(build_jobs)" \
    "${targets[@]}") </dev/null
}
