# posix-strace: what it shows, of whom, and how it ends.
src=$1 build=$2
work=$build/tests/scratch/posix-strace
mkdir -p "$work"
cd "$work" || exit 1
cat > script <<'END'
rm -f /tmp/posix-strace-*
posix-strace -e trace=write echo hi 2>&1 >/dev/null | sed 's/ <.*//'
posix-strace -o out -e write sh -c 'echo a; (echo b); exit 3' > /dev/null
echo "status $?"
sed 's/ <.*//' out
# children too, each line with its pid
posix-strace -f -o out -e write sh -c 'echo a; (echo b); :' > /dev/null
sed -e 's/^[0-9]* [0-9.]* /PID /' -e 's/ <.*//' out
cut -d' ' -f1 out | grep -v + | sort -u | wc -l
# others than those named; their error by name
posix-strace -o out -e 'trace=!write,mmap' cat missing 2> /dev/null
echo "status $?"
grep -c -e '^write' -e '^mmap' out
sed -n 's/ (Windows.*\| <.*//; /^open.*missing/p' out
posix-strace -e none sh -c 'kill -9 $$' 2>&1
echo "status $?"
posix-strace -e none nosuch 2>&1
echo "status $?"
posix-strace > /dev/null 2>&1
echo "status $?"
posix-strace -o /missing/x true 2>&1
echo "status $?"
# standard streams are the program's
echo data | posix-strace -e none cat 2> /dev/null
# shown while it runs
rm -f live
posix-strace -e write sh -c 'echo early; sleep 20' 2> live > /dev/null & tracer=$!
n=0
until grep -qs early live || [ $n = 100 ]; do sleep 0.1; n=$((n + 1)); done
grep -c early live
# a signal to it is for the program, and it leaves nothing behind
kill $tracer
wait $tracer
echo "status $?"
ls /tmp/posix-strace-* 2> /dev/null | wc -l
END
cat > expected <<'END'
write(1, "hi\n", 3) = 3
+++ exited with 0 +++
status 3
write(1, "a\n", 2) = 2
+++ exited with 3 +++
PID write(1, "a\n", 2) = 2
PID write(1, "b\n", 2) = 2
+++ exited with 0 +++
2
status 1
0
open("missing", 0100000, 00) = -1 ENOENT
+++ killed by signal 9 (Killed) +++
status 137
posix-strace: nosuch: No such file or directory
+++ exited with 127 +++
status 127
status 1
posix-strace: /missing/x: No such file or directory
status 1
data
1
status 143
0
END
"$src/utils/build/wine-run" "$build" "$build/root/usr/bin/sh" script > got 2>&1
diff expected got
