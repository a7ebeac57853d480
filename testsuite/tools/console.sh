# The shell on a terminal: prompt, line editing, Ctrl-C, Ctrl-D, characters
# that are not ASCII, size.  Each step waits for what it makes appear.
# timeout: 120
src=$1 build=$2
command -v script > /dev/null || exit 77
work=$build/tests/scratch/console
mkdir -p "$work"
cd "$work" || exit 1
rm -f keys screen
mkfifo keys
: > screen
# programs without a console have hosts waiting, which must not serve here
"$src/utils/build/wine-run" "$build" "$build/root/usr/bin/sh" -c '
	for i in 1 2 3 4; do sleep 1 & done; wait; touch ready; exec sleep 100' \
	< /dev/null > /dev/null 2>&1 &
other=$!
trap 'kill -9 $other 2> /dev/null' EXIT
rm -f ready
for i in $(seq 100); do
	[ -e ready ] && break
	sleep 0.1
done
script -qfec "stty rows 30 cols 90; exec '$src/utils/build/wine-run' '$build' \
	'$build/root/usr/bin/sh'" /dev/null < keys > screen 2>&1 &
terminal=$!
exec 3> keys
bad=0 at=0

# appears TEXT: on the screen, behind what was seen before
appears() {
	n=0
	while [ $n -lt 100 ]; do
		if tail -c +$((at + 1)) screen | grep -qF -- "$1"; then
			return
		fi
		sleep 0.1
		n=$((n + 1))
	done
	echo "this did not appear: $1"
	tail -c +$((at + 1)) screen | od -c | tail -n 20
	bad=1
}
# keys TEXT: as they are typed now; what appears next is their doing
keys() {
	at=$(wc -c < screen)
	printf "$1" >&3
}

appears '$'
keys 'echo a-$((1 + 1))\r'; appears 'a-2'
keys "printf 'b-%%s' 'é日' | od -An -tx1\\r"; appears '62 2d c3 a9 e6 97 a5'
keys "printf '<\\\\303\\\\251>\\\\n'\\r"; appears '<é>'
keys 'echo wromg\177\177ng c\r'; appears 'wrong c'
keys 'stty size\r'; appears '30 90'
keys 'tty > /dev/null; [ -t 0 ] && echo is a "term"inal\r'; appears 'is a terminal'
# Ctrl-C: a program, a line that was begun, a trap
keys 'sleep 60\r'; appears 'sleep 60'; sleep 1
keys '\003'; appears '$'
keys 'echo "status" $?\r'; appears 'status 130'
keys 'echo this line goes'; appears goes
keys '\003'; appears '$'
keys 'echo d"-"$?\r'; appears 'd-130'
keys 'cat | cat\r'; appears 'cat | cat'; sleep 1
keys '\003'; appears '$'
# Ctrl-D: ends input at a line's start, else gives what was typed
keys 'wc -c; echo e"-"end\r'; appears 'wc -c'; sleep 1
keys 'abc\r'; keys 'de\004'; keys '\004'; appears 'e-end'
tail -c +$((at + 1)) screen | grep -q 6 || { echo 'wc counted wrong'; bad=1; }
keys 'exit 7\r'
exec 3>&-
wait $terminal
[ $? = 7 ] || { echo 'status of exit 7 is lost'; bad=1; }
exit $bad
