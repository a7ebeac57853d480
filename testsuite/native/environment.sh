# What a native program sees of our environment and folder, and what one of
# ours sees that a native program started.
src=$1 build=$2
. "$src/testsuite/native/prepare"
make_tools || exit 1
rm -rf "$out/environment"
mkdir -p "$out/environment/a b" && cd "$out/environment" || exit 1
root=$(echo "Z:$build/root" | tr / '\\')
tools=$(echo "Z:$ours" | tr / '\\')
cat > script <<'END'
tool=$NATIVE/tool.exe
PATH=/usr/bin:/mnt/c/windows::relative:/bin:/not/there HOME=/mnt/c/users \
	TMP=/tmp TEMP=/usr/bin/ TMPDIR=relative OTHER=/usr/bin LIST=/usr:/bin \
	WINDOWS='C:\x' $tool env PATH HOME TMP TEMP TMPDIR OTHER LIST WINDOWS
HOME=/mnt/c PATH= TMP= $tool env HOME PATH TMP
PATH=/mnt/c/windows path='a;b' $tool env PATH
cd /mnt/c/windows && $tool cwd && $tool env PWD
cd /mnt/c && $tool cwd
cd / && $tool cwd
cd "$HERE/a b" && $tool cwd
cd "$HERE"
echo "and back"
PATH=/usr/bin:/bin:/mnt/c/windows HOME=/mnt/c/users TMP=/tmp X=/usr/bin \
	BYTES=$(printf 'a\377\303') $tool start "$OURS\tool" env PATH HOME TMP X BYTES
$tool start "$OURS\tool" exit 12
echo $?
echo abc | $tool start "$OURS\tool" cat | $tool start "$OURS\tool" sum
rm -f sub
$tool start "$ROOT\usr\bin\sh" -c 'echo $PWD > sub; kill -TERM $$'
echo $?
cat sub
END
cat > expected <<END
PATH=$root\\usr\\bin;C:\\windows;.;relative;$root\\usr\\bin;/not/there
HOME=C:\\users
TMP=$root\\tmp
TEMP=$root\\usr\\bin
TMPDIR=relative
OTHER=/usr/bin
LIST=/usr:/bin
WINDOWS=C:\\x
HOME=C:\\
PATH=
TMP=
PATH=C:\\windows
C:\\windows
PWD=C:\\windows
C:\\
$root
Z:$(echo "$PWD" | tr / '\\')\\a%20b
and back
PATH=/usr/local/bin:/usr/bin:/bin:/mnt/c/windows
HOME=/mnt/c/users
TMP=/tmp
X=/usr/bin
BYTES=a%ff%c3
12
4 bytes, $(printf 'abc\n' | "$linux/tool" sum | cut -d' ' -f3)
143
/mnt/z$PWD
END
NATIVE=/mnt/z$native OURS=$tools ROOT=$root HERE=/mnt/z$PWD \
	timeout 55 $run "$build/root/usr/bin/sh" script > seen 2>&1 < /dev/null
diff expected seen
