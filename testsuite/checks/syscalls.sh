# winsup/doc/syscalls.md is what the list of system calls gives, and the list
# has Linux' numbers and names (those of the installed kernel headers).
src=$1 build=$2
work=$build/tests/syscalls
mkdir -p "$work"
bad=0
sh "$src/utils/build/list-syscalls" "$src" > "$work/made.md" || exit 1
cmp "$work/made.md" "$src/winsup/doc/syscalls.md" || {
	echo "stale: utils/build/list-syscalls . > winsup/doc/syscalls.md"
	bad=1
}
echo '#include <asm/unistd_64.h>' | gcc -E -dM - |
	sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$/\2 \1/p' |
	LC_ALL=C sort > "$work/linux"
sed -n 's/^SYSCALL[A-Z0-9_]*(\([0-9]*\), \([a-z0-9_]*\)[,)].*/\1 \2/p' \
	"$src/winsup/libposix/abi/syscalls.def" | LC_ALL=C sort > "$work/ours"
[ -s "$work/linux" ] && [ -s "$work/ours" ] || exit 1
wrong=$(LC_ALL=C comm -13 "$work/linux" "$work/ours")
# newer than the headers: a number that they do not know
for line in $(echo "$wrong" | tr ' ' ,); do
	grep -q "^${line%,*} " "$work/linux" || continue
	echo "abi/syscalls.def: $line is not Linux' number"
	bad=1
done
exit $bad
