#!/bin/sh
# boxer: pdm
# Started in a box: `pdm run` starts a script of the project, or a program in its environment.
if [ "${1:-}" != run ] || [ $# -lt 2 ]; then
    echo "pdm: \`pdm ${1:-}\` cannot be done when a box runs; do it in a RUN" >&2
    exit 2
fi
shift
while [ $# -gt 1 ]; do
    case $1 in
    -p | --project | --venv) shift 2 ;;
    -*) shift ;;
    *) break ;;
    esac
done
folder=$PWD
while [ "$folder" ] && [ ! -e "$folder/pyproject.toml" ]; do
    folder=${folder%/*}
done
if [ -e "$folder/.venv/bin/python" ]; then
    export PATH="$folder/.venv/bin:$PATH" VIRTUAL_ENV="$folder/.venv"
fi
for packages in "$folder"/__pypackages__/*/lib; do
    if [ -e "$packages" ]; then
        export PYTHONPATH="$packages${PYTHONPATH:+:$PYTHONPATH}" PATH="$packages/bin:$PATH"
    fi
done
# The project's scripts stand in TOML, which Python reads; it gives a command line.
line=$(python3 -c '
import shlex, sys, tomllib
folder, name, *rest = sys.argv[1:]
try:
    with open(f"{folder}/pyproject.toml", "rb") as file:
        scripts = tomllib.load(file).get("tool", {}).get("pdm", {}).get("scripts", {})
except OSError:
    scripts = {}
def command(entry):
    if isinstance(entry, str):
        return entry
    if "composite" in entry:
        lines = [shlex.split(line) for line in entry["composite"]]
        return " && ".join(full(*line) for line in lines)
    if "call" in entry:
        module, _, function = entry["call"].partition(":")
        function += "" if function.endswith(")") else "()"
        return shlex.join(["python", "-c", f"import sys, {module} as m; sys.exit(m.{function})"])
    words = entry.get("cmd", entry.get("shell", ""))
    return words if isinstance(words, str) else shlex.join(words)
def full(name, *rest):
    if name not in scripts:
        return shlex.join([name, *rest])
    entry = scripts[name]
    own = entry.get("env", {}) if isinstance(entry, dict) else {}
    before = [f"export {key}={shlex.quote(str(value))} &&" for key, value in own.items()]
    return " ".join([*before, command(entry), shlex.join(rest)])
print(f"cd {shlex.quote(folder)} &&" if name in scripts and folder else "", full(name, *rest))
' "$folder" "$@") || exit
eval "$line"
