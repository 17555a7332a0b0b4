#!/bin/sh
# boxer: pipenv
# Started in a box: `pipenv run` starts a program in the project's environment, as it was built.
if [ "${1:-}" != run ] || [ $# -lt 2 ]; then
    echo "pipenv: \`pipenv ${1:-}\` cannot be done when a box runs; do it in a RUN" >&2
    exit 2
fi
shift
folder=$PWD
while [ "$folder" ] && [ ! -e "$folder/Pipfile" ] && [ ! -e "$folder/Pipfile.lock" ]; do
    folder=${folder%/*}
done
for environment in "$folder/.venv" "${HOME:-/root}/.local/share/virtualenvs/${folder##*/}"; do
    if [ -e "$environment/bin/python" ]; then
        export PATH="$environment/bin:$PATH" VIRTUAL_ENV="$environment"
        break
    fi
done
exec "$@"
