# Pipelines of native programs and ours, against the same on Linux.
# timeout: 200
src=$1 build=$2
. "$src/testsuite/native/prepare"
make_tools && compare "$here/pipelines" 180
