# What config.site answers for what a configure script cannot run is what a
# program finds.
. "$1/testsuite/sdk/src/lib.sh"
each "\$CC -o guesses $sources/guesses.c"
(cd "$work/posix" && run ./guesses) > "$work/found"
grep -q = "$work/found" || fail "nothing was found"
while IFS== read -r variable found; do
	answer=$(sh -c '. "$1"; eval "echo \"\${$2-missing}\""' sh "$root/sdk/share/config.site" "$variable")
	[ "$answer" = "$found" ] || fail "$variable is $answer, should be $found"
done < "$work/found"
exit $bad
