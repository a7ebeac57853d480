# Every writable variable of the lower half is marked HOST_STATE: .data and
# .bss are musl's, which fork copies and exec renews.
build=$2
bad=0
for o in $(find "$build/lower" -name '*.c.o'); do
	sizes=$(llvm-readobj-22 --sections "$o" | awk '
		/Name:/ { name = $2 }
		/RawDataSize:/ { size = $2 }
		/Characteristics/ { if ((name == ".data" || name == ".bss") && size > 0) print name, size }')
	[ -z "$sizes" ] || {
		echo "${o#"$build"/lower/}: $sizes"
		bad=1
	}
done
exit $bad
