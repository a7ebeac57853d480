# What processes share has the layout that its number stands for: two versions
# of the DLL that lay things out differently must not meet in one section.
# testsuite/abi/shared_layout has a line for each number there ever was; lines
# are added, never changed.
src=$1 build=$2
work=$build/tests/shared-layout
mkdir -p "$work"
header=winsup/libposix/task/shared_layout.h
{
	echo '#include "task/shared_layout.h"'
	echo 'struct shared whole;'
} > "$work/use.c"
flags="--target=x86_64-pc-cygwin -fno-short-wchar -std=c11 -ffreestanding
	-I$src/winsup/libposix"
{
	# sizes and offsets, as the target's compiler lays them out
	clang-22 $flags -fsyntax-only -Xclang -fdump-record-layouts-complete \
		"$work/use.c" | grep -v '^\*\*\*\|^$'
	# and what the numbers in them mean
	sed -n 's/^#define \([A-Z_]*\)[ 	]*\([^ 	/]*\).*/\1 \2/p' "$src/$header" |
		grep -v 'SHARED_LAYOUT_H\|^SHARED_LAYOUT '
	clang-22 $flags -E -P "$work/use.c" | tr -d '\n\t ' |
		grep -oE 'enum[a-z_]*\{[A-Z_,]*\}' | grep -v lock_rank
} > "$work/layout" || exit 1
[ "$(wc -l < "$work/layout")" -gt 100 ] || {
	echo "the layout cannot be read: see $work/layout"
	exit 1
}
number=$(sed -n 's/^#define SHARED_LAYOUT //p' "$src/$header")
digest=$(sha256sum < "$work/layout" | cut -c 1-16)
known=$(awk -v n="$number" '$1 == n { print $2 }' "$src/testsuite/abi/shared_layout")
case $known in
"$digest") exit 0 ;;
'') echo "a new layout: add \"$number $digest\" to testsuite/abi/shared_layout" ;;
*) echo "a shared struct has changed: raise SHARED_LAYOUT in $header" ;;
esac
exit 1
