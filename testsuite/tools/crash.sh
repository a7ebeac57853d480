# POSIX_CRASH: what a program that dies says of the way it came, and that it
# says nothing unasked.
src=$1 build=$2
work=$build/tests/scratch/crash
rm -rf "$work"
mkdir -p "$work"
cd "$work" || exit 1
run="$src/utils/build/wine-run $build"
cc=$build/root/sdk/bin/x86_64-linux-musl-gcc
cat > crash.c <<'END'
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define DEEP __attribute__((noinline))
static volatile int zero;

DEEP int deepest(int *p) { *p = 1; return *p; }
DEEP static int middle(int depth)
{
	char room[200 * 100];
	memset(room, depth, sizeof room);
	return depth ? middle(depth - 1) + room[zero] : deepest((int *)8) + room[zero];
}
static int compare(const void *a, const void *b) { return middle(0) + *(int *)a; }
DEEP static void sorts(void)
{
	int list[] = { 3, 2, 1 };
	qsort(list, 3, sizeof *list, compare);
	zero++;
}
static int (*volatile absent)(void);
DEEP static int nowhere(void) { return absent() + 1; }
DEEP static int divide(int by) { return 10 / by; }
DEEP static void aborts(void) { abort(); }
static void handler(int signal) { deepest((int *)8); zero++; }
DEEP static void raises(void) { signal(SIGUSR1, handler); raise(SIGUSR1); zero++; }
static void *thread(void *unused) { middle(1); return unused; }
DEEP static int endless(int n)
{
	volatile char room[1000];
	room[0] = (char)n;
	return endless(n + 1) + room[0];
}
/* a stack that is none: what is above deepest() is not to be read */
DEEP static void broken(void)
{
	*((void *volatile *)__builtin_frame_address(0) + 1) = (void *)0x1234;
	zero++;
}

int main(int argc, char **argv)
{
	pthread_t t;

	switch (*argv[1]) {
	case 'f': return middle(2) + 1;
	case 'q': sorts(); break;
	case 'n': return nowhere() + 1;
	case 'd': return divide(zero) + 1;
	case 'a': aborts(); break;
	case 'h': raises(); break;
	case 't': pthread_create(&t, 0, thread, 0); pthread_join(t, 0); break;
	case 'e': return endless(0) + 1;
	case 'b': broken(); break;
	case 'k': kill(getpid(), SIGTERM); break;
	case 'c': close(2); return middle(2) + 1;
	case 'u': unsetenv("POSIX_CRASH"); return middle(2) + 1;
	}
	return 0;
}
END
"$cc" -O1 -fno-optimize-sibling-calls -w -o crash crash.c || exit 1
"$cc" -O1 -fno-optimize-sibling-calls -w -s -o stripped crash.c || exit 1
cat > script <<'END'
# the line, then the functions of which names are known
show() {
	sed -n -e 's/.*crash\[[0-9]*\]: \(.*\), thread [0-9]*$/\1:/p
		s/^  #[0-9]* .*+0x[0-9a-f]*  \([a-z_]*\)+0x[0-9a-f]*$/ \1/p
		s/^  #[0-9]*  *\(0x[0-9a-f]*\)$/ \1/p; s/^  \.\.\.$/ .../p' |
		sed '/^ main/q' | uniq | tr -d '\n'
	echo
}
export POSIX_CRASH=1
for how in fault qsort nowhere abort handler thread endless broken kill close unset; do
	echo "$how $(./crash $how 2>&1 | show)"
done
./crash divide 2>&1 | show | sed 's/address 0x[0-9a-f]*:/HERE/'
sh -c 'kill -QUIT $$' 2>&1 | grep -c 'sh\[[0-9]*\]: SIGQUIT'
(sleep 9 & sh -c 'kill -SEGV $1' sh $!; wait $!) 2>&1 | grep -c 'SIGSEGV, sent by [0-9]*, thread'
./stripped fault 2>&1 | grep -c 'stripped+0x[0-9a-f]*$'
# a pipe that nobody reads is no reason to stay
./crash fault 2>&1 | true
# what it says does not change how it ends
./crash fault 2> /dev/null
echo "status $?"
for off in 0 ''; do POSIX_CRASH=$off ./crash fault 2>&1; done
unset POSIX_CRASH
./crash fault 2>&1
echo done
END
cat > expected <<'END'
fault SIGSEGV, address 0x8: deepest middle main
qsort SIGSEGV, address 0x8: deepest middle compare qsort_r qsort sorts main
nowhere SIGSEGV, address 0x0: 0x0 nowhere main
abort SIGABRT: raise abort aborts main
handler SIGSEGV, address 0x8: deepest handler raise raises main
thread SIGSEGV, address 0x8: deepest middle thread
endless SIGSEGV, address OVERFLOW: endless ...
broken SIGSEGV, address 0x1234: 0x1234
kill 
close 
unset SIGSEGV, address 0x8: deepest middle main
SIGFPE, HERE divide main
1
1
5
status 139
done
END
$run "$build/root/usr/bin/sh" script > got 2>&1
sed -i -e 's/^\(endless.*\)address 0x[0-9a-f]*/\1address OVERFLOW/' -e '/^[A-Z][a-z ]*$/d' got
diff expected got
