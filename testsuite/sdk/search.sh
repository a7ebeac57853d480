# Where libraries are looked for: LD_LIBRARY_PATH, rpath with $ORIGIN, soname
# links; what is said when one is missing.
. "$1/testsuite/sdk/src/lib.sh"
each "mkdir -p one two bin lib 'with blank'"
second() { each "\$CC -fPIC -shared -DSECOND '-DWHERE=\"$1\"' -o '$1/libsecond.so' $sources/where.c"; }
first() {
	each "\$CC -fPIC -shared '-DWHERE=\"$1\"' -Wl,-soname,libfirst.so.1 -o '$1/libfirst.so.1.0' \
		$sources/where.c -L$1 -lsecond ${2-} && ln -sf libfirst.so.1.0 '$1/libfirst.so.1' &&
		ln -sf libfirst.so.1 '$1/libfirst.so'"
}
for folder in one two lib 'with blank'; do
	second "$folder"
done
first one
first two
# the library's own rpath leads to its needs
first lib "-Wl,-rpath,'\$ORIGIN'"
each "\$CC -o bin/plain $sources/ask.c -Lone -lfirst -Wl,--allow-shlib-undefined"
each "\$CC -o bin/origin $sources/ask.c -Llib -lfirst -Wl,-rpath,'\$ORIGIN/../lib' -Wl,-rpath-link,lib"
each "\$CC -o bin/braces $sources/ask.c -Llib -lfirst '-Wl,-rpath=/nowhere:\${ORIGIN}/../lib' -Wl,-rpath-link,lib"
each "\$CC -o bin/several $sources/ask.c -Llib -lfirst -Wl,-rpath,/nowhere -Wl,-rpath,'\$ORIGIN/../one' \
	-Wl,-rpath,'\$ORIGIN/../two' -Wl,--enable-new-dtags -Wl,-rpath-link,lib"
both 'LD_LIBRARY_PATH=one ./bin/plain; LD_LIBRARY_PATH=two bin/plain
	LD_LIBRARY_PATH=/nowhere:two:one bin/plain
	LD_LIBRARY_PATH=$PWD/one bin/plain; LD_LIBRARY_PATH="with blank:one" bin/plain
	cd one && LD_LIBRARY_PATH=. ../bin/plain; cd ..; cd two && LD_LIBRARY_PATH=: ../bin/plain
	cd .. ; PATH=$PWD/bin:$PATH; export LD_LIBRARY_PATH=one; plain'
both 'bin/origin; cd bin; ./origin; cd ..; PATH=$PWD/bin:$PATH origin; bin/braces'
both 'LD_LIBRARY_PATH=two bin/origin' # it beats DT_RUNPATH
both 'LD_LIBRARY_PATH=one bin/several'
both 'mkdir -p other/bin; cp bin/origin other/bin; cp -r lib other; mv lib gone; other/bin/origin; mv gone lib'
both 'ln -sf ../bin/origin one/link; cd /tmp; "$OLDPWD/one/link"'

# a library shipped beside its program is found without any of these, since
# Windows' users expect that (man 8 ld.so has nothing of the kind)
(cd "$work/posix" && cp one/libfirst.so.1 one/libsecond.so bin/ &&
	prints 'first in one, second in one' run bin/plain
rm bin/libfirst.so.1 bin/libsecond.so)

# a program is no library: neither by its path, nor where libraries are looked
# for; PATH is not such a place
each "\$CC -no-pie -o bin/executable $sources/executable.c -ldl && cp bin/executable bin/sh &&
	cp bin/executable bin/libbeside.so && cp bin/executable one/libbeside.so"
both 'cd bin; PATH=$PWD:$PATH; ./executable ./executable ./sh ../bin/executable'
both 'cd bin; LD_LIBRARY_PATH=../one:. ./executable' '^status 0'
both 'cd bin; LD_PRELOAD=./sh ./executable 2> /dev/null'

# what is missing is named, on standard error, and the status is 127
missing() {
	(cd "$work/linux" && sh -c "$1" > ../linux.out 2> ../linux.err; echo $? >> ../linux.out)
	(cd "$work/posix" && run "$root/usr/bin/sh" -c "$1" > ../posix.out 2> ../posix.err < /dev/null
	echo $? >> ../posix.out)
	cmp -s "$work/linux.out" "$work/posix.out" || fail "output or status differ: $1"
	[ "$(tail -n 1 "$work/posix.out")" = 127 ] || fail "not 127: $1"
	# the same line, but that Linux gives the name as it was called
	sed 's|^[^:]*/||' "$work/linux.err" > "$work/linux.line"
	sed 's|^[^:]*/||' "$work/posix.err" > "$work/posix.line"
	diff "$work/linux.line" "$work/posix.line" || fail "$1"
}
missing 'bin/plain'
missing 'LD_LIBRARY_PATH=/nowhere bin/plain'
each "mkdir -p half && cp one/libfirst.so.1 half"
missing 'LD_LIBRARY_PATH=half bin/plain'
# and for a program that Windows starts
(cd "$work/posix" && run bin/plain > ../out 2> ../err < /dev/null
[ $? = 127 ] || fail "not 127 from Windows"
grep -q 'error while loading shared libraries: libfirst.so.1' ../err || fail "not named")
exit $bad
