# gdb's backtraces go through the program and both halves of the DLL: unwind
# tables and symbols are right.  timeout: 90
. "$1/testsuite/sdk/src/lib.sh"
for part in /usr/lib/*/wine/*/winedbg.exe /usr/bin/x86_64-w64-mingw32-gdb; do
	[ -e "$part" ] || { echo "$part is missing"; exit 77; }
done
cd "$work" || exit 1
"$tool-gcc" -g -O0 -o backtrace "$sources/backtrace.c" || fail "build"
port=$((20000 + $$ % 20000))
WINEDLLOVERRIDES='mscoree=d;mshtml=d' "$src/utils/build/wine-run" "$build" winedbg --gdb \
	--no-start --port $port ./backtrace > server.out 2>&1 < /dev/null &
server=$!
tries=0
# it listens (state 0A): what it prints comes only when it ends
until grep -qi ":$(printf %04x $port) 00000000:0000 0A" /proc/net/tcp || [ $tries = 200 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
timeout 60 x86_64-w64-mingw32-gdb -q -batch -ex 'set confirm off' -ex 'set sysroot' \
	-ex 'set width 0' -ex "target remote localhost:$port" \
	-ex "add-symbol-file $build/posix1.full.dll" \
	-ex 'break compare' -ex continue -ex 'echo ---- callback\n' -ex backtrace -ex 'up 6' -ex 'info locals' \
	-ex 'delete' -ex 'break sys_writev' -ex continue -ex 'echo ---- write\n' -ex backtrace \
	-ex 'delete' -ex 'break handler' -ex continue -ex 'echo ---- handler\n' -ex backtrace \
	-ex kill backtrace > gdb.out 2>&1 < /dev/null
kill "$server" 2> /dev/null
wait "$server" 2> /dev/null

# frames FUNCTION...: the section's backtrace has them in this order
frames() {
	section=$1
	shift
	sed -n "/^---- $section/,/^---- /p" gdb.out > section
	sed -n 's/^#[0-9]* *\(0x[0-9a-f]* in \)\{0,1\}\([A-Za-z_0-9]*\) .*/\2/p' section > names
	for function; do
		grep -qx "$function" names || {
			fail "no $function in the backtrace of: $section"
			cat gdb.out
			exit 1
		}
		sed -i "0,/^$function\$/d" names
	done
}
frames callback compare qsort sort_them main
grep -q 'list = {5, 3, 2, 4}\|list = {[0-9, ]*}' section || fail "no locals of main"
frames write sys_writev __stdio_write printf say main
frames handler handler raise main
[ "$bad" = 0 ] || cat gdb.out
exit $bad
