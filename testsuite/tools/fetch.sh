# Sources are fetched by several at once, as make -j does.  An apt-get of our
# own stands in for the real one: it fails where another one is at work.
src=$1 build=$2
here=$build/tests/scratch/fetch
rm -rf "$here"
mkdir -p "$here/utils/build" "$here/ports" "$here/bin" "$here/cache"
cp "$src/utils/build/fetch-source" "$here/utils/build/"
for name in one two three four; do
	sum=$(echo "$name" | sha256sum | cut -d' ' -f1)
	echo "$name 1-1 $name.tar.gz $sum" >> "$here/ports/sources.lock"
done
cat > "$here/bin/apt-get" <<'EOF'
#!/bin/sh
# apt-get -qq update | apt-get -qq source ... NAME=VERSION
mkdir "$BUSY" || exit 1
sleep 0.1
list=$(sed -n 's/^Dir::Etc::sourcelist "\(.*\)";/\1/p' "$APT_CONFIG")
[ -f "$list" ] || exit 1
case $2 in
source)
	for last in "$@"; do :; done
	echo "${last%=*}" > "${last%=*}.tar.gz" ;;
esac
rmdir "$BUSY"
EOF
chmod +x "$here/bin/apt-get"
export BUSY="$here/busy" PATH="$here/bin:$PATH"
children=
for name in one two three four; do
	"$here/utils/build/fetch-source" -c "$here/cache" $name &
	children="$children $!"
done
bad=0
for child in $children; do
	wait "$child" || bad=1
done
[ $bad = 0 ] || exit 1
for name in one two three four; do
	[ -f "$here/cache/$name.tar.gz" ] || exit 1
done
