#!/bin/sh
# boxer: poetry
# Started in a box: `poetry run` starts a program in the project's environment, as it was built.
while [ $# -gt 0 ]; do
    case $1 in
    -n | -q | -v | -vv | -vvv | --no-interaction | --no-ansi | --ansi | --quiet) shift ;;
    *) break ;;
    esac
done
if [ "${1:-}" != run ] || [ $# -lt 2 ]; then
    echo "poetry: \`poetry ${1:-}\` cannot be done when a box runs; do it in a RUN" >&2
    exit 2
fi
shift
folder=$PWD
while [ "$folder" ] && [ ! -e "$folder/pyproject.toml" ]; do
    folder=${folder%/*}
done
for environment in "$folder/.venv" "${HOME:-/root}/.cache/pypoetry/virtualenvs/${folder##*/}"-py3*; do
    if [ -e "$environment/bin/python" ]; then
        export PATH="$environment/bin:$PATH" VIRTUAL_ENV="$environment"
        break
    fi
done
exec "$@"
