# posix1.exports against musl's headers and what is defined: nothing that is
# declared and defined is missing, nothing is listed that is not there.
src=$1 build=$2
work=$build/tests/exports
mkdir -p "$work"
cc='clang-22 --target=x86_64-pc-cygwin -fno-short-wchar -U__CYGWIN__ -U__CYGWIN64__'
sh "$src/utils/build/public-names" "$build/musl/include" $cc > "$work/public"
sh "$src/utils/build/defined-names" llvm-nm-22 "$build/musl/libc.a" \
	$(find "$build/lower" -name '*.o') > "$work/defined"
grep -vE '^(#|$)' "$src/winsup/libposix/posix1.exports" | LC_ALL=C sort > "$work/listed"
awk 'NR == FNR { defined[$1] = 1; next } $1 in defined' \
	"$work/defined" "$work/public" | LC_ALL=C sort > "$work/wanted"
bad=0
missing=$(LC_ALL=C comm -23 "$work/wanted" "$work/listed")
[ -z "$missing" ] || { echo "declared and defined, but not exported:" $missing; bad=1; }
LC_ALL=C comm -13 "$work/wanted" "$work/listed" | while read -r name kind; do
	grep -qx "$name" "$work/defined" || echo "$name"
done > "$work/absent"
[ ! -s "$work/absent" ] || { echo "listed, but not defined:"; cat "$work/absent"; bad=1; }
twice=$(awk '{ print $1 }' "$work/listed" | uniq -d)
[ -z "$twice" ] || { echo "listed twice: $twice"; bad=1; }
exit $bad
