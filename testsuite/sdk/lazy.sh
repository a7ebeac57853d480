# Functions that nobody has yet: looked for when they are called (man 3 dlopen,
# RTLD_LAZY; man 8 ld.so, LD_BIND_NOW).
. "$1/testsuite/sdk/src/lib.sh"
library() { each "\$CC -O1 -w -fPIC -shared -o $1 $sources/lazy_lib.c $2"; }
library several.so ''
library called.so -DONE
library now.so '-DONE -Wl,-z,now'
library data.so -DDATA
library taken.so '-DONE -DTAKEN'
library pointer.so '-DONE -DPOINTER'
each "\$CC -O1 -w -fPIC -shared -DPROVIDER -o provider.so $sources/lazy_lib.c"
# linked while the function was there
each "\$CC -O1 -w -fPIC -shared -DPROVIDER -Wl,-soname,libgiven.so -o libgiven.so $sources/lazy_lib.c"
each "\$CC -O1 -w -o lazy $sources/lazy.c -ldl -lpthread"
each "\$CC -O1 -w -DDIRECT -o direct $sources/lazy.c -L. -lgiven -Wl,-rpath,'\$ORIGIN'"
each "\$CC -O1 -w -DDIRECT -o directnow $sources/lazy.c -L. -lgiven -Wl,-rpath,'\$ORIGIN' -Wl,-z,now"
each "\$CC -O1 -w -fPIC -shared -DNOTHING -Wl,-soname,libgiven.so -o libgiven.so $sources/lazy_lib.c"

# Linux gives names as they were called, ours are whole paths
cat > "$work/posix/try" <<'END'
"$@" > out 2>&1
echo "$1 $2 $3: status $?"
sed 's|[^ ]*/||g' out
END
cp "$work/posix/try" "$work/linux/try"
both 'for how in called now data taken pointer; do
	sh ./try ./lazy lazily ./$how.so
	sh ./try ./lazy at-once ./$how.so
	LD_BIND_NOW= sh ./try ./lazy lazily ./$how.so
	LD_BIND_NOW=1 sh ./try ./lazy lazily ./$how.so
done'
# who reads it from a pipe sees the end too
both '(./lazy lazily ./called.so; LD_BIND_NOW=1 ./direct; echo $?) 2>&1 | sed "s|[^ ]*/||g"'
both './lazy provided ./several.so ./provider.so'
both './lazy forked ./several.so ./provider.so'
both './lazy threads ./several.so ./provider.so'
both 'for p in direct directnow; do
	sh ./try ./$p
	sh ./try ./$p call
	LD_BIND_NOW=1 sh ./try ./$p
done'
grep -q 'directnow.*127' "$work/linux.out" || fail 'the oracle finds all'
exit $bad
