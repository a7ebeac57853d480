# Our programs started by a Windows program.  timeout: 240
src=$1 build=$2
. "$src/testsuite/native/prepare"
make_tools || exit 1
$mingw -O1 -w -o "$native/parent.exe" "$here/parent.c" || exit 1
rm -rf "$out/parent"
mkdir -p "$out/parent" && cd "$out/parent" || exit 1
windows() { echo "Z:$1" | tr / '\\'; }
timeout 230 $run "$native/parent.exe" "$(windows "$ours")" \
	"$(windows "$native")" "$(windows "$build/root/usr/bin/sh")" ${3-} < /dev/null
