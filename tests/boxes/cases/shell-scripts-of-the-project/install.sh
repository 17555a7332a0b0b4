#!/bin/bash
for f in *.py; do python -m py_compile "$f" || exit 1; done
function x() { local a=$1; echo "x $a"; }
x 1
if [[ "$(python -c 'import sys; print(sys.version_info.major)')" == "3" ]]; then echo three; fi
