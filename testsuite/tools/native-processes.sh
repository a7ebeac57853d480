# ps and kill see native children as any other process; strace too.
src=$1 build=$2
work=$build/tests/scratch/native-processes
mkdir -p "$work"
cd "$work" || exit 1
cat > script <<'END'
PATH=/usr/bin:/bin:/mnt/c/windows/system32
ping.exe -n 60 127.0.0.1 > /dev/null & a=$!
ping.exe -n 61 127.0.0.1 > /dev/null & b=$!
tries=0
until [ "$(pidof ping.exe)" = "$b $a" ] || [ $tries = 100 ]; do sleep 0.1; tries=$((tries + 1)); done
ps -o pid,comm,args | tr -s ' ' | sed -n "s/^ *$a /A /p; s/^ *$b /B /p"
ls -l /proc/$a/exe | sed 's/.*-> //'
[ "$(pgrep -f 'ping.exe -n 61')" = $b ] && echo "pgrep finds it"
kill -TERM $a
wait $a
echo "status $?"
pkill -KILL -f 'ping.exe -n 61'
wait $b
echo "status $?"
posix-strace -f -a 1 -e %process -e signal=none sh -c 'cmd.exe /c exit 3; exit 4' 2>&1 |
	sed -n 's/.*\(execve(.\/mnt[^0]*\)0x.*/\1/p; s/.*\(+++ ex.*\)/\1/p'
END
cat > expected <<'END'
A ping.exe ping.exe -n 60 127.0.0.1
B ping.exe ping.exe -n 61 127.0.0.1
/mnt/c/windows/system32/ping.exe
pgrep finds it
status 143
status 137
execve("/mnt/c/windows/system32/cmd.exe", ["cmd.exe", "/c", "exit", "3"], 
+++ exited with 3 +++
+++ exited with 4 +++
END
"$src/utils/build/wine-run" "$build" "$build/root/usr/bin/sh" script > got 2>&1
sed -i '/^Killed$\|^Terminated$/d' got
diff expected got
