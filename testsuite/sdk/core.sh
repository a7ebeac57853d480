# gdb opens the core file of a program that has died: where it was, what its
# variables held, its other thread.  timeout: 90
. "$1/testsuite/sdk/src/lib.sh"
gdb=/usr/bin/x86_64-w64-mingw32-gdb
[ -e $gdb ] || { echo "$gdb is missing"; exit 77; }
cd "$work" || exit 1
"$tool-gcc" -g -O0 -o crash "$sources/crash.c" || fail "build"

# look ARGUMENT...: runs it and what gdb says of the core
look() {
	rm -f core
	run ./crash "$@" > run.out 2>&1 < /dev/null
	[ -s core ] || {
		fail "no core file"
		cat run.out
	}
	timeout 60 $gdb -q -batch -ex 'set width 0' \
		-ex "add-symbol-file $build/posix1.full.dll" \
		-ex 'print number' -ex 'info threads' -ex backtrace crash core > gdb.out 2>&1 < /dev/null
}

expect() {
	grep -q "$1" gdb.out || {
		fail "gdb does not say: $1"
		cat gdb.out
	}
}

look
expect '^\$1 = 4711'
expect '^#0 .*deepest (p=0x8) at '
expect '^#[0-9]* .*middle (depth=0) at '
expect '^#[0-9]* .*middle (depth=2) at '
expect '^#[0-9]* .*main (argc=1, '
expect '  2  *[Tt]hread'
look abort
expect '^#[0-9]* .*abort ()'
expect '^#[0-9]* .*main (argc=2, '
exit $bad
