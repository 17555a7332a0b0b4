#!/usr/bin/env sh
cat <<EOT > conf.json
{"a": "$(date +%Y)"}
EOT
python -c 'import json; print(json.load(open("conf.json")))'
