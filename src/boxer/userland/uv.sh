#!/bin/sh
# boxer: uv
# Started in a box: `uv run` starts a program in the project's environment, as it was built.
cannot() {
    echo "uv: $1 cannot be done when a box runs; do it in a RUN" >&2
    exit 2
}
enter() {
    cd "$1" || exit 2
}
# The lines NAME=VALUE of a file; what is set already stays.
load() {
    if [ ! -r "$1" ]; then
        echo "uv: No environment file found at: \`$1\`" >&2
        exit 2
    fi
    while IFS= read -r line || [ "$line" ]; do
        line=${line#export }
        case $line in
        '#'*) ;;
        *=*)
            name=${line%%=*}
            value=${line#*=}
            case $value in
            \"*\" | \'*\') value=${value#?} value=${value%?} ;;
            esac
            eval "[ \"\${$name+set}\" ]" || export "$name=$value"
            ;;
        esac
    done <"$1"
}
module= project=
started=
while [ $# -gt 0 ]; do
    case $1 in
    --directory) enter "$2"; shift ;;
    --directory=*) enter "${1#*=}" ;;
    --project) project=$2; shift ;;
    --project=*) project=${1#*=} ;;
    --env-file) load "$2"; shift ;;
    --env-file=*) load "${1#*=}" ;;
    -m | --module) module=yes ;;
    --) shift; break ;;
    --python | -p | --extra | --group | --only-group | --no-group | --package | --with | \
    --link-mode | --cache-dir | --config-file | --color | --index-url) shift ;;
    -*) ;;
    run) [ -z "$started" ] || break; started=yes ;;
    *) break ;;
    esac
    shift
done
[ "$started" ] || cannot "\`uv ${1:-}\`"
[ $# -gt 0 ] || cannot "\`uv run\` without a program"
case $project in
/*) folder=$project ;;
*) folder=$PWD${project:+/$project} ;;
esac
above=$folder
while [ "$folder" ] && [ ! -e "$folder/.venv/pyvenv.cfg" ]; do
    folder=${folder%/*}
done
environment=${UV_PROJECT_ENVIRONMENT:-$folder/.venv}
if [ -e "$environment/bin/python" ]; then
    export PATH="$environment/bin:$PATH" VIRTUAL_ENV="$environment"
elif [ -e "$above/pyproject.toml" ]; then
    echo "uv: $above has no environment: its packages are installed in a RUN, \`uv sync\`" >&2
fi
if [ "$module" ]; then
    exec python -m "$@"
fi
case $1 in
*.py) exec python "$@" ;;
*) exec "$@" ;;
esac
