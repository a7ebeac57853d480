# posix1.exports against the headers (musl's, and ours of the same names over
# them) and what is defined, in both directions:
# what is declared is defined and listed, and what is listed is defined and
# either declared or one of ours, below the list's second comment.
src=$1 build=$2
work=$build/tests/exports
mkdir -p "$work"
cc='clang-22 --target=x86_64-pc-cygwin -fno-short-wchar -U__CYGWIN__ -U__CYGWIN64__'
sh "$src/utils/build/public-names" "$build/musl/include" $cc \
	-I"$src/winsup/include" > "$work/public"
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
# declared, and in no musl for x86-64 either
cat > "$work/nobody" <<'EOF'
_flush_cache
alloca
authtype_names
cachectl
cacheflush
encrypt_names
enctype_names
pthread_mutexattr_getprioceiling
pthread_mutexattr_setprioceiling
sgetspent
slc_names
EOF
awk 'NR == FNR { have[$1] = 1; next } !($1 in have) { print $1 }' \
	"$work/listed" "$work/public" | LC_ALL=C sort > "$work/lacking"
LC_ALL=C comm -3 "$work/lacking" "$work/nobody" > "$work/wrong"
[ ! -s "$work/wrong" ] || {
	echo "declared, but not exported (right column: not so):"
	cat "$work/wrong"
	bad=1
}
# the first part of the list is the headers', what is below is not
awk '/^#/ { part += previous != "#"; previous = "#"; next }
	{ previous = "" } NF && part == 1 { print $1 }' \
	"$src/winsup/libposix/posix1.exports" | LC_ALL=C sort > "$work/above"
awk '{ print $1 }' "$work/public" | LC_ALL=C sort > "$work/declared"
leaks=$(LC_ALL=C comm -23 "$work/above" "$work/declared")
[ -z "$leaks" ] || { echo "exported, but declared nowhere:" $leaks; bad=1; }
awk '{ print $1 }' "$work/listed" | LC_ALL=C sort |
	LC_ALL=C comm -23 - "$work/above" > "$work/below"
ours=$(LC_ALL=C comm -12 "$work/below" "$work/declared")
[ -z "$ours" ] || { echo "listed as ours, but declared:" $ours; bad=1; }
# the file itself exports the list, and no more
llvm-readobj-22 --coff-exports "$build/root/usr/bin/posix1.dll" |
	sed -n 's/^  Name: //p' | grep . | LC_ALL=C sort > "$work/exported"
awk '{ print $1 }' "$work/listed" | LC_ALL=C sort |
	LC_ALL=C diff - "$work/exported" || {
	echo "posix1.dll exports something else than the list"
	bad=1
}
twice=$(awk '{ print $1 }' "$work/listed" | uniq -d)
[ -z "$twice" ] || { echo "listed twice: $twice"; bad=1; }
exit $bad
