# ./dev shell and ./dev run: what goes in and comes out passes unchanged.
src=$1 build=$2
[ "$build" -ef "$src/build" ] || exit 77 # dev's own build folder is another
work=$build/tests/scratch/dev
mkdir -p "$work/a folder"
cd "$work" || exit 1
dev=$src/dev
bad=0
# is NAME WANTED GOT
is() {
	[ "$2" = "$3" ] && return
	echo "$1: wanted [$2], got [$3]"
	bad=1
}
status() { "$@" > /dev/null 2>&1; echo $?; }

# scripts by every kind of path, arguments and $0
echo 'printf "<%s>" "$0" "$@"; exit 7' > s.sh
is relative '<s.sh><a b><><*><é>' "$("$dev" shell s.sh 'a b' '' '*' é)"
is absolute "</mnt/z$work/s.sh><x>" "$("$dev" shell "$work/s.sh" x)"
is options "</mnt/z$work/s.sh><-c>" "$("$dev" shell -e -o noglob "$work/s.sh" -c)"
is status 7 "$(status "$dev" shell "$work/s.sh")"
is bundle 0 "$(status "$dev" shell /etc/profile)"
is missing 2 "$(status "$dev" shell /missing/script)"
is parent "/mnt/z$work/a folder" "$(cd 'a folder' && "$dev" shell -c pwd)"
is stdin '/tmp' "$(echo 'echo "$1"' | "$dev" shell -s /tmp)"
is name 'name one' "$("$dev" shell -c 'echo "$0 $1"' name one)"
is 'C locale' 'é 日' "$(LC_ALL=C "$dev" shell -c 'echo "$1"' x 'é 日')"

# statuses
is exit 255 "$(status "$dev" shell -c 'exit 255')"
for pair in TERM:143 KILL:137 INT:130 PIPE:141 SEGV:139 USR1:138; do
	is "$pair" "${pair#*:}" "$(status "$dev" shell -c "kill -${pair%:*} \$\$")"
	is "run $pair" "${pair#*:}" "$(status "$dev" run sh -c "kill -${pair%:*} \$\$")"
done
is native 5 "$(status "$dev" run cmd /c 'exit 5')"
is 'no program' 127 "$(status "$dev" run no-such-program)"
is 'no file' 127 "$(status "$dev" run ./no-such-program)"
is 'no PE file' 126 "$(status "$dev" run ./s.sh)"
is 'one line' 1 "$("$dev" run ./s.sh 2>&1 | wc -l)"
is 'no command' 1 "$(status "$dev" no-such-command)"
is run 'a b|' "$("$dev" run printf '%s|' 'a b')"

# bytes: files, pipes, appending, both outputs, a shared position
head -c 300000 /dev/urandom > bytes
"$dev" shell -c cat < bytes > out && cmp bytes out || bad=1
cat bytes | "$dev" shell -c 'cat; cat bytes >&2' 2> err | cat > out
cmp bytes out && cmp bytes err || bad=1
"$dev" shell -c 'echo more' >> out
is append more "$(tail -c 5 out)"
printf 'a\nb\nc\n' > lines
is position 'b=b c=c' "$({ read -r _; "$dev" shell -c 'read b; printf "b=$b "'
	read -r c; echo "c=$c"; } < lines)"
is 'CR LF' '0d 0a' "$(printf '\r\n' | "$dev" run cat | od -An -tx1 | xargs)"
is 'end of input' '1' "$("$dev" shell -c 'read x; echo $?' < /dev/null)"
is 'closed input' '1' "$("$dev" shell -c 'read x; echo $?' <&-)"
is 'broken pipe' y "$("$dev" shell -c yes 2> /dev/null | head -n 1)"
exit $bad
