# posix-doctor: says that a good installation is one, and of bad ones what is
# wrong.  timeout: 200
src=$1 build=$2
work=$build/tests/scratch/posix-doctor
rm -rf "$work"
mkdir -p "$work"
cd "$work" || exit 1
run="$src/utils/build/wine-run $build"
bad=0
# says STATUS PATTERN...: what it prints has each of them, and ends so
says() {
	[ "$status" = "$1" ] || { echo "$what: status $status, not $1"; bad=1; }
	shift
	for pattern; do
		grep -q -e "$pattern" out && continue
		echo "$what: no \"$pattern\" in:"
		cat out
		bad=1
	done
}
# doctor ROOT [VARIABLE...]
doctor() {
	root=$1
	shift
	env "$@" $run "$root/usr/bin/posix-doctor.exe" > out 2>&1 < /dev/null
	status=$?
}
# a copy that can be spoilt: links to the files themselves
copy() {
	rm -rf "$1"
	mkdir -p "$1/usr/bin" "$1/tmp" "$1/var/tmp" "$1/dev" "$1/etc" "$1/proc" "$1/mnt"
	cp -al "$build/root/usr/bin/." "$1/usr/bin/"
}

what='the bundle'
doctor "$build/root"
says 0 '^ok   .* has its parts' '^ok   Windows starts a process in [0-9.]* ms' \
	'^ok   fork takes [0-9.]* ms' '^ok   DLL and hosts lie where they should ([1-4] looked at)' \
	'^ok   /tmp can be written' '^ok   /dev/shm can be written' '^ok   /mnt/[a-z] can be read'
grep -v '^ok \|^note ' out && bad=1

what='from our shell'
$run "$build/root/usr/bin/sh" -c posix-doctor > out 2>&1
status=$?
says 0 '^ok   PATH has this installation' '^ok   [0-9]* other process.* in this session, none stale'

what='POSIX_HOSTS'
doctor "$build/root" POSIX_HOSTS=fresh
says 0 '^note POSIX_HOSTS is fresh'
doctor "$build/root" POSIX_HOSTS=frehs
says 0 '^note POSIX_HOSTS is frehs, which is none'

what='no host'
copy root
rm root/usr/bin/posix-host.exe
doctor "$work/root"
says 1 '^BAD  .*posix-host.exe is missing: unpack'

what='no DLL of x86-64'
copy root
rm root/usr/bin/posix1.dll
echo text > root/usr/bin/posix1.dll
doctor "$work/root"
says 1 '^BAD  .*posix1.dll is no program of x86-64'

what='another program for a host'
copy root
rm root/usr/bin/posix-host.exe
cp root/usr/bin/posixpath.exe root/usr/bin/posix-host.exe
doctor "$work/root"
says 1 '^BAD '

what='two builds in PATH'
mkdir -p other
{ cat "$build/root/usr/bin/posix1.dll"; echo more; } > other/posix1.dll
cat > script <<'END'
PATH=$PATH:/mnt/z$1/other posix-doctor
END
$run "$build/root/usr/bin/sh" script "$work" > out 2>&1
status=$?
says 1 '^BAD  .*posix1.dll in PATH is another build than' \
	'^BAD  .*other.posix1.dll has no posix-host.exe beside it'
cp "$build/root/usr/bin/posix1.dll" other/
echo other > other/posix-host.exe
$run "$build/root/usr/bin/sh" script "$work" > out 2>&1
status=$?
says 1 '^note .*posix1.dll in PATH is a copy of ours' '^BAD  .*posix-host.exe is of another build'

what='no /tmp'
copy root
rmdir root/var/tmp
echo > root/var/tmp
doctor "$work/root"
says 1 '^ok   /tmp can be written' '^BAD  /var/tmp cannot be written'
exit $bad
