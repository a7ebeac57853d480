# Lists what is longer than it should be: files over 600 lines, functions over
# 60.  A table or a state machine that reads straight down may be; over 900
# and 120 lines it fails, since nobody reads such a thing in one go, and two
# files or functions say better what belongs together.
src=$1
cd "$src" || exit 1
find winsup/libposix utils testsuite \( -name '*.[chS]' -o -name '*.sh' \) \
	-not -path '*/musl/*' | LC_ALL=C sort | xargs awk '
FNR == 1 { finish(); file = FILENAME }
{ lines = FNR }
/^[a-zA-Z_].*\(/ { name = $0 }
/^{/ { begin = FNR }
/^}/ && begin { # the signature is above the brace: house style
	size = FNR - begin - 1
	if (size > 60)
		report(file ":" begin, size, 120, name)
	begin = 0
}
function report(what, size, hard, name) {
	printf "%s: %d lines%s %s\n", what, size,
		(size > hard ? ", more than " hard : ""), name
	if (size > hard)
		bad = 1
}
function finish() {
	if (lines > 600)
		report(file, lines, 900, "")
}
END { finish(); exit bad }'
