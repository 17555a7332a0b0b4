"""The shell of a box beside this machine's dash: the same output and status for the same script."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pythons import PYTHON

pytestmark = pytest.mark.base

Boxer = Callable[..., subprocess.CompletedProcess[str]]
Example = Callable[[str], Path]


def _scripts(name: str) -> list[str]:
    """Of a file that has lines of `%%%%` between them."""
    return Path(__file__).with_name(name).read_text()[:-1].split("\n%%%%\n")


SCRIPTS = [
    *(("dash", script) for script in _scripts("shell_scripts.txt")),
    *(("dash", script) for script in _scripts("shell_scripts_tools.txt")),
    *(("bash", script) for script in _scripts("shell_scripts_bash.txt")),
]
# A script's own folder is $T; `python3 -c "$STAT" files` prints what they are,
# and $TREE the names there.
STAT = """import os, sys
for path in sys.argv[1:]:
    found = os.lstat(path)
    print(path, oct(found.st_mode), os.path.islink(path) and os.readlink(path))
"""
TREE = """import os
names = [os.path.join(top, name) for top, *both in os.walk(".") for name in sum(both, [])]
print(*sorted(names))
"""
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/root"}
SHOWS = {"STAT": STAT, "TREE": TREE}

REFUSED = [
    ("trap 'echo x' DEBUG; echo b", "", "DEBUG is bash's"),
    ("shopt -s extglob; echo b", "", "extglob is not understood"),
]
# What of bash is not read: nothing of the script runs, or nothing behind it.
NOT_BASH = [
    ("echo a; echo x=(a b); echo b", "", "is no word of a command"),
    ("echo a; x=(1 2; echo b", "", "`)` was expected"),
    ("echo a; x=(a); echo ${x[@]@Q}; echo b", "a\n", "bad substitution"),
    ("f() { echo a; echo ${FUNCNAME[1]}; echo b; }; f", "a\n", "${FUNCNAME[1]} is bash's"),
    ("echo a; echo ${BASH_SOURCE[@]}; echo b", "a\n", "${BASH_SOURCE[@]} is bash's"),
    ("echo a; mapfile -n 1 x < /etc/passwd; echo b", "a\n", "mapfile: -n is not understood"),
    ("echo a; printf -v x b; echo b", "a\n", "write name=$(printf ..)"),
    ("echo a; declare -n x=y; echo b", "a\n", "declare: -n is not understood"),
    ("echo a; [[ a == @(a|b) ]]; echo b", "", "`]]` was expected"),
    ("echo a; echo ${BASH_LINENO[0]}; echo b", "a\n", "BASH_LINENO[0] is bash's"),
    ("echo a; x=([0]+=y); echo b", "a\n", "`[..]+=` within the parentheses"),
    ("echo a; pushd +1; echo b", "a\n", "+1 is not understood"),
    ("echo a; [[ -f ]]; echo b", "", "a word was expected within `[[ ]]`"),
    ("echo a; [[ a == ]]; echo b", "", "a word was expected within `[[ ]]`"),
    ("echo a; x=a; echo ${x/a/&}; echo b", "a\n", "write \\&"),
    ("echo a; x=a; echo ${x@Q}; echo b", "a\n", "bad substitution"),
]
# Not called bash, the shell keeps dash's reading where there are two.
KEEPS_DASH = [
    ("echo -e 'a\\tb'; echo $'x' {a,b}; echo $((1 - -1))", "-e a\tb\n$x {a,b}\n2\n"),
    ("((echo nested)); echo $?; f() { local x; echo $x; }; x=1; f", "nested\n0\n1\n"),
    ('function f { [[ $1 == a* ]] && echo "${1^^}"; }; f abc; cat <<< word', "ABC\nword\n"),
]
ENV = [
    ("-S 'python -c' 'print(1)'", "1\n"),
    ("'-S X=1 python -c' \"$P\" a", "['a'] / 1"),
    ("-vS 'X=2 python -c' \"$P\"", None),
    ("-S 'X=\"a b\" python\\_-c' \"$P\" 'c d'", "['c d'] / a b"),
    ("'-S X=${HOME}\\x python'", None),
    ("-S 'X=<${HOME}>  python -c' \"$P\" # no", "[] / </root>"),
    ("--split-string='-i X=y python' -c \"$P\"", "[] / y"),
    ('-u X -C /tmp python -c "$P"', "[] /tmp"),
    ('--unset=X --chdir=/usr -- python -c "$P"', "[] /usr"),
    ("-S 'python -c \"print(2)\" # comment'", "2\n"),
]
# Programs before the end of a script: the script, its output, its status.
RUNS_BEFORE_THE_END = [
    ("echo a; python -c 'print(1)'; echo b", "a\n1\nb\n", 0),
    ("x=$(python -c 'print(1)'); echo \"<$x>\"", "<1>\n", 0),
    ("(cd /tmp; python -c 'import os; print(os.getcwd())'); pwd", "/tmp\n/\n", 0),
    ("python -c 'print(2 * 3)' | cat | cat", "6\n", 0),
    ("echo text | python -c 'print(input()[::-1])' | cat; echo $?", "txet\n0\n", 0),
    ("python -c 'import sys; sys.exit(3)'; echo $?", "3\n", 0),
    ("python -c 'import sys; sys.exit()'; echo $?", "0\n", 0),
    ("python -c 'raise SystemExit(\"no\")' 2>&1; echo $?", "no\n1\n", 0),
    ("python -c 1/0 2>/dev/null || echo $?", "1\n", 0),
    ("echo 'import sys; sys.exit(4)' > /tmp/f.py; python /tmp/f.py || echo $?", "4\n", 0),
    ("echo 'exit(5)' | python -; echo $?", "5\n", 0),
    ("set -e; python -c 'raise SystemExit(2)'; echo no", "", 2),
    ("python -V; python -m no.such.module 2>/dev/null; echo $?",
     f"Python {PYTHON.version}\n1\n", 0),
    ("python -c 'open(\"/tmp/x\", \"w\").write(\"kept\")'; cat /tmp/x; rm /tmp/x", "kept", 0),
    ("python -c 'import json; json.mark = 1; import json'\n"
     "python -c 'import json; print(hasattr(json, \"mark\"))'; :", "False\n", 0),
    ("python -c 'import os; os.chdir(\"/tmp\"); os.umask(0); os.environ[\"A\"] = \"1\"'\n"
     "pwd; umask; python -c 'import os; print(os.environ.get(\"A\"))'; :", "/\n0022\nNone\n", 0),
    ("python -c 'import os; os.dup2(1, 9); os.closerange(0, 3)'; echo >&9 2>/dev/null; echo $?",
     "2\n", 0),
    ("python -c 'import signal; signal.alarm(100); signal.signal(2, signal.SIG_IGN)'\n"
     "python -c 'import signal; print(signal.alarm(0), signal.getsignal(2).__name__)'; :",
     "0 default_int_handler\n", 0),
    ("for i in 1 2 3 4 5 6 7 8; do python -c 'x = bytearray(40 << 20)'; done; echo ok", "ok\n", 0),
    ("python -c 'import atexit; atexit.register(print, \"last\"); print(\"first\")'; echo end",
     "first\nlast\nend\n", 0),
    ("trap 'echo bye' EXIT; python -c 'print(1)'", "1\nbye\n", 0),
    ("python - <<E\nprint('here')\nE\necho there", "here\nthere\n", 0),
    ("cat > /tmp/inner.sh <<E\npython -c 'print(1)'\npython -c 'print(2)'\nexit 7\nE\n"
     "sh /tmp/inner.sh; echo $?", "1\n2\n7\n", 0),
    ("f() { python -c 'print(input())' < /tmp/in; }; echo one > /tmp/in; f; f", "one\none\n", 0),
    ("printf 'aaaa' > /tmp/m; python -c 'import mmap; f = open(\"/tmp/m\", \"r+b\")\n"
     "m = mmap.mmap(f.fileno(), 4); m[:2] = b\"bb\"'; cat /tmp/m", "bbaa", 0),
    ("python -c 'import uuid; print(uuid.uuid4())' > /tmp/a\n"
     "python -c 'import uuid; print(uuid.uuid4())' > /tmp/b\n"
     "[ \"$(cat /tmp/a)\" = \"$(cat /tmp/b)\" ]; echo $?", "1\n", 0),
    ("cat > /tmp/r.py <<< 'import sys; print(open(sys.argv[1]).read(), end=\"\")'\n"
     "python /tmp/r.py <(python -c 'print(1)'; echo 2); echo end", "1\n2\nend\n", 0),
    ("trap 'echo \"failed $?\"' ERR; python -c 'raise SystemExit(3)'", "failed 3\n", 3),
    ("python -I -c 'import sys; print(sys.flags.isolated)'; echo end", "1\nend\n", 0),
    ("env X=1 python -c 'import os; print(os.environ[\"X\"])'; echo $X.", "1\n.\n", 0),
]  # fmt: skip
# What shows or needs root, and errors as coreutils words them.
TOOLS = [
    ("id; id -u; id -un; id -Gn; whoami",
     "uid=0(root) gid=0(root) groups=0(root)\n0\nroot\nroot\nroot\n"),
    ("[ \"$(hostname)\" = \"$(cat /proc/sys/kernel/hostname)\" ] && echo same", "same\n"),
    ("mkdir /tmp/d; touch /tmp/d/f; chown -R 12:34 /tmp/d; chgrp 56 /tmp/d; chown root: /tmp/d/f\n"
     "python -c 'import os; print(os.stat(\"/tmp/d\")[4:6], os.stat(\"/tmp/d/f\")[4:6])'; :",
     "(12, 56) (0, 0)\n"),
    ("chmod 755 x 2>&1; echo $?",
     "chmod: cannot access 'x': No such file or directory\n1\n"),
    ("chmod u x 2>&1; echo $?", "chmod: invalid mode: 'u'\n1\n"),
    ("chown a:b x 2>&1; echo $?", "chown: invalid user: 'a:b'\n1\n"),
    ("chgrp a x 2>&1; echo $?", "chgrp: invalid group: 'a'\n1\n"),
    ("id nobody7 2>&1; echo $?", "id: 'nobody7': no such user\n1\n"),
    ("cp x y 2>&1; echo $?", "cp: cannot stat 'x': No such file or directory\n1\n"),
    ("mv x y 2>&1; echo $?", "mv: cannot stat 'x': No such file or directory\n1\n"),
    ("cp -r /etc 2>&1 || cp /etc /tmp/x 2>&1; echo $?",
     "cp: missing destination file operand after '/etc'\n"
     "cp: -r not specified; omitting directory '/etc'\n1\n"),
    ("ln -s a /etc/passwd 2>&1; echo $?",
     "ln: failed to create symbolic link '/etc/passwd': File exists\n1\n"),
    ("chmod -v 755 / > /dev/null; echo $?", "0\n"),
    ("echo 'echo mine' > /usr/local/bin/id; chmod +x /usr/local/bin/id; id -u", "mine\n"),
]  # fmt: skip
TAKES_OVER = [
    ("exec python -c \"$P\" b", "['b'] /"),
    ("cd /tmp; python -c \"$P\" b", "['b'] /tmp"),
    ("if true; then cd /usr; exec python -c \"$P\" \"$@\"; fi; echo no", "['x y', ''] /usr"),
    ("f() { python -c \"$P\" \"$1\"; }; f a", "['a'] /"),
    ("(cd /tmp && exec python -c \"$P\")", "[] /tmp"),
    ("set -eu; [ -n \"$P\" ] || exit 4; env X=y python -c \"$P\"", "[] / y"),
    ("X=y python -c \"$P\"", "[] / y"),
    ("false || python -c \"$P\" $(echo a b)", "['a', 'b'] /"),
    ("case $1 in x*) exec python -c \"$P\" x;; esac", "['x'] /"),
]  # fmt: skip
PROGRAM = (
    "import os, sys; sys.stdout.write(' '.join([str(sys.argv[1:]), os.getcwd(),"
    " *filter(None, [os.environ.get('X')])]))"
)


@pytest.mark.parametrize(("shell", "script"), SCRIPTS)
def test_a_script_does_what_it_does_in_this_machines_shell(
    boxer: Boxer, example: Example, tmp_path: Path, shell: str, script: str
) -> None:
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"this machine has no {shell} to compare with")
    wanted = subprocess.run(
        [path, "-c", script, "sh"],
        env={**ENVIRONMENT, **SHOWS, "T": str(tmp_path)},
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    given = {**SHOWS, "T": "/tmp"} if "$T" in script else {}
    shown = [word for name, value in given.items() for word in ("-e", f"{name}={value}")]
    done = boxer("run", "-w", "/", *shown, example("hello"), shell, "-c", script, "sh")
    assert (done.returncode, done.stdout) == (wanted.returncode, wanted.stdout), done.stderr
    assert bool(done.stderr) == bool(wanted.stderr), (done.stderr, wanted.stderr)


@pytest.mark.parametrize(("script", "stdout", "message"), REFUSED)
def test_what_the_shell_has_not_ends_the_script(
    boxer: Boxer, example: Example, script: str, stdout: str, message: str
) -> None:
    done = boxer("run", example("hello"), "sh", "-c", script)
    assert (done.returncode, done.stdout) == (126, stdout)
    assert message in done.stderr


@pytest.mark.parametrize(("script", "stdout", "message"), NOT_BASH)
def test_what_of_bash_is_not_read_says_so(
    boxer: Boxer, example: Example, script: str, stdout: str, message: str
) -> None:
    done = boxer("run", example("hello"), "bash", "-c", script)
    assert (bool(done.returncode), done.stdout) == (True, stdout)
    assert message in done.stderr


@pytest.mark.parametrize(("script", "stdout"), KEEPS_DASH)
def test_only_a_shell_called_bash_reads_a_text_otherwise_than_dash(
    boxer: Boxer, example: Example, script: str, stdout: str
) -> None:
    done = boxer("run", example("hello"), "sh", "-c", script)
    assert (done.returncode, done.stdout) == (0, stdout), done.stderr


@pytest.mark.parametrize(("arguments", "stdout"), ENV)
def test_env_splits_and_changes_as_in_coreutils(
    boxer: Boxer, example: Example, arguments: str, stdout: str | None
) -> None:
    given = ("-e", f"P={PROGRAM}", "-e", "X=given", "-w", "/")
    done = boxer("run", *given, example("hello"), "sh", "-c", f"env {arguments}")
    assert (done.returncode, done.stdout) == ((125, "") if stdout is None else (0, stdout))


@pytest.mark.parametrize(("script", "stdout", "status"), RUNS_BEFORE_THE_END)
def test_a_program_before_the_end_runs_and_the_script_goes_on(
    boxer: Boxer, example: Example, script: str, stdout: str, status: int
) -> None:
    done = boxer("run", "-w", "/", example("hello"), "sh", "-c", script)
    assert (done.returncode, done.stdout) == (status, stdout), done.stderr


@pytest.mark.parametrize(("script", "stdout"), TOOLS)
def test_a_tool_of_the_shell_works_as_coreutils_does(
    boxer: Boxer, example: Example, script: str, stdout: str
) -> None:
    done = boxer("run", "-w", "/", example("hello"), "sh", "-c", script)
    assert (done.returncode, done.stdout) == (0, stdout), done.stderr


def test_a_program_that_ends_the_process_itself_ends_its_own(
    boxer: Boxer, example: Example
) -> None:
    script = "python -c 'import os; print(1, flush=True); os._exit(3)'; echo $?"
    done = boxer("run", example("hello"), "sh", "-c", script)
    assert (done.returncode, done.stdout) == (0, "1\n3\n")


@pytest.mark.parametrize(("script", "stdout"), TAKES_OVER)
def test_the_last_command_takes_the_shells_place(
    boxer: Boxer, example: Example, script: str, stdout: str
) -> None:
    given = ("-e", f"P={PROGRAM}", "-w", "/")
    done = boxer("run", *given, example("hello"), "sh", "-c", script, "sh", "x y", "")
    assert (done.returncode, done.stdout) == (0, stdout), done.stderr


def test_an_entrypoint_script_hands_over_to_the_command(boxer: Boxer, tmp_path: Path) -> None:
    (tmp_path / "entrypoint.sh").write_text(
        "#!/bin/bash\nset -euo pipefail\n: ${PORT:=8000}\nexport PORT\n"
        'if [ "${1#-}" != "$1" ]; then set -- python "$@"; fi\nmkdir -p /tmp/run\nexec "$@"\n'
    )
    (tmp_path / "app.py").write_text(
        "#!/usr/bin/env python3\nimport os, sys\nprint(sys.argv, os.environ['PORT'])\n"
    )
    (tmp_path / "Dockerfile").write_text(
        "FROM python:3.13\nCOPY --chmod=755 entrypoint.sh app.py /\n"
        'ENTRYPOINT ["/entrypoint.sh"]\nCMD ["python", "/app.py", "a"]\n'
    )
    box = tmp_path / "x.wasm"
    assert boxer("build", "-q", "-o", box, tmp_path).returncode == 0
    assert boxer("run", box).stdout == "['/app.py', 'a'] 8000\n"
    assert boxer("run", "-e", "PORT=9", box, "/app.py", "b").stdout == "['/app.py', 'b'] 9\n"
    assert boxer("run", box, "-c", "print(1)").stdout == "1\n"


def test_scripts_of_bash_and_env_start(boxer: Boxer, tmp_path: Path) -> None:
    (tmp_path / "entrypoint.sh").write_text(
        "#!/usr/bin/env bash\nset -Eeuo pipefail\ntrap 'echo \"line $LINENO\" >&2' ERR\n"
        'source "${BASH_SOURCE[0]%/*}/lib.sh"\nif [[ "${1:0:1}" == - || $# -eq 0 ]]; then\n'
        '  set -- /app.py "$@"\nfi\nlog "${1##*/}"\nexec "$@"\n'
    )
    (tmp_path / "lib.sh").write_text('function log { echo -e "log:\\t${1^^}"; }\n')
    (tmp_path / "app.py").write_text(
        "#!/usr/bin/env -S X=1 python3 -B\nimport os, sys\n"
        "print(sys.argv, sys.flags.dont_write_bytecode, os.environ['X'])\n"
    )
    (tmp_path / "Dockerfile").write_text(
        "FROM python:3.13\nCOPY --chmod=755 entrypoint.sh lib.sh app.py /\n"
        'ENTRYPOINT ["/entrypoint.sh"]\n'
    )
    box = tmp_path / "x.wasm"
    assert boxer("build", "-q", "-o", box, tmp_path).returncode == 0
    assert boxer("run", box, "-v").stdout == "log:\tAPP.PY\n['/app.py', '-v'] 1 1\n"
    assert boxer("run", box, "/app.py").stdout == "log:\tAPP.PY\n['/app.py'] 1 1\n"
    done = boxer("run", box, "/nowhere")
    assert (done.returncode, done.stdout) == (127, "log:\tNOWHERE\n")


def test_a_script_comes_from_standard_input(boxer: Boxer, example: Example) -> None:
    done = boxer("run", "-i", example("hello"), "sh", stdin="echo in; exit 3\n")
    if done.returncode == 2:  # standard input is always there
        done = boxer("run", example("hello"), "sh", stdin="echo in; exit 3\n")
    assert (done.returncode, done.stdout) == (3, "in\n")
