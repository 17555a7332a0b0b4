#!/bin/sh
set -e
echo "begun as $(python3 -c 'import os; print(os.getuid())')"
if [ "$1" = stay ]; then
    shift
    exec "$@"
fi
exec su-exec worker "$@"
