# Constructors and destructors, with priorities, in programs and shared
# objects: the order is Linux's.
. "$1/testsuite/sdk/src/lib.sh"
LINUX_CC=musl-gcc # what needs leave open is as musl chose
# lib ME LIBRARY... needs those
lib() {
	me=$1
	shift
	needs= words= n=0
	for needed; do
		n=$((n + 1))
		words="$words -DNEED$n=$needed"
		needs="$needs -lx$needed"
	done
	each "\$CC -fPIC -shared -o libx$me.so $sources/order_lib.c '-DNAME=\"$me\"' \
		-DME=$me $words -L. -Wl,--no-as-needed $needs -Wl,-rpath,'\$ORIGIN'"
}
# not simply the reverse of the order of loading: c is wanted last and needs a
lib d
lib a d
lib c a
lib b c d
lib p b
lib q p c
each "\$CC -o order $sources/order.c -L. -Wl,--no-as-needed -lxa -lxb -ldl -Wl,-rpath,'\$ORIGIN' -Wl,-rpath-link,."
both './order' '^status 7'
both './order dlopen' '^status 7'
both './order fork' '^status 7'
both './order _exit' '^status 4'
both './order quick' '^status 5'
both './order exec'
exit $bad
