#!/usr/bin/env bash
# Builds the tuned static wolfSSL once, into a cache outside the tree; a second call finds it and returns at once.
#
#   build-wolfssl.sh            build it if the cache lacks it, then print where it is
#   build-wolfssl.sh --where    only print where it is or would be
#
# The cache: ${XDG_CACHE_HOME:-$HOME/.cache}/lwm2m-sim/wolfssl-<version>-<hash of version, options and processor>.
# The source: Debian trixie's package, taken through a private apt directory, so that the machine's own package lists
# stay as they are. Its source line is the machine's own Debian line with the suite name swapped.
# Needs: dpkg-dev, autoconf, automake, libtool, make, a C compiler (simulator/cmake/packages.txt). No root.
set -euo pipefail

VERSION=5.7.2
SUITE=trixie
# Debian 12's own 5.5.4 lacks the PSK-CCM-8 suite in TLS, raw public keys, DTLS 1.3 and AES-NI; this build has them.
OPTIONS=(
  --enable-static --disable-shared --with-pic
  --enable-dtls --enable-dtls13 --enable-dtlscid --enable-dtls-frag-ch --enable-tls13 --disable-oldtls
  --enable-psk --enable-rpk --enable-aesccm --enable-hkdf --enable-supportedcurves --enable-curve25519
  --enable-sp=yes --enable-sp-asm
  --enable-sessionexport --enable-atomicuser --enable-keygen --enable-certgen --enable-certext
  --disable-examples --disable-crypttests)
# The static-key PSK suites are off in every version unless this says otherwise.
C_FLAGS="-O2 -DWOLFSSL_STATIC_PSK"

machine=$(uname -m)
case "$machine" in
  x86_64) OPTIONS+=(--enable-intelasm) ;;
  aarch64) OPTIONS+=(--enable-armasm) ;;
esac

config_hash=$(printf '%s\n' "$VERSION" "$machine" "$C_FLAGS" "${OPTIONS[@]}" | sha256sum | cut -c1-12)
cache="${XDG_CACHE_HOME:-${HOME:?HOME is not set, so there is no cache folder; set XDG_CACHE_HOME}/.cache}/lwm2m-sim"
prefix="$cache/wolfssl-$VERSION-$config_hash"

if [ "${1:-}" = --where ]; then
  echo "$prefix"
  exit 0
fi

say() { printf 'wolfSSL: %s\n' "$*"; }
die() {
  printf 'wolfSSL: %s\n' "$*" >&2
  exit 1
}

if [ -e "$prefix/.complete" ]; then
  say "tuned $VERSION is in $prefix"
  exit 0
fi

mkdir -p "$cache"
exec 9>"$cache/wolfssl.lock"
flock -n 9 || say "another build is under way, waiting for it" && flock 9
if [ -e "$prefix/.complete" ]; then
  say "tuned $VERSION is in $prefix"
  exit 0
fi

for tool in dpkg-source autoreconf automake libtoolize make cc; do
  command -v "$tool" >/dev/null || die "'$tool' is missing; install dpkg-dev autoconf automake libtool make gcc"
done

work="$cache/build-$VERSION.$$"
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial" "$work/source"
log="$cache/wolfssl-$VERSION.log"
: >"$log"

# fail STEP: the end of the log, and where all of it is.
fail() {
  tail -n 20 "$log" >&2
  die "$1 failed; the whole log is $log"
}

# Prints one deb-src line for $SUITE: the machine's first line for its own Debian release, with the suite swapped.
# Understands one-line .list files and deb822 .sources files.
private_source_line() {
  local codename
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:?}")
  local files=()
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
    if [ -r "$file" ]; then files+=("$file"); fi
  done
  awk -v own="$codename" -v suite="$SUITE" '
    function is_own(name) { return name == own || name == "stable" || name == "oldstable" }
    function emit(options, uri) {
      if (done) return
      done = 1
      print "deb-src " (options == "" ? "" : "[" options "] ") uri " " suite " main"
    }
    function end_stanza(  i, n, uris, suites) {
      n = split(stanza["suites"], suites, /[ \t]+/)
      split(stanza["uris"], uris, /[ \t]+/)
      if (stanza["types"] ~ /(^|[ \t])deb([ \t]|$)/ && tolower(stanza["enabled"]) != "no" && uris[1] != "")
        for (i = 1; i <= n; i++)
          if (is_own(suites[i]))
            emit(stanza["signed-by"] ~ /^\// ? "signed-by=" stanza["signed-by"] : "", uris[1])
      delete stanza
    }
    FNR == 1 { end_stanza(); deb822 = FILENAME ~ /\.sources$/ }
    !deb822 && $1 == "deb" {
      options = ""
      line = $0
      if (match(line, /\[[^]]*\]/)) {
        options = substr(line, RSTART + 1, RLENGTH - 2)
        gsub(/arch=[^ ]*/, "", options); gsub(/^ +| +$/, "", options)
        line = substr(line, 1, RSTART - 1) substr(line, RSTART + RLENGTH)
      }
      split(line, word, /[ \t]+/)
      if (is_own(word[3])) emit(options, word[2])
    }
    deb822 && /^[ \t]*$/ { end_stanza() }
    deb822 && /^#/ { next }
    deb822 && /^[A-Za-z-]+:/ {
      key = tolower(substr($0, 1, index($0, ":") - 1))
      value = substr($0, index($0, ":") + 1)
      gsub(/^[ \t]+|[ \t]+$/, "", value)
      stanza[key] = value
    }
    END { end_stanza() }' "${files[@]}"
}

get_source() {
  local line
  line=$(private_source_line)
  [ -n "$line" ] || die "found no line for this Debian release in the machine's apt sources"
  printf '%s\n' "$line" >"$work/apt/sources.list"
  # Settings of its own for all that apt writes; nothing of the machine's state is touched, and its hooks do not run.
  cat >"$work/apt/apt.conf" <<CONF
Dir::Etc::sourcelist "$work/apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State::lists "$work/apt/lists";
Dir::Cache "$work/apt/cache";
Acquire::Languages "none";
APT::Sandbox::User "root";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
CONF
  say "fetching the source package from Debian $SUITE"
  apt-get -c "$work/apt/apt.conf" -q update >>"$log" 2>&1 </dev/null || fail "apt-get update"
  (cd "$work/source" && apt-get -c "$work/apt/apt.conf" -q source wolfssl) >>"$log" 2>&1 </dev/null ||
    fail "apt-get source wolfssl"
}

build() {
  local tree
  tree=$(find "$work/source" -mindepth 1 -maxdepth 1 -type d -name 'wolfssl-*' | head -n 1)
  [ -n "$tree" ] || die "the source package unpacked no folder; see $log"
  case "$tree" in
    *-"$VERSION"*) ;;
    *) say "Debian $SUITE has ${tree##*/} now, not $VERSION; building that" ;;
  esac
  say "building ${tree##*/}, one to two minutes (log: $log)"
  cd "$tree"
  mkdir -p build-aux
  touch build-aux/config.rpath
  autoreconf -fi >>"$log" 2>&1 || fail autoreconf
  ./configure --prefix="$prefix" --libdir="$prefix/lib" CFLAGS="$C_FLAGS" "${OPTIONS[@]}" >>"$log" 2>&1 ||
    fail configure
  make -j"$(nproc)" >>"$log" 2>&1 || fail make
  rm -rf "$prefix"
  make install >>"$log" 2>&1 || fail "make install"
  printf '%s\n' "${OPTIONS[@]}" "CFLAGS=$C_FLAGS" >"$prefix/.complete"
}

get_source
build
say "tuned $VERSION is now in $prefix"
