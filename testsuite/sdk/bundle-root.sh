# The root is found from the DLL's own place, wherever the bundle lies; etc/fstab
# adds to it.  timeout: 120
src=$1 build=$2
run="$src/utils/build/wine-run $build"
work=$build/tests/scratch/bundle-root
bundle="$work/a folder, moved"
bad=0
rm -rf "$work"
mkdir -p "$bundle/usr/bin" "$bundle/etc" "$bundle/tmp" "$work/elsewhere"
for f in posix1.dll posix-host.exe sh sh.exe busybox cat ls ln rm mkdir touch df; do
	[ ! -e "$build/root/usr/bin/$f" ] || cp -a "$build/root/usr/bin/$f" "$bundle/usr/bin"
done
echo "it is here" > "$bundle/etc/motd"
echo "and here" > "$work/elsewhere/file"
windows=Z:$work/elsewhere
{
	echo "# a comment, and a line without sense"
	echo "nonsense"
	echo "$windows /elsewhere ntfs rw 0 0"
	printf '%s\t%s\t%s\t%s\n' "$(echo "$windows" | tr / '\\')" /read/only ntfs ro
	printf '%s/a\\040folder,\\040moved/etc /with/blanks ntfs\n' "Z:$work"
} > "$bundle/etc/fstab"

# expect TEXT SCRIPT: what the bundle's shell says
expect() {
	said=$(cd "$work" && timeout 60 $run "$bundle/usr/bin/sh" -c "$2" 2>&1 < /dev/null)
	[ "$said" = "$1" ] || {
		echo "$2: $said; not: $1"
		bad=1
	}
}

expect "it is here" 'cat /etc/motd'
expect "it is here" 'cat /bin/../etc/motd'
expect "and here" 'cat /elsewhere/file'
expect "and here" 'cat /read/only/file'
expect "it is here" 'cat /with/blanks/motd'
# where no folder /read is
expect "and here" 'ln -s /read/only to-only && cat to-only/file && rm to-only'
expect "done" 'echo x > /elsewhere/new && rm /elsewhere/new && echo done'
expect "no" '(echo x > /read/only/new) 2> /dev/null || echo no'
expect "no" 'rm -f /read/only/file 2> /dev/null || echo no'
expect "no" 'mkdir /read/only/x 2> /dev/null || echo no'
expect "/elsewhere" 'cd /elsewhere && pwd'
expect "and here" "cat '$windows/file'"
# and a Windows path becomes the longest mount's
said=$(cd "$work/elsewhere" && timeout 60 $run "$bundle/usr/bin/sh" -c 'pwd' < /dev/null)
[ "$said" = /elsewhere ] || {
	echo "pwd: $said"
	bad=1
}
# what a killed process was about to delete goes with the next session
echo x > "$bundle/.posix-deleted-1-2-3"
mkdir "$bundle/.posix-deleted-1-2-4"
expect "begun" 'echo begun'
left=$(ls -a "$bundle" | grep posix-deleted)
[ -z "$left" ] || {
	echo "still there: $left"
	bad=1
}
exit $bad
