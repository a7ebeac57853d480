# A native program that reads what one of ours writes finds the end of it when
# that has ended, though hosts that it made live on.  timeout: 60
src=$1 build=$2
. "$src/testsuite/native/prepare"
$mingw -O1 -w -o "$native/streams.exe" "$here/streams.c" || exit 1
rm -rf "$out/streams"
mkdir -p "$out/streams" && cd "$out/streams" || exit 1
cat > script <<'EOF'
for i in 1 2 3 4 5 6 7 8; do
	(sleep 1; echo out; echo error >&2) &
done
wait
EOF
sh=$(echo "Z:$build/root/usr/bin/sh" | tr / '\\')
# in a session that goes on
timeout 30 $run "$build/root/usr/bin/sh" -c '"$1" "$2 script"' sh \
	"/mnt/z$native/streams.exe" "$sh" > got < /dev/null || exit 1
[ "$(grep -c '^out' got) $(grep -c '^error' got)" = "8 8" ] && grep -q '^the end' got
