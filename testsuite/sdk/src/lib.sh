# What the scripts of testsuite/sdk share.  Each builds the same sources twice,
# in work/linux with gcc and in work/posix with the SDK, runs the same command
# in both and compares every byte: Linux is the oracle.
set -u
src=$1 build=$2
name=$(basename "$0" .sh)
sources=$src/testsuite/sdk/src
root=$build/root
bin=$root/sdk/bin
tool=$bin/x86_64-linux-musl
work=$build/tests/sdk/$name
rm -rf "$work"
mkdir -p "$work/linux" "$work/posix"
bad=0

"$src/utils/build/wine-run" "$build" --prepare

fail() {
	echo "$name: $*"
	bad=1
}

run() { "$src/utils/build/wine-run" "$build" "$@"; }

# each COMMAND: runs it, a compiler in CC, in both folders
each() {
	(cd "$work/linux" && export CC="${LINUX_CC:-gcc}" CFLAGS="${LINUX_CFLAGS-}" && eval "$1") ||
		fail "on Linux: $1"
	(cd "$work/posix" && export CC="$tool-gcc" CFLAGS= && eval "$1") ||
		fail "with the SDK: $1"
}

# both COMMAND: a shell command in both; fails if output or status differ
both() {
	(cd "$work/linux" && sh -c "$1" > ../linux.out 2>&1 < /dev/null
	echo "status $?" >> ../linux.out)
	(cd "$work/posix" && run "$root/usr/bin/sh" -c "$1" > ../posix.out 2>&1 < /dev/null
	echo "status $?" >> ../posix.out)
	diff "$work/linux.out" "$work/posix.out" > "$work/diff" || {
		fail "Linux (<) and libposix (>) differ: $1"
		cat "$work/diff"
	}
	grep -q "${2:-^status 0}" "$work/linux.out" || {
		fail "the oracle itself has not said \"${2:-status 0}\": $1"
		cat "$work/linux.out"
	}
}

# prints PATTERN COMMAND...: its output, standard error included, has a line
# like that
prints() {
	pattern=$1
	shift
	"$@" > "$work/out" 2>&1 < /dev/null
	grep -qe "$pattern" "$work/out" || {
		fail "no \"$pattern\" in what this prints: $*"
		tail -n 20 "$work/out"
	}
}
