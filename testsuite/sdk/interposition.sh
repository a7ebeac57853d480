# A program's own malloc, other functions that a program or LD_PRELOAD puts
# before the library's, --wrap.
. "$1/testsuite/sdk/src/lib.sh"
LINUX_CC=musl-gcc # whose strdup() calls the program's malloc(), as ours does
LINUX_CFLAGS=-Wl,-rpath,.
each "\$CC -fPIC -shared -o libtwo.so $sources/malloc_lib.c"
each "\$CC \$CFLAGS -O2 -fno-builtin -o own $sources/malloc.c -L. -ltwo -Wl,-rpath,'\$ORIGIN'"
both ./own
each "\$CC -fPIC -shared -o libwrap.so $sources/wrap.c -ldl"
each "\$CC \$CFLAGS -O0 -o preloaded $sources/preloaded.c"
both './preloaded; LD_PRELOAD=./libwrap.so ./preloaded'
each "\$CC -fPIC -shared -o libdefault.so $sources/interpose_default.c"
each "\$CC -fPIC -shared -o liblib.so $sources/interpose_lib.c -L. -ldefault"
each "\$CC \$CFLAGS -o interpose $sources/interpose.c -L. -llib -ldefault -Wl,-rpath,'\$ORIGIN'"
both ./interpose
each "\$CC -O0 -o wrapped $sources/wrapped.c -Wl,--wrap=malloc"
both ./wrapped
exit $bad
