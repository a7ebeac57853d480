# What is not to be in a commit.
src=$1
cd "$src" || exit 1
grep -rnE '#if 0|XXX|FIXME|TODO' winsup utils ports dev configure.ac Makefile.am \
	--include='*' | grep -v 'TODO(PARTIAL)' | grep -v 'mkdtemp\|-XXXXXX"' && exit 1
exit 0
