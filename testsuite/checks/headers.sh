# The headers that lie over musl's: each by itself in C and in C++, under every
# standard; what POSIX.1-2024 added is seen by who asks for it, or for GNU's,
# and by nobody else.
src=$1 build=$2
work=$build/tests/headers
mkdir -p "$work"
cc="clang-22 --config=$build/root/sdk/etc/posix.cfg -Wall -Wextra -Werror -pedantic"
bad=0
wrong() { echo "$*"; bad=1; }
for header in $(cd "$src/winsup/include" && find . -name '*.h' | cut -c3-); do
	echo "#include <$header>" > "$work/one.c"
	for std in c99 c11 gnu17; do
		$cc -std=$std -fsyntax-only "$work/one.c" || wrong "$header: $std"
	done
	for std in c++11 gnu++17; do
		$cc -std=$std -x c++ -fsyntax-only "$work/one.c" ||
			wrong "$header: $std"
	done
done
# each declared name with a type of our own in its way: an error if it is seen
seen() {
	printf '#include <%s>\nstruct own { int x; };\nstruct own %s(void);\n' \
		"$1" "$2" > "$work/two.c"
	shift 2
	! $cc -fsyntax-only "$@" "$work/two.c" 2> "$work/two.err"
}
while read -r header name; do
	for ask in -D_GNU_SOURCE -D_POSIX_C_SOURCE=202405L -D_XOPEN_SOURCE=800; do
		seen "$header" "$name" -std=c11 $ask || wrong "$name: not with $ask"
	done
	for ask in -std=c11 '-std=c11 -D_POSIX_C_SOURCE=200809L' \
		'-std=c11 -D_XOPEN_SOURCE=700' -std=gnu11; do
		! seen "$header" "$name" $ask || wrong "$name: seen with $ask"
	done
done <<END
pthread.h pthread_cond_clockwait
pthread.h pthread_mutex_clocklock
pthread.h pthread_rwlock_clockrdlock
pthread.h pthread_rwlock_clockwrlock
semaphore.h sem_clockwait
signal.h sig2str
signal.h str2sig
dirent.h posix_getdents
spawn.h posix_spawn_file_actions_addchdir
spawn.h posix_spawn_file_actions_addfchdir
END
exit $bad
