# posixpath: each form and option, on paths that are there and that are not.
src=$1 build=$2
work=$build/tests/scratch/posixpath
mkdir -p "$work"
cd "$work" || exit 1
# Z:\x of /x, with the backslashes that sed wants
windows() { (cd "$1" && printf 'Z:%s' "$(pwd)" | sed 's|/|\\\\|g'); }
cat > script <<'END'
show() { printf '%s ' "$*"; posixpath "$@" 2> error; echo "status $?"; cat error; }
show -w / /tmp /tmp/missing/x /mnt/z/etc /bin/ls
show -w 'C:\windows' /mnt/c/windows 'a:b' rel/x . ..
show -m / /mnt/c/windows rel/x
show -aw .
show 'C:\windows\system32' 'Z:\tmp' C:/ c: 'foo\bar' /usr
show -u /usr ../x
show -a 'C:\a' | sed "s|$PWD|PWD|"
(cd /usr && show -a bin ../tmp)
show -pw /usr/bin:/bin::/mnt/c
show -p 'C:\windows;Z:\tmp;foo\bar'
show -p 'C:\windows'
show -p /a:/b
show -w /dev/null
show -w /mnt/q/x
show ''
show -i ''
show -i
posixpath > /dev/null 2>&1; echo "nothing: $?"
posixpath -x > /dev/null 2>&1; echo "no option: $?"
ln -sf /usr link; posixpath -aw link/bin link/missing/x /tmp/../usr
posixpath -w "/tmp/ü 日"
printf '/tmp\n/usr' | posixpath -wf -
posixpath -wf missing.list 2>&1; echo "status $?"
x=$(posixpath -w /usr/bin/sh.exe); posixpath "$x"
END
sed -e "s|Z:ROOT|$(windows "$build/root")|" \
	-e "s|;Z:ROOT|;$(windows "$build/root")|" \
	-e "s|Z:HERE|$(windows .)|" -e "s|MIXED|$(cd "$build/root" && pwd)|" \
	> expected <<'END'
-w / /tmp /tmp/missing/x /mnt/z/etc /bin/ls Z:ROOT
Z:ROOT\tmp
Z:ROOT\tmp\missing\x
Z:\etc
Z:ROOT\usr\bin\ls
status 0
-w C:\windows /mnt/c/windows a:b rel/x . .. C:\windows
C:\windows
a:b
rel\x
.
..
status 0
-m / /mnt/c/windows rel/x Z:MIXED
C:/windows
rel/x
status 0
-aw . Z:HERE
status 0
C:\windows\system32 Z:\tmp C:/ c: foo\bar /usr /mnt/c/windows/system32
/mnt/z/tmp
/mnt/c
/mnt/c
foo/bar
/usr
status 0
-u /usr ../x /usr
../x
status 0
-a C:\a /mnt/c/a
status 0
-a bin ../tmp /usr/bin
/tmp
status 0
-pw /usr/bin:/bin::/mnt/c Z:ROOT\usr\bin;Z:ROOT\usr\bin;.;C:\
status 0
-p C:\windows;Z:\tmp;foo\bar /mnt/c/windows:/mnt/z/tmp:foo/bar
status 0
-p C:\windows /mnt/c/windows
status 0
-p /a:/b /a:/b
status 0
-w /dev/null status 1
posixpath: /dev/null: Windows has no path for it
-w /mnt/q/x Q:\x
status 0
 status 1
posixpath: an empty path
-i  
status 0
-i status 0
nothing: 1
no option: 1
Z:ROOT\usr\bin
Z:ROOT\usr\missing\x
Z:ROOT\usr
Z:ROOT\tmp\ü 日
Z:ROOT\tmp
Z:ROOT\usr
posixpath: missing.list: No such file or directory
status 1
/bin/sh.exe
END
"$src/utils/build/wine-run" "$build" "$build/root/usr/bin/sh" script > got 2>&1
diff expected got
