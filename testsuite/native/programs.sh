# Native programs started by our shell: arguments, environment, folder, status,
# how they are found, how they die.  timeout: 200
src=$1 build=$2
. "$src/testsuite/native/prepare"
make_tools && compare "$here/programs" 180 || exit 1
# Windows' limit, not Linux'
[ "$(cat "$out/programs/wine/too-long")" = "too long: 126" ]
