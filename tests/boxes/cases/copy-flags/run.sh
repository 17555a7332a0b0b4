#!/bin/sh
set -e
exec "$@"
echo no
