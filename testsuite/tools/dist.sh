# The zip: its size, what is in it, and that it works where it is unpacked.
# timeout: 120
src=$1 build=$2
work="$build/tests/scratch/dist here"
mkdir -p "$work"
sh "$src/utils/build/dist" "$src" "$build" > "$work/log" || { cat "$work/log"; exit 1; }
[ "$(wc -c < "$build/libposix.zip")" -le 10485760 ] || exit 1
run="$src/utils/build/wine-run $build"
# the bundled unzip unpacks it
(cd "$work" && $run "$build/root/usr/bin/sh" -c 'unzip -q "$1"' sh \
	"/mnt/z$build/libposix.zip") || exit 1
cat > "$work/script" <<'END'
pwd | sed 's|.*/tests|tests|'
ls /
/bin/ls -d /usr/bin
command -v ls
echo c b a | xargs -n 1 echo | sort | tr '\n' ' '
env awk 'BEGIN { print 6 * 7 }'
sed --version 2>&1 | head -n 1
find / -xdev -name '*.dll'
echo text | gzip | gunzip
echo '#!/bin/sh
echo script "$@"' > x; chmod +x x; ./x 1 2
sh -c 'exit 3'; echo $?
posixpath -m /usr | sed 's|.*/tests|tests|'
posix-strace -e write -a 1 echo hi 2>&1
for n in busybox compiler-rt dash libposix mingw-w64 musl; do
	cat /usr/share/licenses/$n/* | grep -ci -m 1 copyright
done
[ -e /sdk ] || [ -e /usr/lib ] || [ -e /usr/include ] || echo 'no SDK'
for tool in cat cp grep head ls mkdir mv rm sed sort tar tail touch tr uniq vi wc; do
	[ -x /bin/$tool ] || echo "missing: $tool"
done
. /etc/profile; echo "$PS1"
END
cat > "$work/expected" <<'END'
tests/scratch/dist here
README.txt
dev
etc
home
mnt
proc
tmp
usr
var
/usr/bin
/usr/bin/ls
a b c 42
This is not GNU sed version 4.0
/usr/bin/posix1.dll
text
script 1 2
3
tests/scratch/dist here/libposix/usr
hi
write(1, "hi\n", 3) = 3
+++ exited with 0 +++
1
1
1
1
1
1
no SDK
$PWD $ 
END
cd "$work" || exit 1
$run "$work/libposix/usr/bin/sh.exe" script > got 2>&1
diff expected got
