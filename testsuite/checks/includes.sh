# A room includes headers of its own and of rooms below it, and Windows' headers
# stay in room win.  The order, from the bottom, as explained in
# winsup/doc/how-the-tree-is-laid-out.md.
src=$1
cd "$src/winsup/libposix" || exit 1
order="abi lib win lock memory task wait signal stream vfs fs tty ipc image process call gate"
bad=0
level() {
	n=0
	for r in $order; do
		n=$((n + 1))
		[ "$r" = "$1" ] && { echo $n; return; }
	done
	echo 99
}
for f in $(find . -name '*.[chS]' -not -path './musl/*' -not -path './crt/*'); do
	room=${f#./}
	room=${room%%/*}
	own=$(level "$room")
	for other in $(sed -n 's/^#include "\([a-z]*\)\/.*/\1/p' "$f" | sort -u); do
		[ "$other" = "$room" ] && continue
		other_level=$(level "$other")
		[ "$other_level" -le "$own" ] && continue
		# agreed on: structs that lower rooms name, and the gate's exits
		case $room:$other in
		memory:task|win:lib|vfs:fs|fs:tty|process:gate|call:gate) continue ;;
		esac
		echo "$f: includes $other, a higher room"
		bad=1
	done
	if [ "$room" != win ] && grep -qE '#include <(windows|winternl)' "$f"; then
		echo "$f: includes Windows' headers"
		bad=1
	fi
done
exit $bad
