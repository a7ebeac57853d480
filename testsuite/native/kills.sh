# Members of pipelines killed at random moments: the others end, no native
# program is left.  timeout: 200
src=$1 build=$2
. "$src/testsuite/native/prepare"
make_tools && compare "$here/kills" 180 || exit 1
$run "$native/tool.exe" strays
