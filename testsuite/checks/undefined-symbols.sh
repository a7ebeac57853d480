# What the lower half lacks when it stands alone: the mem* and str* functions
# of musl that need neither errno nor locale, what the linker defines, and the
# two doors to the upper half's start.  Windows' functions are for room win.
# The list is undefined-symbols.list; a line too many is wrong as well.
src=$1 build=$2
list=$src/testsuite/checks/undefined-symbols.list
work=$build/tests/undefined
mkdir -p "$work"
# a build folder may still have objects of files that are gone
objects=$(find "$build/lower" -name '*.[cS].o' | while read -r o; do
	source=${o#"$build"/lower/}
	[ ! -f "$src/winsup/libposix/${source%.o}" ] || echo "$o"
done)
[ -n "$objects" ] || { echo "nothing is built in $build/lower"; exit 1; }
llvm-nm-22 --defined-only -g $objects |
	awk 'NF == 3 { print $3 }' | LC_ALL=C sort -u > "$work/defined"
for library in kernel32 ntdll; do
	llvm-nm-22 --defined-only -g "/usr/x86_64-w64-mingw32/lib/lib$library.a" \
		2> /dev/null | awk 'NF == 3 { print $3 }'
done | LC_ALL=C sort -u > "$work/windows"
bad=0
for o in $objects; do
	room=${o#"$build"/lower/}
	room=${room%%/*}
	llvm-nm-22 -u "$o" | awk '{ print $NF }' | LC_ALL=C sort -u |
		LC_ALL=C comm -23 - "$work/defined" > "$work/one"
	if [ "$room" = win ]; then
		LC_ALL=C comm -23 "$work/one" "$work/windows"
	else
		cat "$work/one"
	fi
done | LC_ALL=C sort -u > "$work/lacking"
grep -vE '^(#|$)' "$list" | awk '{ print $1 }' | LC_ALL=C sort > "$work/listed"
LC_ALL=C diff "$work/listed" "$work/lacking" > "$work/difference" || {
	echo "what the lower half lacks differs from undefined-symbols.list:"
	sed -n 's/^</no longer needed:/p; s/^>/new:/p' "$work/difference"
	bad=1
}
exit $bad
