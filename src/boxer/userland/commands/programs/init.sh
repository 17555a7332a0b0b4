#!/bin/sh
# tini, dumb-init, catatonit: a box is one process, so there is nobody to look after. What is to be
# started takes this one's place.
while [ $# -gt 0 ]; do
    case $1 in
    --) shift; break ;;
    -p | -e | --rewrite) shift 2 ;;
    -*) shift ;;
    *) break ;;
    esac
done
exec "$@"
