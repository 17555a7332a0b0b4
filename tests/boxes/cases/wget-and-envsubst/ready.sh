set -e
envsubst '$TITLE' < page.html.template > page.html
python -m http.server 8000 > /dev/null 2>&1 &
until wget -q --spider http://localhost:8000/; do sleep 0.1; done
wget -qO- http://localhost:8000/page.html
NAME=all envsubst < page.html.template
wget -q -P /tmp/files http://localhost:8000/page.html && ls /tmp/files
wget -q http://localhost:8000/none || echo "status $?"
wget -q -t 1 http://localhost:1/ || echo "status $?"
wget --mirror http://localhost:8000/ 2>&1 || echo "status $?"
kill $!
