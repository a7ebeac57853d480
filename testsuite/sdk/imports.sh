# Functions and data of shared objects and of the C library: in static
# initializers, by weak references.
. "$1/testsuite/sdk/src/lib.sh"
for level in 0 2; do
	each "\$CC -O$level -fPIC -shared -Wl,-soname,libone.so.1 -o libone.so.1 $sources/one.c &&
		ln -sf libone.so.1 libone.so"
	each "\$CC -O$level -fPIC -shared -o libtwo.so $sources/two.c -L. -lone"
	each "\$CC -O$level -o imports$level $sources/imports.c -L. -ltwo -lone -ldl -Wl,-rpath,'\$ORIGIN'"
	both "./imports$level"
	each "\$CC -O$level -c $sources/weak.c $sources/weak2.c $sources/archive.c $sources/archive2.c &&
		rm -f libarchive.a && ${LLVM_AR:-ar} crs libarchive.a archive.o archive2.o"
	# either order on the line, and only the weak ones or both
	each "\$CC -o weak$level weak.o $sources/weak2.c libarchive.a -L. -Wl,--no-as-needed -lone -Wl,-rpath,'\$ORIGIN'"
	each "\$CC -o kaew$level weak2.o weak.o libarchive.a -L. -Wl,--no-as-needed -lone -Wl,-rpath,'\$ORIGIN'"
	each "\$CC -O$level -fPIE -pie -o weakpie$level $sources/weak.c $sources/weak2.c libarchive.a -L. -Wl,--no-as-needed -lone -Wl,-rpath,'\$ORIGIN'"
	both "./weak$level; ./kaew$level; ./weakpie$level"
	# a weak reference of a position-independent program is the loader's
	each "\$CC -fPIC -shared -o liblate.so $sources/late.c"
	both "LD_PRELOAD=./liblate.so ./weakpie$level"
	each "\$CC -O$level -fPIC -shared -o libweak.so -Dmain=weak_main $sources/weak.c $sources/weak2.c libarchive.a -L. -Wl,--no-as-needed -lone -Wl,-rpath,'\$ORIGIN'"
	each "echo 'int weak_main(void); int main(void) { return weak_main(); }' > m.c &&
		\$CC -o weakso$level m.c -L. -lweak -Wl,-rpath,'\$ORIGIN' -Wl,-rpath-link,."
	both "./weakso$level; LD_PRELOAD=./liblate.so ./weakso$level"
done
exit $bad
