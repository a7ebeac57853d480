# Hosts serve thousands of lives without growing, and whatever is killed when,
# none is left behind.  timeout: 400
src=$1 build=$2
out=$build/tests/bin
scratch=$build/tests/scratch/hosts
cross=$build/root/sdk/bin/x86_64-linux-musl-gcc
mkdir -p "$out" "$scratch"
cd "$scratch" || exit 1
# a prefix of its own: watch looks at every host there is
export POSIX_PREFIX="$build/wine-watch"
[ -d "$POSIX_PREFIX" ] || cp -a "$build/wine" "$POSIX_PREFIX"
trap '"$src/utils/build/wine-run" "$build" --end' EXIT
x86_64-w64-mingw32-gcc-posix -O1 -w -o "$out/watch.exe" \
	"$src/testsuite/stress/watch.c" -lpsapi -lntdll || exit 1
"$cross" -O1 -w -o "$out/lives" "$src/testsuite/stress/lives.c" || exit 1
"$cross" -std=gnu11 -O1 -D_GNU_SOURCE -w -o "$out/kills" \
	"$src/testsuite/program/stress/kills.c" -I"$src/testsuite" -lcmocka || exit 1
run() {
	echo "$*"
	"$src/utils/build/wine-run" "$build" "$out/watch.exe" "$@" || failed=1
}
failed=0
run "$out/lives" 5000
for policy in recycle pool; do
	POSIX_HOSTS=$policy WATCHED=60 run -kill "$out/kills"
done
exit $failed
