# musl's unpacked sources are what its tarball holds, and the tarball is the
# one that ports/sources.lock names: upstream's file, unmodified.
src=$1 build=$2
set -- $(awk '$1 == "musl" { print $2, $3, $4 }' "$src/ports/sources.lock")
version=${1%-*} tarball=$build/sources/$2 sum=$3
echo "$sum  $tarball" | sha256sum -c --quiet || exit 1
work=$build/tests/musl
rm -rf "$work"
mkdir -p "$work"
tar xf "$tarball" -C "$work" --strip-components=1 || exit 1
# .done is make's mark
diff -r -q -x .done "$work" "$build/sources/musl-$version" || exit 1
rm -rf "$work"
