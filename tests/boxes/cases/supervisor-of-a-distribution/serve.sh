#!/bin/bash
set -euo pipefail
echo hello from a service
until supervisorctl status ticker | grep -q RUNNING; do sleep 0.1; done
supervisorctl stop ticker
supervisorctl shutdown
