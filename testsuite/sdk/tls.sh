# Thread-local variables across shared objects.
. "$1/testsuite/sdk/src/lib.sh"
for level in 0 2; do
	each "\$CC -O$level -fPIC -shared -o libtls.so $sources/tls_lib.c"
	each "\$CC -O$level -fPIC -shared -o libtlsplugin.so $sources/tls_plugin.c -L. -ltls"
	each "\$CC -O$level -rdynamic -o tls$level $sources/tls.c -L. -ltls -lpthread -ldl -Wl,-rpath,'\$ORIGIN'"
	both "./tls$level"
done
exit $bad
