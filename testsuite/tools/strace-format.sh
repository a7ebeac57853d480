# posix-strace beside strace: the same program natively, of the same C library,
# and each line of both alike.  timeout: 90
src=$1 build=$2
command -v strace > /dev/null || exit 77
work=$build/tests/scratch/strace-format
rm -rf "$work"
mkdir -p "$work/linux" "$work/posix"
cd "$work" || exit 1
cat > calls.c <<'END'
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
static void handler(int s) {}
int main(void)
{
	char buf[200]; int p[2], st; struct stat b; struct timespec ts={0,1000}; pid_t pid;
	getppid();
	int fd=open("file", O_RDWR|O_CREAT|O_TRUNC|O_CLOEXEC, 0644);
	write(fd,"hello\n\t\"\\\1\0012\377",13);
	lseek(fd,0,SEEK_SET); read(fd,buf,200); pread(fd,buf,5,2);
	memset(buf,'x',200); write(fd,buf,100);
	fstat(fd,&b); stat("file",&b); lstat("nosuch",&b); stat("/dev/null",&b);
	ftruncate(fd,5); fcntl(fd,F_GETFD); fcntl(fd,F_SETFD,FD_CLOEXEC); fcntl(fd,F_GETFL); fcntl(fd,F_SETFL,O_APPEND|O_NONBLOCK);
	fcntl(fd,F_DUPFD_CLOEXEC,30); dup(fd); dup2(fd,20); dup3(fd,21,O_CLOEXEC);
	access("file",R_OK|W_OK); access("file",F_OK); faccessat(AT_FDCWD,"file",X_OK,AT_EACCESS);
	mkdir("dir",0755); rename("file","dir/f"); link("dir/f","dir/g"); symlink("target","dir/s"); readlink("dir/s",buf,200);
	unlink("dir/f"); unlink("dir/g"); unlinkat(AT_FDCWD,"dir/s",0); chmod("dir",0700); rmdir("dir"); chdir("nosuch"); umask(022);
	pipe(p); pipe2(p,O_NONBLOCK|O_CLOEXEC); read(p[0],buf,1);
	struct iovec v[2]={{"ab",2},{"cde",3}}; writev(p[1],v,2);
	struct iovec w={buf,200}; readv(p[0],&w,1);
	struct pollfd f[2]={{p[0],POLLIN|POLLPRI},{p[1],POLLOUT}}; poll(f,2,0); poll(f,1,1);
	void *m=mmap(0,4096,PROT_READ|PROT_WRITE,MAP_PRIVATE|MAP_ANONYMOUS,-1,0); mprotect(m,4096,PROT_NONE); madvise(m,4096,MADV_DONTNEED); munmap(m,4096);
	struct sigaction a={.sa_handler=handler,.sa_flags=SA_RESTART}; sigaddset(&a.sa_mask,SIGINT); sigaction(SIGUSR1,&a,0); sigaction(SIGUSR1,0,&a);
	signal(SIGPIPE,SIG_IGN);
	sigset_t s,o; sigemptyset(&s); sigaddset(&s,SIGUSR2); sigaddset(&s,SIGTERM); sigprocmask(SIG_BLOCK,&s,&o); sigprocmask(SIG_SETMASK,&o,0);
	kill(getpid(),SIGUSR1); kill(99999,0);
	nanosleep(&ts,0); clock_gettime(CLOCK_MONOTONIC,&ts);
	struct rlimit l; getrlimit(RLIMIT_NOFILE,&l); getrusage(RUSAGE_SELF,(void*)buf);
	alarm(0); struct itimerval it={{0,0},{0,10000}}; setitimer(ITIMER_REAL,&it,0); signal(SIGALRM,handler); pause();
	int e=epoll_create1(EPOLL_CLOEXEC); struct epoll_event ev={EPOLLIN|EPOLLET,{.u64=7}}; epoll_ctl(e,EPOLL_CTL_ADD,p[0],&ev); epoll_wait(e,&ev,1,0); eventfd(3,EFD_NONBLOCK);
	getuid(); getpgrp(); setpgid(0,0);
	pid=fork(); if(!pid) _exit(3); waitpid(pid,&st,0); waitpid(-1,&st,WNOHANG);
	pid=fork(); if(!pid) {raise(SIGTERM);} siginfo_t si; waitid(P_PID,pid,&si,WEXITED);
	isatty(1); 
	char *av[]={"none","a b",0}; execv("/nosuch",av);
	raise(SIGTERM);
}
END
musl-gcc -w -O1 -static -o linux/calls calls.c || exit 1
"$build/root/sdk/bin/x86_64-linux-musl-gcc" -w -O1 -o posix/calls calls.c || exit 1
# a sandbox may forbid to trace
strace -o linux/probe true 2> /dev/null || exit 77
(cd linux && env -i PATH="$PATH" strace -o out ./calls > /dev/null 2>&1 < /dev/null)
(cd posix && "$src/utils/build/wine-run" "$build" "$build/root/usr/bin/posix-strace" \
	-o out ./calls > /dev/null 2>&1 < /dev/null)
# What differs: numbers of the system's choice, and messages, which are
# strerror()'s of two libraries.  An ignored signal is none here, clocks are
# none of the kernel's there, and pids in one Wine are small.
alike() {
	sed -n '/^getppid/,$p' "$1" |
		grep -v -e '^--- SIGCHLD' -e '^clock_gettime' -e '^getppid' |
		sed -e 's/0x[0-9a-f]\{5,\}/ADDRESS/g' -e 's/ \/\* [0-9]* vars* \*\// VARS/' \
			-e 's/\(= -1 E[A-Z]*\) (.*/\1/' -e 's/uid=[0-9]*/uid=N/g' \
			-e 's/\(getp*[gu]*id([0-9]*) *= \).*/\1N/' \
			-e 's/\(fork() *= \).*/\1N/' -e 's/pid=[0-9]*/pid=N/g' \
			-e 's/_\(sec\|usec\|nsec\)=[0-9]*/_\1=N/g' -e 's/rlim_\(cur\|max\)=[0-9*]*/rlim_\1=N/g' \
			-e 's/^kill([1-8][0-9]*, /kill(N, /' -e 's/^tkill([0-9]*, /tkill(N, /' \
			-e 's/^waitid(P_PID, [0-9]*/waitid(P_PID, N/' \
			-e '/^wait4([0-9]/s/4(\([0-9]*\),\(.*\)= \1$/4(N,\2= N/' -e 's/\(^eventfd2.*= \).*/\1N/' -e 's/  *= / = /'
}
alike linux/out > linux/alike
alike posix/out > posix/alike
[ "$(wc -l < linux/alike)" -gt 80 ] || { echo "strace says little"; exit 1; }
# results stand in the same column
for o in linux posix; do grep -c '^.\{40\}= ' $o/out | awk '{ print ($1 > 40) }'; done > columns
[ "$(tr '\n' ' ' < columns)" = '1 1 ' ] || { echo "columns"; exit 1; }
diff linux/alike posix/alike || exit 1

# who makes whom: a file for each process, since strace cuts lines apart
cat > spawn.c <<'END'
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
extern char **environ;
int main(int c, char **v)
{
	char *a[] = { "true", 0 };
	pid_t p; int s;
	if (!vfork()) _exit(3);
	wait(&s);
	posix_spawn(&p, "/bin/true", 0, 0, a, environ);
	wait(&s);
	posix_spawn(&p, "/nosuch", 0, 0, a, environ);
	if (!vfork()) { execl("/bin/true", "true", "x", NULL); _exit(1); }
	wait(&s);
	return 0;
}
END
musl-gcc -w -O1 -static -o linux/spawn spawn.c || exit 1
"$build/root/sdk/bin/x86_64-linux-musl-gcc" -w -O1 -o posix/spawn spawn.c || exit 1
for policy in recycle fresh; do
	rm -f linux/o.* posix/o.*
	(cd linux && strace -ff -o o -e %process -e signal=none ./spawn 2> /dev/null)
	(cd posix && POSIX_HOSTS=$policy "$src/utils/build/wine-run" "$build" \
		"$build/root/usr/bin/posix-strace" -ff -o o -e %process -e signal=none ./spawn)
	for o in linux posix; do
		for f in $(ls $o/o.* | sort -t. -k2 -n); do
			sed -e 's/ \/\* [0-9]* vars* \*\///' -e 's/0x[0-9a-f]*/ADDRESS/g' \
				-e '/^\(vfork\|clone\)/s/= .*/= N/' -e 's/^wait4(\([0-9]*\),/wait4(N,/' \
				-e '/^wait4/s/= [0-9]*$/= N/' -e 's/(No such.*//' -e 's/  *= / = /' $f
		done > $o/spawned
	done
	[ "$(wc -l < linux/spawned)" -gt 15 ] || exit 1
	diff linux/spawned posix/spawned || exit 1
done
