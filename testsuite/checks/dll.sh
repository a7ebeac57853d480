# posix1.dll and posix-host.exe: fixed base, no DYNAMICBASE and HIGHENTROPYVA
# (fork needs them at one place), nothing but ntdll and kernel32 at load.
build=$2
bin=$build/root/usr/bin
bad=0
for f in posix1.dll posix-host.exe; do
	flags=$(llvm-readobj-22 --file-headers "$bin/$f")
	case $flags in
	*DYNAMIC_BASE*|*HIGH_ENTROPY_VA*)
		echo "$f may be moved by Windows"
		bad=1 ;;
	esac
done
llvm-readobj-22 --file-headers "$bin/posix1.dll" | grep -q 'ImageBase: 0x1A0000000' || {
	echo "posix1.dll is not linked at its base"
	bad=1
}
names=$(llvm-readobj-22 --coff-imports "$bin/posix1.dll" |
	sed -n 's/^  Name: //p' | tr 'A-Z' 'a-z' | sort | tr '\n' ' ')
[ "$names" = "kernel32.dll ntdll.dll " ] || {
	echo "posix1.dll imports $names"
	bad=1
}
exit $bad
