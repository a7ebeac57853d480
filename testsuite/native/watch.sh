# What native programs do to watched files is told as well, and what our own do
# is not told twice.  timeout: 120
src=$1 build=$2
. "$src/testsuite/native/prepare"
"$cross" -O1 -w -o "$ours/watcher" "$here/watcher.c" || exit 1
rm -rf "$out/watch"
mkdir -p "$out/watch/d/sub" && cd "$out/watch" || exit 1
cat > script <<'END'
$OURS/watcher 8 d d/sub > told &
while ! grep -q ready told; do sleep 0.1; done
cmd /c 'echo native> d\a.txt'
sleep 3
cmd /c 'ren d\a.txt b.txt'
sleep 1
cmd /c 'mkdir d\folder'
sleep 1
cmd /c 'echo deeper> d\sub\c.txt'
sleep 3
cmd /c 'del d\b.txt'
sleep 1
echo ours > d/ours
mv d/ours d/other
rm d/other
cmd /c 'rmdir d\folder'
wait
cat told
END
cat > expected <<'END'
ready
d a.txt create
d a.txt modify
d a.txt close_write
d a.txt moved_from
d b.txt moved_to
d folder create dir
d/sub c.txt create
d/sub c.txt modify
d/sub c.txt close_write
d b.txt delete
d ours create
d ours modify
d ours close_write
d ours moved_from
d other moved_to
d other delete
d folder delete
status 0
END
OURS=/mnt/z$ours timeout 100 $run "$build/root/usr/bin/sh" script < /dev/null > output 2>&1
echo "status $?" >> output
# cmd writes text and end of line apart: told once or twice, as who reads is slow
# or fast (man 7 inotify, "identical successive events")
uniq output > once && mv once output
diff expected output
