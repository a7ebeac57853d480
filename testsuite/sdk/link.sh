# The link driver: archives, -l, options of gcc and ld that builds use.
. "$1/testsuite/sdk/src/lib.sh"
cd "$work/posix" || exit 1
cc=$tool-gcc
mkdir -p archive shared both
$cc '-DKIND="static"' -c -o kind.o "$sources/greeting.c" && "$tool-ar" crs archive/libkind.a kind.o || fail "archive"
$cc '-DKIND="shared"' -fPIC -shared -o shared/libkind.so "$sources/greeting.c" || fail "shared"
cp archive/libkind.a shared/libkind.so both/
"$tool-ranlib" archive/libkind.a || fail ranlib

# output_is WANTED SCRIPT
output_is() {
	run "$root/usr/bin/sh" -c "LD_LIBRARY_PATH=shared:both; export LD_LIBRARY_PATH; $2" \
		> "$work/out" 2>&1 < /dev/null
	[ "$(cat "$work/out")" = "$1" ] || {
		fail "this should print \"$1\": $2"
		cat "$work/out"
	}
}
builds() { "$@" > "$work/out" 2>&1 || { fail "$*"; cat "$work/out"; }; }

# -l: the first folder that has it, in it the shared one first
builds $cc -o p1 "$sources/greeting.c" -Larchive -Lshared -lkind
builds $cc -o p2 "$sources/greeting.c" -L shared -L archive -l kind
builds $cc -o p3 "$sources/greeting.c" -Lboth -lkind
builds $cc -o p4 "$sources/greeting.c" -static -Lboth -lkind
builds $cc -o p5 "$sources/greeting.c" -Lboth -l:libkind.a
builds $cc -o p6 "$sources/greeting.c" -Lboth -Wl,-Bstatic -lkind -Wl,-Bdynamic -lm
builds $cc -o p7 "$sources/greeting.c" -Wl,--start-group archive/libkind.a -Wl,--end-group
output_is 'hello static 1
hello shared 1
hello shared 1
hello static 1
hello static 1
hello static 1
hello static 1' 'for n in 1 2 3 4 5 6 7; do ./p$n; done'
prints 'cannot find -lnowhere' $cc -o x "$sources/greeting.c" -lnowhere
prints 'undefined symbol: kind' $cc -o x "$sources/greeting.c"
prints 'no such file' $cc -o x missing.o
[ ! -e x ] || fail "a link that fails leaves its output"

# the libraries of C and POSIX are all there, and empty
builds $cc -o p9 "$sources/greeting.c" kind.o -lc -lm -lpthread -lrt -ldl -lutil -lcrypt -lresolv -pthread

# response files, -Wl,-Map, -s, output without -o, options without meaning
printf '%s\n' "-o 'with blank'" "\"$sources/greeting.c\"" archive/libkind.a > words
builds $cc @words
builds $cc -o p10 "$sources/greeting.c" kind.o -Wl,-Map,map.txt -Wl,-Map=map2.txt -Wl,--cref
grep -q 'main' map2.txt || fail "no main in the map"
builds $cc -g -o p11 "$sources/greeting.c" kind.o
builds $cc -g -s -o p12 "$sources/greeting.c" kind.o
[ "$(wc -c < p12)" -lt "$(wc -c < p11)" ] || fail "-s leaves the symbols"
builds $cc "$sources/greeting.c" kind.o
[ -f a.out ] && [ ! -e a.exe ] || fail "the usual output is a.out"
builds $cc -o p13 "$sources/greeting.c" kind.o -O2 -flto -pipe -rdynamic -Wl,-z,relro,-z,now -Wl,--hash-style=gnu \
	-Wl,--build-id=sha1 -Wl,-O1 -Wl,--sort-common -Wl,--as-needed -lm -Wl,--gc-sections -ffunction-sections \
	-Wl,--no-undefined -Wl,--warn-common -fstack-protector-strong -D_FORTIFY_SOURCE=2 -static-libgcc
$cc -c -o main.o "$sources/greeting.c" &&
	builds $cc -r -o joined.o main.o kind.o && builds $cc -o p14 joined.o
builds "$tool-ld" -r -o joined2.o main.o kind.o
# tools of a build afterwards
cp p11 p15 && builds "$tool-strip" p15
[ "$(wc -c < p15)" -lt "$(wc -c < p11)" ] || fail "strip leaves the symbols"
cp p11 p16 && builds "$tool-strip" --strip-debug p16
builds "$tool-objcopy" --only-keep-debug p11 p11.debug
cp shared/libkind.so stripped.so && builds "$tool-strip" --strip-unneeded stripped.so && cp stripped.so shared/libkind.so
output_is 'hello static 1
hello static 2
hello static 1
hello static 1
hello static 1
optimized
hello static 1
hello static 1
hello static 1
hello shared 1' '"./with blank"; ./p9 hello; ./a.out; ./p12; ./p13; ./p14; ./p15; ./p16; ./p2'

# gc-sections, whole archives
builds $cc -shared -o whole.so -Wl,--whole-archive archive/libkind.a -Wl,--no-whole-archive
llvm-readobj-22 --coff-exports whole.so | grep -q 'Name: kind' || fail "--whole-archive takes nothing"
echo '__attribute__((visibility("hidden"))) int secret(void) { return 1; }
static int own(void) { return 2; } int shown(void) { return secret() + own(); }
__attribute__((weak)) int weak_shown(void) { return 3; } int puts(const char *s) { return 4; }
__attribute__((visibility("hidden"), weak)) int weak_secret(void) { return 5; }
__attribute__((visibility("hidden"))) void *calloc(unsigned long a, unsigned long b) { return 0; }' > names.c
builds $cc -shared -w -o names.so names.c
names=$(llvm-readobj-22 --coff-exports names.so | sed -n 's/^  Name: //p' | sort | tr '\n' ' ')
[ "$names" = 'puts shown weak_shown ' ] || fail "a shared object exports $names"

# a soname becomes the library's own name, whatever the file is called
builds $cc -shared -Wl,-soname -Wl,libnamed.so.3 -o libnamed.so.3.1.4 kind.o
ln -sf libnamed.so.3.1.4 libnamed.so
builds $cc -o p17 "$sources/greeting.c" -L. -lnamed
prints 'libnamed.so.3: cannot open' run "$root/usr/bin/sh" -c ./p17

# C++ has no library yet, and every way to ask for it says so
echo 'int main() { return 0; }' | tee main.cpp > main.cc
for try in "$tool-g++ main.cpp" "$tool-c++ -c main.cc" "$cc main.cpp" "$cc -x c++ main.cc"; do
	prints 'no C++ library for libposix yet' $try
	$try > /dev/null 2>&1 && fail "succeeds: $try"
done
# what is left of Windows for programs: one library
libraries=$(llvm-readobj-22 --coff-imports p2 | sed -n 's/^  Name: //p')
[ "$libraries" = posix1.dll ] || fail "Windows' loader would look for $libraries"
exit $bad
