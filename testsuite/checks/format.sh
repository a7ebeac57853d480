# clang-format decides what C looks like.
src=$1
cd "$src" || exit 1
clang-format-14 --dry-run -Werror $(find winsup/libposix utils testsuite \
	-name '*.[ch]' -not -path '*/musl/*')
