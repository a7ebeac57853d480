# dlopen, dlsym, dladdr, dl_iterate_phdr; plugins.
. "$1/testsuite/sdk/src/lib.sh"
LINUX_CC=musl-gcc # objects stay after dlclose, as in ours
for level in 0 2; do
	for plugin in a b c; do
		each "\$CC -O$level -w -fPIC -shared -o plugin$plugin.so $sources/plugin.c \
			'-DNAME=\"$plugin\"' -DWHICH=$((1$level + 1))"
	done
	each "\$CC -O$level -fPIC -shared -o libdeep.so $sources/deep.c"
	each "\$CC -O$level -fPIC -shared -o libneighbour.so $sources/neighbour.c -L. -ldeep -Wl,-rpath,'\$ORIGIN'"
	each "\$CC -O$level -fPIC -shared -o broken.so $sources/broken.c"
	each "\$CC -O$level -fPIC -shared -o libgone.so $sources/deep.c &&
		\$CC -O$level -fPIC -shared -o half.so $sources/neighbour.c -L. -lgone && rm libgone.so"
	each "\$CC -O$level -w -rdynamic -o host$level $sources/host.c -ldl -lpthread"
	each "\$CC -O$level -w -Wl,-E -o hoste$level $sources/host.c -ldl -lpthread"
	both "./host$level; ./hoste$level"
done
# -z defs and --no-undefined: a shared object has to be complete
for words in -Wl,-z,defs -Wl,--no-undefined; do
	(cd "$work/posix" && prints 'undefined symbol: deep' \
		"$tool-gcc" -shared -o x.so "$sources/neighbour.c" $words)
done
exit $bad
