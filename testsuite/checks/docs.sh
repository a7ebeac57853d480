# What the pages name exists: each word in backticks in README.md and
# winsup/doc is a file of the tree, or a name that occurs in its sources.
# Text with blanks in it (a command, a piece of C) is looked at no further,
# but for "struct x" and "enum x".
src=$1 build=$2
work=$build/tests/docs
mkdir -p "$work"
cd "$src" || exit 1
pages=$(find README.md winsup/doc -name '*.md' -not -name syscalls.md)
find dev ports testsuite utils winsup Makefile.am configure.ac .ci -type f \
	-not -path 'winsup/doc/*' > "$work/files"
find winsup/doc -type f >> "$work/files"
xargs grep -ahoE '[A-Za-z_][A-Za-z0-9_]*' < "$work/files" /dev/null |
	sort -u > "$work/all"
grep -v '^winsup/doc/' "$work/files" | tr '\n' '\0' |
	xargs -0 cat | grep -aoE '[A-Za-z_][A-Za-z0-9_]*' | sort -u > "$work/words"
find dev ports testsuite utils winsup Makefile.am configure.ac .ci LICENSE \
	README.md | sed 's,^,/,' > "$work/paths"
bad=0
for page in $pages; do
	# code blocks are not prose; what is in backticks may go over a line's end
	awk '/^```/ { skip = !skip; next }
		/^$/ || /^[#|]/ { prose = 0 }
		!/^    / || prose { if (!skip) { print; prose = !/^$/ } }' "$page" |
		tr '\n' ' ' | tr -s ' ' | grep -oE '`[^`]+`' | tr -d '`' |
		sed -E 's/^(struct|enum) //; s/\(\)$//' | grep -v ' ' | sort -u |
		while read -r name; do
			case $name in
			/*|\\*|C:*|-*|\$*|*=*|~*|./dev|build|build/*|*.exe|*.dll|*.dll.debug) continue ;;
			*[!A-Za-z0-9_]*)
				# a path, from the top or from a room's folder
				grep -qE "/$(echo "${name%/}" | sed 's/[.+*]/\\&/g')\$" \
					"$work/paths" || echo "$page: no file $name" ;;
			*)
				grep -qx "$name" "$work/words" ||
					grep -qE "/$name\$" "$work/paths" ||
					echo "$page: nothing is called $name" ;;
			esac
		done
done > "$work/wrong"
cat "$work/wrong"
[ ! -s "$work/wrong" ] || bad=1
# and what the sources say of pages
for name in $(grep -rhoE '(how-[a-z-]+|windows-facts|decisions/[a-z-]+)(\.md)?' \
	winsup/libposix utils ports testsuite/checks Makefile.am dev | sort -u); do
	[ -f "winsup/doc/${name%.md}.md" ] || {
		grep -rn "$name" winsup/libposix utils ports testsuite/checks Makefile.am dev
		bad=1
	}
done
# a fact that is cited by number is there
for n in $(grep -rhoE 'windows-facts(\.md)? #[0-9]+' winsup utils testsuite \
	Makefile.am | grep -oE '[0-9]+$' | sort -un); do
	grep -qE "^$n\. " winsup/doc/windows-facts.md || {
		echo "windows-facts.md has no #$n"
		bad=1
	}
done
exit $bad
