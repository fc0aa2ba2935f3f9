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
  --enable-session-ticket --enable-psk --enable-rpk --enable-aesccm --enable-hkdf --enable-supportedcurves
  --enable-curve25519 --enable-sp=yes --enable-sp-asm
  --enable-sessionexport --enable-atomicuser --enable-keygen --enable-certgen --enable-certext
  --disable-examples --disable-crypttests)
# The static-key PSK suites are off in every version unless this says otherwise. ECDSA as RFC 6979 has it: a run in
# virtual time can then be repeated with certificates too. Addresses in certificates are read as names are. Of sessions
# of DTLS 1.3: their secrets, for a capture, and the records that they dropped.
C_FLAGS="-O2 -DWOLFSSL_STATIC_PSK -DWOLFSSL_ECDSA_DETERMINISTIC_K -DWOLFSSL_IP_ALT_NAME -DHAVE_SECRET_CALLBACK"
C_FLAGS+=" -DWOLFSSL_DTLS_DROP_STATS"

machine=$(uname -m)
case "$machine" in
  x86_64) OPTIONS+=(--enable-intelasm) ;;
  aarch64) OPTIONS+=(--enable-armasm) ;;
esac

config_hash=$(printf '%s\n' "$VERSION" "$machine" "$C_FLAGS" "${OPTIONS[@]}" | sha256sum | cut -c1-12)
home=${HOME:-$(getent passwd "$(id -u)" | cut -d : -f 6)}
cache="${XDG_CACHE_HOME:-$home/.cache}/lwm2m-sim"
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
flock -n 9 || { say "another build is under way, waiting for it" && flock 9; }
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

# Prints deb-src lines for $SUITE, likeliest first: the machine's own lines for its Debian release, with the suite
# swapped. Understands one-line .list files and deb822 .sources files. Others' repositories may use the same suite name,
# so there can be more than one, and the caller tries them in turn.
private_source_lines() {
  local codename list_file parts_dir file
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")
  eval "$(apt-config shell list_file Dir::Etc::sourcelist/f parts_dir Dir::Etc::sourceparts/d)"
  local files=()
  for file in "$list_file" "$parts_dir"/*.list "$parts_dir"/*.sources; do
    if [ -r "$file" ] && [ -f "$file" ]; then files+=("$file"); fi
  done
  [ "${#files[@]}" -gt 0 ] || return 0
  awk -v own="$codename" -v suite="$SUITE" '
    function is_own(name) { return name == own || name == "stable" || name == "oldstable" }
    function emit(options, uri) {
      line = "deb-src " (options == "" ? "" : "[" options "] ") uri " " suite " main"
      rank = options ~ /debian-archive/ ? 0 : uri ~ /\/debian\/?$/ ? 1 : 2
      if (!(line in seen)) print rank " " line
      seen[line] = 1
    }
    function end_stanza(  i, j, n, m, uris, suites) {
      n = split(stanza["suites"], suites, /[ \t]+/)
      m = split(stanza["uris"], uris, /[ \t]+/)
      if (stanza["types"] ~ /(^|[ \t])deb([ \t]|$)/ && tolower(stanza["enabled"]) != "no")
        for (i = 1; i <= n; i++)
          for (j = 1; is_own(suites[i]) && j <= m; j++)
            emit(stanza["signed-by"] ~ /^\// ? "signed-by=" stanza["signed-by"] : "", uris[j])
      for (key in stanza) delete stanza[key]
    }
    FNR == 1 { end_stanza(); deb822 = FILENAME ~ /\.sources$/ }
    /^[ \t]*#/ { next }
    !deb822 && $1 == "deb" {
      options = ""
      text = $0
      if (match(text, /\[[^]]*\]/)) {
        options = substr(text, RSTART + 1, RLENGTH - 2)
        gsub(/arch=[^ ]*/, "", options)
        gsub(/^ +| +$/, "", options)
        text = substr(text, 1, RSTART - 1) substr(text, RSTART + RLENGTH)
      }
      split(text, word, /[ \t]+/)
      if (is_own(word[3])) emit(options, word[2])
    }
    deb822 && /^[ \t]*$/ { end_stanza() }
    deb822 && /^[A-Za-z-]+:/ {
      key = tolower(substr($0, 1, index($0, ":") - 1))
      value = substr($0, index($0, ":") + 1)
      gsub(/^[ \t]+|[ \t]+$/, "", value)
      stanza[key] = value
    }
    END { end_stanza() }' "${files[@]}" | sort -s -n -k 1,1 | cut -d ' ' -f 2-
}

# Settings of its own for all that apt writes; nothing of the machine's state is touched, and its hooks do not run.
write_apt_conf() {
  cat >"$work/apt/apt.conf" <<CONF
Dir::Etc::sourcelist "$work/apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State::lists "$work/apt/lists";
Dir::Cache "$work/apt/cache";
Acquire::Languages "none";
Acquire::Retries "3";
APT::Sandbox::User "root";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
CONF
}

get_source() {
  local lines line
  lines=$(private_source_lines)
  [ -n "$lines" ] || die "found no line for this Debian release in the machine's apt sources"
  write_apt_conf
  say "fetching the source package from Debian $SUITE"
  while IFS= read -r line; do
    printf '%s\n' "$line" >"$work/apt/sources.list"
    rm -rf "$work/source"
    mkdir -p "$work/source"
    if apt-get -c "$work/apt/apt.conf" -q update >>"$log" 2>&1 </dev/null &&
      (cd "$work/source" && apt-get -c "$work/apt/apt.conf" -q source wolfssl >>"$log" 2>&1 </dev/null); then
      return 0
    fi
  done <<<"$lines"
  fail "fetching the source package"
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
