# Files of a running program that are removed or replaced.
. "$1/testsuite/sdk/src/lib.sh"
each "\$CC -fPIC -shared -o libshared.so $sources/interpose_lib.c"
each "\$CC -o removed $sources/removed.c -L. -lshared -Wl,-rpath,'\$ORIGIN'"
each "for n in 1 2 3 4 5 6; do mkdir \$n && cp removed libshared.so \$n/ && echo text > \$n/other; done"
both './1/removed none; ./2/removed remove 2/removed 2/libshared.so; ls 2
	./3/removed remove 3/libshared.so; cd 4; ./removed replace removed; ls; cat removed
	cd ../5 && ./removed replace libshared.so; cat libshared.so'
for hosts in fresh pool recycle; do
	each "cp removed libshared.so 1/"
	both "POSIX_HOSTS=$hosts 1/removed remove 1/removed 1/libshared.so"
done
# one that Windows has started
(cd "$work/posix/6" && run ./removed remove removed libshared.so > "$work/posix.out" 2>&1 < /dev/null)
(cd "$work/linux/6" && ./removed remove removed libshared.so > "$work/linux.out" 2>&1)
diff "$work/linux.out" "$work/posix.out" || fail "started by Windows"
exit $bad
