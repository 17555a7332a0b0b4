#!/bin/sh
# boxer: uv
# Started in a box: `uv run` starts a program in the project's environment, as it was built.
cannot() {
    echo "uv: $1 cannot be done when a box runs; do it in a RUN" >&2
    exit 2
}
[ "${1:-}" = run ] || cannot "\`uv ${1:-}\`"
shift
module=
while [ $# -gt 0 ]; do
    case $1 in
    -m | --module) module=yes ;;
    --) shift; break ;;
    --project | --directory | --python | -p | --extra | --group | --only-group | --no-group | \
    --package | --env-file | --with | --link-mode | --cache-dir) shift ;;
    -*) ;;
    *) break ;;
    esac
    shift
done
[ $# -gt 0 ] || cannot "\`uv run\` without a program"
folder=$PWD
while [ "$folder" ] && [ ! -e "$folder/.venv/pyvenv.cfg" ]; do
    folder=${folder%/*}
done
environment=${UV_PROJECT_ENVIRONMENT:-$folder/.venv}
if [ -e "$environment/bin/python" ]; then
    export PATH="$environment/bin:$PATH" VIRTUAL_ENV="$environment"
fi
if [ "$module" ]; then
    exec python -m "$@"
fi
case $1 in
*.py) exec python "$@" ;;
*) exec "$@" ;;
esac
