# The SDK works wherever its folder is copied: every name, configure scripts,
# CMake, Meson, pkg-config.  timeout: 120
. "$1/testsuite/sdk/src/lib.sh"
cd "$work" || exit 1
cp -a "$root" moved
moved=$work/moved
touch "$moved/marker"
PATH=$moved/sdk/bin:$PATH
export PATH
here="run $moved/usr/bin/sh -c"
builds() { "$@" > out 2>&1 || { fail "$*"; tail -n 30 out; }; }

# the names that build systems look for
for n in gcc cc ar ranlib nm strip objcopy ld windres pkg-config; do
	command -v "x86_64-linux-musl-$n" > found || fail "no x86_64-linux-musl-$n"
	grep -q "^$moved/" found || fail "another $name: $(cat found)"
done
t=x86_64-linux-musl
[ "$($t-gcc -dumpmachine)" = x86_64-linux-musl ] || fail "-dumpmachine"
builds $t-cc '-DKIND="moved"' -c -o kind.o "$sources/greeting.c"
builds $t-ar crs libkind.a kind.o
builds $t-ranlib libkind.a
$t-nm libkind.a | grep -q ' T kind' || fail "nm"
builds $t-objcopy --redefine-sym kind=kind kind.o kind2.o
echo '1 VERSIONINFO { }' > r.rc
builds $t-windres r.rc r.o
$t-ld --version | grep -q 'GNU ld' || fail "ld --version"
builds $t-ld -r -o joined.o kind.o
builds $t-gcc -o program "$sources/greeting.c" libkind.a
builds $t-strip program
prints '^hello moved 1$' $here './program'
prints '^there$' $here 'test -e /marker && echo there'
# what compiles it, and what it links with, is the copy
$t-gcc -v -E "$sources/macros.c" 2>&1 | grep -q "$build/root" && fail "looks into the folder it came from"

# what programs are told about the system
builds $t-gcc -Wall -Werror -o macros "$sources/macros.c"
builds $t-gcc -mlinux -DLINUX -c -o macros.o "$sources/macros.c"
prints '^wide € 8$' $here './macros'
for header in linux/fs.h asm/types.h; do
	echo "#include <$header>" | $t-gcc -E -x c - > /dev/null 2>&1 && fail "$header without -mlinux"
	echo "#include <$header>" | $t-gcc -mlinux -E -x c - > /dev/null || fail "no $header with -mlinux"
done
echo '#include <windows.h>' | $t-gcc -E -x c - > /dev/null 2>&1 && fail "windows.h"

# a folder with a blank in its name
mkdir -p 'with blank/usr'
cp -a moved/sdk 'with blank/' && cp -a moved/usr/include moved/usr/lib 'with blank/usr/'
builds "$work/with blank/sdk/bin/$t-gcc" -mlinux -o blank "$sources/greeting.c" kind.o
prints '^hello moved 1$' $here './blank'

# configure scripts
mkdir configured
(cd configured && CONFIGURE=$sources/project/configure "$moved/sdk/bin/posix-configure" --enable-shared > ../out 2>&1 &&
	make >> ../out 2>&1 && make install DESTDIR="$moved" >> ../out 2>&1) || { fail "posix-configure"; cat out; }
grep -v '^\$\|^mkdir\|^cp\|^ln\|^/' out > said
cat > wanted <<END
EXEEXT=
OBJEXT=o
host x86_64-linux-musl build x86_64-pc-linux-gnu prefix /usr
machine x86_64-linux-musl
malloc(0) yes shared 1
END
head -n 5 said | diff wanted - || fail "posix-configure's answers"
prints '^hello configured 1$' $here 'kind-program'
# every entry of config.site is an assignment with a reason or below one
sh -c '. "$1"' sh "$moved/sdk/share/config.site" || fail "config.site"

# CMake
builds cmake -S "$sources/project" -B cmade -DCMAKE_TOOLCHAIN_FILE="$moved/sdk/share/toolchain.cmake" \
	-DCMAKE_INSTALL_PREFIX=/usr
grep -q 'found fork=1 CreateProcess= windows= long=8 unix=1 win32= suffix=$' out || { fail "CMake's answers"; grep found out; }
builds cmake --build cmade
prints '^hello cmake 1$' $here 'cmade/program'
[ -L cmade/libkind.so ] && [ -f cmade/libkind.so.2.1.0 ] || fail "CMake's library has another name"
builds env DESTDIR="$work/staged" cmake --build cmade --target install
[ -f staged/usr/lib/libkind.so.2.1.0 ] && [ -f staged/usr/bin/program ] || fail "CMake's install"
# a project that names no language may still be C alone
mkdir languages
echo 'int main() { return 0; }' | tee languages/c.c > languages/cxx.cpp
printf '%s\n' 'cmake_minimum_required(VERSION 3.13)' 'project(languages)' 'add_executable(c c.c)' \
	'add_executable(cxx EXCLUDE_FROM_ALL cxx.cpp)' > languages/CMakeLists.txt
builds cmake -S languages -B languages/b -DCMAKE_TOOLCHAIN_FILE="$moved/sdk/share/toolchain.cmake"
builds cmake --build languages/b
prints 'no C++ library for libposix yet' cmake --build languages/b --target cxx

# Meson
mkdir meson-source
cp "$sources/project/meson.build" "$sources/project/part.c" "$sources/greeting.c" meson-source/
builds meson setup --cross-file "$moved/sdk/share/meson.cross" --prefix=/usr mesoned meson-source
grep -q 'found fork=true windows=false long=8 system=linux' out || { fail "Meson's answers"; grep found out; }
builds meson compile -C mesoned
prints '^hello meson 1$' $here 'mesoned/program'
[ -f mesoned/libkind.so.2.1.0 ] || fail "Meson's library has another name"

# pkg-config sees the bundle's packages alone
mkdir -p moved/usr/lib/pkgconfig
cat > moved/usr/lib/pkgconfig/kind.pc <<'END'
prefix=/usr
Name: kind
Description: of greeting
Version: 2.1
Libs: -L${prefix}/lib -lkind
Cflags: -I${prefix}/include/kind
END
[ "$($t-pkg-config --modversion kind)" = 2.1 ] || fail "pkg-config --modversion"
[ "$($t-pkg-config --cflags --libs kind)" = "-I$moved/usr/include/kind -L$moved/usr/lib -lkind " ] ||
	fail "pkg-config says $($t-pkg-config --cflags --libs kind)"
builds $t-gcc -o packaged "$sources/greeting.c" $($t-pkg-config --cflags --libs kind)
prints '^hello configured 1$' $here './packaged'
[ "$($t-pkg-config --list-all | wc -l)" = "$(find moved/usr -name '*.pc' | wc -l)" ] ||
	fail "pkg-config shows the build machine's packages"
"$src/utils/build/wine-run" "$build" --end
[ "$bad" != 0 ] || rm -rf moved 'with blank'
exit $bad
