#!/bin/bash
set -euo pipefail
stamp() { printf '%s %s\n' "$1" "${2:-none}"; }
stamp start "${JOB:-nightly}"
while read -r line; do
    case $line in
    *tue*) echo "found: $line" ;;
    esac
done < /var/log/job.log
exec python -c "import time; print('zone', *time.tzname)"
