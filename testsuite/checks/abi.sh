# Numbers and structs of winsup/libposix/abi against the kernel's own headers
# and the kernel itself: builds testsuite/abi/*.c natively and runs them.
src=$1 build=$2
work=$build/tests/abi
mkdir -p "$work"
bad=0
for f in "$src"/testsuite/abi/*.c; do
	out=$work/$(basename "$f" .c)
	gcc -std=gnu11 -g -Wall -Werror -I"$src/winsup/libposix" \
		-I"$src/testsuite" -o "$out" "$f" -lcmocka && "$out" || bad=1
done
exit $bad
