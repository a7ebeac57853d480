# posix-strace: what it shows, of whom, and how it ends.
# timeout: 120
src=$1 build=$2
work=$build/tests/scratch/posix-strace
mkdir -p "$work"
cd "$work" || exit 1
cat > script <<'END'
rm -f /tmp/posix-strace-*
posix-strace -a 1 -e trace=write echo hi 2>&1 >/dev/null
posix-strace -o out -e write -e s=none sh -c 'echo a; (echo b); exit 3' > /dev/null
echo "status $?"
cat out
# children too, each line with its pid
posix-strace -f -o out -e write -a 1 -e signal=none sh -c 'echo a; (echo b); :' > /dev/null
sed -e 's/^[0-9]*  */PID /' out
cut -d' ' -f1 out | sort -u | wc -l
posix-strace -f -e trace=exit_group sh -c '(exit 2); (exit 3); :' 2>&1 |
	sed -e 's/[0-9]*\( attached\)/PID\1/' -e 's/pid *[0-9]*/pid PID/' -e '/SIGCHLD/d'
# a file for each
rm -f each.*
posix-strace -ff -o each -e write -e signal=none sh -c '(echo b); :' > /dev/null
cat each.* | sort
# others than those named; their error by name
posix-strace -o out -e 'trace=!write,mmap' cat missing 2> /dev/null
echo "status $?"
grep -c -e '^write' -e '^mmap' out
grep '^open.*missing' out
# families
for set in %file %desc %process %memory %signal process 'write,%process' /^wri; do
	posix-strace -o out -e "$set" sh -c 'trap : USR1; cat < /etc/profile > /dev/null; echo x' > /dev/null
	echo "$set" $(sed -n 's/^\([a-z0-9_]*\)(.*/\1/p' out | sort -u | grep -x -e open -e write \
		-e close -e execve -e exit_group -e mmap -e rt_sigaction)
done
posix-strace -Z -o out -e open cat /etc/profile missing > /dev/null 2>&1
sed -n 's/ *=.*//p' out
posix-strace -z -o out -e open cat /etc/profile missing > /dev/null 2>&1
sed -n 's/ *=.*//p' out
# times
posix-strace -T -e write echo hi 2>&1 > /dev/null | grep -c '= 3 <0\.[0-9]\{6\}>$'
posix-strace -tt -e write echo hi 2>&1 > /dev/null | grep -c '^[0-9][0-9]:[0-9][0-9]:[0-9][0-9]\.[0-9]\{6\} write'
[ "$(posix-strace -ttt -e write echo hi 2>&1 > /dev/null | sed -n 's/\..* write.*//p')" -ge $(($(date +%s) - 60)) ] &&
	echo 'seconds of now'
posix-strace -r -e trace=write,close sh -c 'echo; sleep 1' 2>&1 > /dev/null | grep -c '^     [01]\.[0-9]\{6\} '
# names of descriptors, sizes
posix-strace -y -a 1 -e trace=open,close cat /etc/profile 2>&1 > /dev/null
posix-strace -s 3 -a 1 -e write echo hello 2>&1 > /dev/null
posix-strace -s 40 -a 1 -e write echo 12345678901234567890123456789012345 2>&1 > /dev/null
# the table
posix-strace -c -e trace=open,write -o out sh -c 'echo a; echo b; read x < missing' 2> /dev/null > /dev/null
sed -n 1,2p out
awk '$NF == "open" || $NF == "total" { print $(NF - 2), $(NF - 1), $NF }' out
posix-strace -e none sh -c 'kill -9 $$' 2>&1
echo "status $?"
posix-strace -E NEW=1 -e none sh -c 'echo "$NEW"; env | grep -c STRACE' 2> /dev/null
posix-strace nosuch 2>&1
echo "status $?"
posix-strace -e trace=nosuch true 2>&1
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
# one that runs already
rm -f stop
sh -c 'until [ -e stop ]; do sleep 0.1; : < /etc/profile; done; exit 6' & p=$!
posix-strace -o out -e trace=open,exit_group -e signal=none -a 1 -p $p 2> /dev/null & tracer=$!
n=0
until grep -qs profile out || [ $n = 100 ]; do sleep 0.1; n=$((n + 1)); done
posix-strace -p $p 2>&1 | sed 's/ [0-9]*:/ PID:/'
touch stop
wait $p; echo "program $?"
wait $tracer; echo "tracer $?"
sort -u out | grep -v 'ENOENT'
# what is left in peace goes on untraced; killed, it says so
sleep 50 & p=$!
for i in 1 2; do
	posix-strace -q -o out -p $p & tracer=$!
	sleep 1
	[ $i = 1 ] && kill -INT $tracer || kill -KILL $p
	wait $tracer; echo "tracer $?"
done
cat out
posix-strace -p 99999 2>&1; echo "status $?"
ls /tmp/posix-strace-* 2> /dev/null | wc -l
END
cat > expected <<'END'
write(1, "hi\n", 3) = 3
+++ exited with 0 +++
status 3
write(1, "a\n", 2)                      = 2
+++ exited with 3 +++
PID write(1, "a\n", 2) = 2
PID write(1, "b\n", 2) = 2
PID +++ exited with 0 +++
PID +++ exited with 0 +++
2
strace: Process PID attached
[pid PID] exit_group(2)               = ?
[pid PID] +++ exited with 2 +++
strace: Process PID attached
[pid PID] exit_group(3)               = ?
[pid PID] +++ exited with 3 +++
exit_group(0)                           = ?
+++ exited with 0 +++
+++ exited with 0 +++
+++ exited with 0 +++
write(1, "b\n", 2)                      = 2
status 1
0
open("missing", O_RDONLY|O_LARGEFILE)   = -1 ENOENT (No such file or directory)
%file execve open
%desc close mmap write
%process execve exit_group
%memory mmap
%signal rt_sigaction
process execve exit_group
write,%process execve exit_group write
/^wri write
open("missing", O_RDONLY|O_LARGEFILE)
open("/etc/profile", O_RDONLY|O_LARGEFILE)
1
1
seconds of now
2
open("/etc/profile", O_RDONLY|O_LARGEFILE) = 3</etc/profile>
close(3</etc/profile>) = 0
+++ exited with 0 +++
write(1, "hel"..., 6) = 6
+++ exited with 0 +++
write(1, "12345678901234567890123456789012345\n", 36) = 36
+++ exited with 0 +++
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
1 1 open
6 1 total
+++ killed by SIGKILL +++
status 137
1
0
posix-strace: Cannot find executable 'nosuch'
status 1
posix-strace: invalid system call 'nosuch'
status 1
posix-strace: /missing/x: No such file or directory
status 1
data
1
status 143
posix-strace: attach to PID: Operation not permitted
program 6
tracer 0
+++ exited with 6 +++
exit_group(6) = ?
open("/etc/profile", O_RDONLY|O_LARGEFILE) = 3
tracer 0
tracer 0
+++ killed by SIGKILL +++
posix-strace: attach to 99999: No such process
status 1
0
END
"$src/utils/build/wine-run" "$build" "$build/root/usr/bin/sh" script > got 2>&1
sed -i '/^Killed$\|^Terminated$/d' got
diff expected got
