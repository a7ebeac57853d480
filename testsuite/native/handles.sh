# 400 native children, each with two pumps: no handle and no memory stays.
# timeout: 200
src=$1 build=$2
. "$src/testsuite/native/prepare"
make_tools || exit 1
# a prefix of its own: watch looks at every host there is
export POSIX_PREFIX="$build/wine-watch"
[ -d "$POSIX_PREFIX" ] || cp -a "$build/wine" "$POSIX_PREFIX"
trap '"$src/utils/build/wine-run" "$build" --end' EXIT
$mingw -O1 -w -o "$native/watch.exe" "$src/testsuite/stress/watch.c" -lpsapi -lntdll || exit 1
mkdir -p "$out/handles" && cd "$out/handles" || exit 1
cat > script <<'END'
PATH=/usr/bin:/bin:$NATIVE
i=0
while [ $i -lt 400 ]; do
	[ "$(echo $i | tool.exe cat)" = $i ] || { echo "wrong at $i"; exit 1; }
	i=$((i + 1))
done
END
NATIVE=/mnt/z$native timeout 190 $run "$native/watch.exe" \
	"$build/root/usr/bin/sh" script < /dev/null
