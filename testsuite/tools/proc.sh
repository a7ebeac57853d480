# What busybox's tools make of /proc: each finds the processes that are there.
src=$1 build=$2
work=$build/tests/scratch/proc-tools
mkdir -p "$work"
cd "$work" || exit 1
cat > script <<'END'
sleep 77.1 & a=$!
sleep 77.2 & b=$!
sh -c 'while :; do :; done' & busy=$!
tries=0
until [ "$(pgrep -f 'sleep 77[.]')" = "$a
$b" ] || [ $tries = 100 ]; do sleep 0.1; tries=$((tries + 1)); done
[ $tries -lt 100 ] && echo "pgrep -f finds them"
[ "$(pidof sleep)" = "$b $a" ] && echo "pidof too"
ps -o pid,ppid,stat,comm,args | tr -s ' ' |
	sed -n "s/^ *$a $$ /A /p; s/^ *$b $$ /B /p"
kill -STOP $b
ps -o pid,stat,comm | tr -s ' ' | sed -n "s/^ *$b /B /p"
kill -CONT $b
top -bn1 | grep -c "[w]hile :; do"
tries=0
until ps -o pid,time | grep -q "^ *$busy .*0:0[1-9]" || [ $tries = 100 ]; do
	sleep 0.1; tries=$((tries + 1))
done
[ $tries -lt 100 ] && echo "it was busy"
pkill -f 'sleep 77[.]2'
wait $b
echo "pkill: $?"
pmap $a | grep -o '/usr/bin/sleep' | sort -u
pmap $a | grep -c 'rw-p .*\[stack\]'
lsof | awk -v pid=$a '$1 == pid && $3 == 0 { print $2, $4 }'
ls -l /proc/$a/exe | sed 's/.*-> //'
[ "$(pwdx $a)" = "$a: $(pwd -P)" ] && echo "pwdx knows its folder"
killall sleep
wait $a
echo "killall: $?"
kill $busy
free | awk '/^Mem:/ { print ($2 > 65536 && $3 > 0 && $2 == $3 + $4 + $6) }'
uptime | grep -c 'up .* load average'
df -P /tmp | awk 'NR > 1 { print $6, ($2 > 0 && $4 <= $2) }'
mount | sed -n 's/.* on \(\/[a-z]*\) type \([a-z]*\) (r[ow])$/\1 \2/p'
END
cat > expected <<'END'
pgrep -f finds them
pidof too
A S sleep sleep 77.1
B S sleep sleep 77.2
B T sleep
1
it was busy
pkill: 143
/usr/bin/sleep
1
/usr/bin/sleep /dev/null
/usr/bin/sleep
pwdx knows its folder
killall: 143
1
1
/ 1
/ ntfs
/bin ntfs
/dev devtmpfs
/proc proc
/mnt tmpfs
END
"$src/utils/build/wine-run" "$build" "$build/root/usr/bin/sh" script > got 2> errors
diff expected got
