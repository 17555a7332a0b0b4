#!/bin/sh
set -e
if [ "${DEBUG:-0}" = "1" ]; then echo debug; fi
: "${PORT:=8000}"
export PORT
exec "$@"
