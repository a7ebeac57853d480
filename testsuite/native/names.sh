# Where only prog.exe is, prog finds it: for exec, and for the shell's stat.
src=$1 build=$2
. "$src/testsuite/native/prepare"
make_tools || exit 1
rm -rf "$out/names"
mkdir -p "$out/names" && cd "$out/names" || exit 1
cat > script <<'END'
mkdir bin bin/folder.exe
cp $NATIVE/tool.exe bin/only.exe
cp $NATIVE/tool.exe bin/both.exe
printf '#!/bin/sh\necho ours\n' > bin/both
chmod +x bin/both
cp $NATIVE/tool.exe bin/dot.ted.exe
PATH=$PWD/bin:$PATH
only args a
bin/only args b
both
command -v only | sed 's|.*/bin/|bin/|'
test -x bin/only && echo executable
test -e bin/missing || echo missing
test -e bin/folder || echo "no program"
test -e bin/dot.ted || echo "a name with a dot is taken as it is"
test -L bin/only || echo "no link"
cmd /c 'exit 3'
echo $?
rm bin/only 2> /dev/null || echo "what is not there cannot be removed"
ls bin
END
cat > expected <<'END'
1 [a]
1 [b]
ours
bin/only
executable
missing
no program
a name with a dot is taken as it is
no link
3
what is not there cannot be removed
both
both.exe
dot.ted.exe
folder.exe
only.exe
status 0
END
NATIVE=/mnt/z$native timeout 60 $run "$build/root/usr/bin/sh" script < /dev/null > output 2>&1
echo "status $?" >> output
diff expected output
