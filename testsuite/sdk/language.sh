# What the compiler and its library owe the C language.
. "$1/testsuite/sdk/src/lib.sh"
# musl is the upper half: printf(%La) and such are as its authors chose
LINUX_CC=musl-gcc
for level in 0 2; do
	each "\$CC -O$level -w -frounding-math -o numbers$level $sources/numbers.c -lm -lpthread"
	each "\$CC -O$level -w -o stack$level $sources/stack.c -lpthread"
	both "./numbers$level"
	both "./stack$level"
done
exit $bad
