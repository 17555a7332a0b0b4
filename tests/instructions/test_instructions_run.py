"""RUN: a shell over the stage's own tree."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from boxer.errors import (
    BoxerError,
    InstructionError,
    PipUsageError,
    RunFailedError,
    ShellSyntaxError,
    UnsupportedCommandError,
)
from boxer.filetree import File, Symlink, Tree

if TYPE_CHECKING:
    from tests.stages import EchoRunner, Stage


@pytest.mark.parametrize(
    ("script", "written"),
    [
        ("echo a && echo b || echo c", "a\nb\n"),
        ("false || echo c; true && echo d", "c\nd\n"),
        ("printf 'c\\nb\\na\\n' | sort | head -n 1", "a\n"),
        ("echo $(echo inner) `echo ticks`", "inner ticks\n"),
        ("for i in 1 2 3; do echo $i; done", "1\n2\n3\n"),
        ("if [ -d /etc ]; then echo yes; else echo no; fi", "yes\n"),
        ("case abc in a*) echo A;; *) echo B;; esac", "A\n"),
        ("f() { echo f:$1; return 0; }; f x", "f:x\n"),
        ("x=${UNSET:-default}; echo ${x%ault}", "def\n"),
        ("cat <<EOF | tr a-z A-Z\nhere $HOME\nEOF", "HERE /ROOT\n"),
        ("set -e; echo one; (exit 0); echo two", "one\ntwo\n"),
        ("(cd /etc; pwd); pwd", "/etc\n/\n"),
        ("echo to-stderr >&2; echo out 2>&1", "out\n"),
        ("echo x > /dev/null; [ -e /dev/null ] && echo there", "there\n"),
        ("/bin/sh -c 'echo \"$0\"-$1' name arg", "name-arg\n"),
        ("/usr/bin/env A=1 sh -c 'echo $A'", "1\n"),
        ("bash -lc 'echo login'", "login\n"),
        ("echo one two | xargs -n1 echo", "one\ntwo\n"),
        ("whoami; id -u; id -un; hostname", "root\n0\nroot\nbox\n"),
        ("date +%Y-%m-%d; date -d @86400 +%s", "1970-01-01\n86400\n"),
        ("nproc; umask", "1\n0022\n"),
        (
            "command -v python3 >/dev/null && which python pip-nothing || true",
            "/usr/local/bin/python\n",
        ),
        ("sleep 0 & wait; echo after", "after\n"),
        ("test -x /bin/bash && echo bash", "bash\n"),
    ],
)
def test_scripts_do_what_they_do_in_a_shell(stage: Stage, script: str, written: str) -> None:
    assert stage.run(script) == written


def test_echo_reads_escapes_in_sh_and_not_in_bash(stage: Stage) -> None:
    script = r"""echo "a\nb"; echo -n 'c\n' | cat; echo -e 'd'; echo; echo $(echo "e  f") g"""
    assert stage.run(script) == "a\nb\nc\nd\n\ne f g\n"
    assert stage.run(r"""bash -c 'echo "a\nb"'""") == "a\\nb\n"
    stage.state.config = replace(stage.state.config, shell=("/bin/bash", "-c"))
    assert stage.run(r"""echo "a\nb"; echo -e "c\nd" """) == "a\\nb\nc\nd\n"


def test_what_a_run_makes_is_in_the_tree_with_its_owner_and_time(stage: Stage) -> None:
    stage.state.epoch = 1_700_000_000
    stage.run("mkdir -p /app/data && echo hello > /app/data/f && ln -s data/f /app/link")
    file = stage.tree.file("/app/data/f")
    assert file.data == b"hello\n"
    assert (file.mode, file.uid, file.gid, file.mtime) == (0o644, 0, 0, 1_700_000_000)
    assert stage.attributes("/app/data") == "0:0 755"
    link = stage.tree.get("/app/link", follow=False)
    assert isinstance(link, Symlink)
    assert link.target == "data/f"


def test_what_a_run_does_not_touch_stays_the_same_object(stage: Stage) -> None:
    passwd = stage.tree.get("/etc/passwd")
    stage.run("mkdir /x")
    assert stage.tree.get("/etc/passwd") is passwd


def test_writing_keeps_owner_mode_and_other_names_of_a_file(stage: Stage) -> None:
    stage.tree.add_file("/f", b"old\n", mode=0o640, uid=5, gid=6)
    stage.tree.add_link("/g", "/f")
    stage.run("echo more >> /f")
    assert stage.tree.file("/g").data == b"old\nmore\n"
    assert stage.attributes("/f") == "5:6 640"


def test_sed_in_place_keeps_owner_and_mode(stage: Stage) -> None:
    stage.tree.add_file("/f", b"old\n", mode=0o755, uid=5, gid=6)
    stage.run("sed -i 's/old/new/' /f")
    assert stage.tree.file("/f").data == b"new\n"
    assert stage.attributes("/f") == "5:6 755"


def test_moving_keeps_the_file_itself(stage: Stage) -> None:
    node = stage.tree.add_file("/f", b"x", mode=0o600, uid=5, gid=6, mtime=9)
    stage.run("mkdir /d && mv /f /d/g")
    assert stage.tree.get("/d/g") is node
    assert (node.uid, node.mtime) == (5, 9)


def test_bytes_survive_pipes_and_redirections(stage: Stage) -> None:
    stage.tree.add_file("/b", bytes(range(256)))
    stage.run("cat /b > /c && cat /b | cat > /d && base64 /b | base64 -d > /e")
    for name in "cde":
        assert stage.tree.file(f"/{name}").data == bytes(range(256)), name


def test_links_are_followed_inside_the_box_only(stage: Stage) -> None:
    stage.tree.add_symlink("/out", "../../../../etc")
    assert stage.run("head -n 1 /out/passwd").startswith("root:")
    stage.run("echo x > /out/new")
    assert stage.tree.file("/etc/new").data == b"x\n"


def test_removing_a_folder_goes_not_through_links(stage: Stage) -> None:
    stage.run("mkdir -p /d && ln -s /etc /d/link && rm -rf /d")
    assert stage.tree.get("/d") is None
    assert stage.tree.get("/etc/passwd") is not None


def test_variables_are_args_over_env_over_defaults(stage: Stage) -> None:
    """An ARG that an ENV after it replaces is not among the step's any more (`plan`)."""
    stage.state.args = {"A": "arg", "B": "arg"}
    stage.state.config = replace(
        stage.state.config, env=("PATH=/usr/local/bin", "B=env", "C=env"), working_dir="/work"
    )
    assert stage.run("echo $A $B $C $HOME $PWD $PATH") == "arg arg env /root /work /usr/local/bin\n"


def test_a_variable_set_in_one_run_is_gone_in_the_next(stage: Stage) -> None:
    stage.run("export KEPT=1; cd /etc")
    assert stage.run("echo ${KEPT:-gone} $PWD") == "gone /\n"


def test_a_user_makes_files_of_its_own_and_may_not_write_elsewhere(stage: Stage) -> None:
    stage.state.config = replace(stage.state.config, user="app")
    assert stage.run("id -un; echo $HOME; touch ~/mine") == "app\n/home/app\n"
    assert stage.attributes("/home/app/mine") == "1000:1001 644"
    for script in ("touch /etc/x", "echo x > /etc/passwd", "mkdir /x", "rm /etc/passwd",
                   "mv /etc/passwd /tmp/p", "ln -s a /etc/l", "chmod 777 /etc/passwd",
                   "chown app /etc/passwd", "cp /etc/passwd /etc/p", "useradd other"):  # fmt: skip
        before = stage.tree.digest()
        with pytest.raises(RunFailedError):
            stage.run(script)
        assert stage.tree.digest() == before, script


def test_a_file_without_read_permission_is_closed_to_others(stage: Stage) -> None:
    stage.tree.add_file("/secret", b"x", mode=0o600)
    stage.tree.make_directories("/closed", mode=0o700)
    stage.tree.add_file("/closed/f", b"x")
    stage.state.config = replace(stage.state.config, user="app")
    for script in ("cat /secret", "ls /closed", "cat /closed/f"):
        with pytest.raises(RunFailedError):
            stage.run(script)


def test_the_exec_form_is_read_by_no_shell(stage: Stage) -> None:
    assert stage.run_words("echo", "$HOME", "a b", "*", "&&", "x'y") == "$HOME a b * && x'y\n"
    assert stage.run_words("/bin/sh", "-c", "echo $HOME") == "/root\n"


def test_an_exec_form_without_words_is_an_error(stage: Stage) -> None:
    with pytest.raises(InstructionError):
        stage.run_words()


@pytest.mark.parametrize(
    ("shell", "script", "fails"),
    [
        (("/bin/bash", "-c"), "false | true", False),
        (("/bin/bash", "-o", "pipefail", "-c"), "false | true", True),
        (("/bin/bash", "-euo", "pipefail", "-c"), "false | true", True),
        (("/bin/sh", "-e", "-c"), "false; true", True),
        (("/bin/ash", "-eo", "pipefail", "-c"), "echo $UNSET", False),
        (("/bin/bash", "-u", "-c"), "echo $UNSET", True),
    ],
)
def test_the_options_of_shell_are_obeyed(
    stage: Stage, shell: tuple[str, ...], script: str, fails: bool
) -> None:
    stage.state.config = replace(stage.state.config, shell=shell)
    if fails:
        with pytest.raises(RunFailedError):
            stage.run(script)
    else:
        stage.run(script)


def test_a_shell_that_is_none_is_an_error(stage: Stage) -> None:
    stage.state.config = replace(stage.state.config, shell=("powershell", "-Command"))
    with pytest.raises(InstructionError, match="powershell"):
        stage.run("echo x")


def test_a_failure_names_status_place_command_and_last_lines(stage: Stage) -> None:
    with pytest.raises(RunFailedError) as error:
        stage.run("echo first; echo why >&2; exit 42")
    assert str(error.value.where) == "Dockerfile:7"
    assert "`echo first; echo why >&2; exit 42` exited with status 42." in error.value.message
    assert error.value.message.endswith("\n  first\n  why")
    assert error.value.details == "\n  first\n  why"


def test_what_failed_commands_wrote_cannot_play_with_the_terminal(stage: Stage) -> None:
    with pytest.raises(RunFailedError) as error:
        stage.run("printf 'a\\033[31mred\\033]0;title\\007b\\r' >&2; exit 1")
    assert "\x1b" not in error.value.message
    assert "\x07" not in error.value.message
    assert "\r" not in error.value.message


def test_a_command_that_is_not_there_says_what_a_build_has(stage: Stage) -> None:
    with pytest.raises(RunFailedError) as error:
        stage.run("frobnicate --all")
    assert "status 127" in error.value.message
    assert error.value.hint


@pytest.mark.parametrize("script", ["if then", "echo 'open", "for x in a; do echo", "echo )", "&&"])
def test_a_script_that_is_none_stops_before_anything_runs(stage: Stage, script: str) -> None:
    before = stage.tree.digest()
    with pytest.raises(ShellSyntaxError) as error:
        stage.run("touch /x\n" + script)
    assert error.value.where is not None
    assert stage.tree.digest() == before


def test_places_in_a_script_are_those_of_the_line(stage: Stage) -> None:
    """Whatever a build puts before it."""
    with pytest.raises(ShellSyntaxError, match="line 1, column 9: syntax error"):
        stage.run("echo a; ; b")
    with pytest.raises(ShellSyntaxError, match="line 2, column 1: syntax error"):
        stage.run("echo a\n; b")


@pytest.mark.parametrize(
    ("script", "named"),
    [
        ("curl -sSL https://example.org | sh", "curl"),
        ("git clone https://example.org/x", "git"),
        ("npm ci", "npm"),
        ("echo a; gcc -o x x.c; echo b", "gcc"),
        ("x=$(wget -qO- http://example.org); echo $x", "wget"),
        ("apt-get install -y ffmpeg", "ffmpeg"),
        ("apk add --no-cache nginx", "nginx"),
        ("apt-get source x", "apt-get source"),
        ("apt-get install ./local.deb", "./local.deb"),
        ("systemctl enable x", "systemctl"),
        ("find /etc -name passwd -exec git add {} +", "git"),
        ("sh -c 'cmake . && make install'", "cmake"),
        ("uv publish", "uv publish"),
    ],
)
def test_what_cannot_work_stops_the_build_whatever_the_script_makes_of_it(
    stage: Stage, script: str, named: str
) -> None:
    with pytest.raises(UnsupportedCommandError) as error:
        stage.run(script + "; touch /went-on")
    assert f"`{named}`" in error.value.message
    assert str(error.value.where) == "Dockerfile:7"
    assert error.value.hint
    assert stage.tree.get("/went-on") is None


def test_apt_habits_are_harmless_and_told(stage: Stage) -> None:
    stage.run(
        "apt-get update && apt-get install -y --no-install-recommends build-essential "
        "libpq-dev ca-certificates curl=7.* && apt-get clean && rm -rf /var/lib/apt/lists/*"
    )
    assert len(stage.heard.notices) == 2
    assert "`libpq-dev`, `curl`" in stage.heard.notices[1]


@pytest.mark.parametrize(
    "package", ["postgresql-dev", "mariadb-dev", "nginx-dev", "postgresql-doc"]
)
def test_headers_of_a_server_are_not_the_server(stage: Stage, package: str) -> None:
    stage.run(f"apk add --no-cache {package} gcc musl-dev")
    assert f"`{package}`" in stage.heard.notices[0]


def test_random_bytes_are_the_same_in_every_build_and_that_is_told(stage: Stage) -> None:
    first = stage.run("head -c 8 /dev/urandom | base64")
    assert stage.run("head -c 8 /dev/urandom | base64") == first
    assert "random" in stage.heard.notices[0]


# --- programs of the box -------------------------------------------------------------------------


def test_python_runs_through_the_runner(stage: Stage, echo_runner: EchoRunner) -> None:
    stage.runner = echo_runner
    stage.state.config = replace(stage.state.config, user="app", working_dir="/home/app")
    written = stage.run("echo input | X=1 python manage.py collectstatic > /tmp/log; cat /tmp/log")
    assert written == "ran /usr/local/bin/python manage.py collectstatic\n"
    (request,) = echo_runner.requests
    assert request.stdin == b"input\n"
    assert request.cwd == "/home/app"
    assert request.env["X"] == "1"
    assert request.user.uid == 1000
    assert stage.tree.get("/ran") is not None


def test_the_status_of_a_program_is_the_commands(stage: Stage, echo_runner: EchoRunner) -> None:
    stage.runner = echo_runner
    assert "status=3" in stage.run("python x fail || echo status=$?")


@pytest.mark.parametrize(
    ("script", "named"),
    [
        ("npm ci || true", "npm"),
        ("v=$(git describe || echo 0); test $v = 0", "git"),
        ("if apt-get install -y ffmpeg || false; then exit 1; fi", "ffmpeg"),
    ],
)
def test_what_cannot_work_is_told_where_the_script_has_an_alternative(
    stage: Stage, script: str, named: str
) -> None:
    stage.run(script)
    assert any(f"`{named}`" in notice for notice in stage.heard.notices)


def test_a_failure_without_a_rescue_is_the_errors_own(stage: Stage) -> None:
    with pytest.raises(UnsupportedCommandError, match="`npm` cannot work"):
        stage.run("npm ci || npm install")


def test_without_a_runner_python_is_refused_with_a_way_out(stage: Stage) -> None:
    with pytest.raises(UnsupportedCommandError, match="machine of this stage"):
        stage.run("python -c 'print(1)'")


@pytest.mark.parametrize(
    ("script", "argv"),
    [
        ("./tool.py a", "/usr/local/bin/python3 /app/tool.py a"),
        ("/app/tool.py a", "/usr/local/bin/python3 /app/tool.py a"),
        ("cd / && app/tool.py", "/usr/local/bin/python3 /app/tool.py"),
        ("X=/app/tool.py; $X b", "/usr/local/bin/python3 /app/tool.py b"),
        ("find /app -name 't*.py' -exec {} c \\;", "/usr/local/bin/python3 /app/tool.py c"),
        ("echo d | xargs ./tool.py", "/usr/local/bin/python3 /app/tool.py d"),
        ("console e", "/usr/local/bin/python3.13 /usr/local/bin/console e"),
        ("python3.13 -V", "/usr/local/bin/python3.13 -V"),
        ("cp tool.py new.py; ./new.py", "/usr/local/bin/python3 /app/new.py"),
    ],
)
def test_scripts_for_python_are_never_read_as_shell(
    stage: Stage, echo_runner: EchoRunner, script: str, argv: str
) -> None:
    stage.runner = echo_runner
    stage.tree.add_file("/app/tool.py", b"#!/usr/bin/env python3\nimport os\n", mode=0o755)
    launcher = b"#!/usr/local/bin/python3.13\nimport sys\n"
    stage.tree.add_file("/usr/local/bin/console", launcher, mode=0o755)
    stage.state.config = replace(stage.state.config, working_dir="/app")
    stage.run(script)
    assert [" ".join(request.argv) for request in echo_runner.requests] == [argv]


def test_shell_scripts_run_in_the_shell(stage: Stage) -> None:
    stage.tree.add_file("/entry.sh", b'#!/bin/sh\nset -e\necho "entry $1"\n', mode=0o755)
    assert stage.run("/entry.sh a; cd /; ./entry.sh b; sh entry.sh c") == (
        "entry a\nentry b\nentry c\n"
    )


def test_machine_code_is_refused(stage: Stage) -> None:
    stage.tree.add_file("/app/a.out", b"\x7fELF\x02\x01\x01", mode=0o755)
    with pytest.raises(UnsupportedCommandError, match="machine code"):
        stage.run("cd /app && ./a.out")


def test_a_script_without_its_interpreter_fails_as_on_linux(stage: Stage) -> None:
    stage.tree.add_file("/x.pl", b"#!/usr/bin/perl\n", mode=0o755)
    assert "126" in stage.run("/x.pl || echo $?")


# --- virtual environments ------------------------------------------------------------------------


def test_a_virtual_environment_is_found_by_path_and_activate(
    stage: Stage, echo_runner: EchoRunner
) -> None:
    stage.runner = echo_runner
    stage.run("python3 -m venv /opt/venv")
    assert b"home = /usr/local/bin" in stage.tree.file("/opt/venv/pyvenv.cfg").data
    assert stage.run(". /opt/venv/bin/activate && which python") == "/opt/venv/bin/python\n"
    assert stage.run("which python") == "/usr/local/bin/python\n"
    stage.run("PATH=/opt/venv/bin:$PATH python x; /opt/venv/bin/python y")
    assert [request.argv[0] for request in echo_runner.requests] == ["/opt/venv/bin/python"] * 2
    assert "/opt/venv/lib/python3.13" in stage.run("/opt/venv/bin/pip --version")


# --- pip without the index ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "script",
    [
        "pip install --upgrade pip",
        "pip install --no-cache-dir -U pip setuptools wheel",
        "python -m pip install --upgrade pip",
        "pip3 install -U pip && pip cache purge",
        "python -m ensurepip --upgrade",
        "uv pip install --system -U pip",
    ],
)
def test_bringing_pip_up_to_date_changes_nothing(stage: Stage, script: str) -> None:
    before = stage.tree.digest()
    stage.run(script)
    assert stage.tree.digest() == before


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("pip install --no-cach-dir x", "--no-cach-dir"),
        ("pip install --root /x y", "--root"),
        ("pip install -r missing.txt", "/missing.txt"),
        ("pip install git+https://example.org/x", "version control"),
        ("pip install ./nowhere", "/nowhere"),
        ("pip install -e .", "pyproject.toml"),
        ("pip frobnicate", "frobnicate"),
        ("pip install --target", "--target"),
    ],
)
def test_pip_refuses_kindly_what_it_cannot_do(stage: Stage, script: str, says: str) -> None:
    before = stage.tree.digest()
    with pytest.raises(PipUsageError) as error:
        stage.run(script + " || true")
    assert says in error.value.message
    assert str(error.value.where) == "Dockerfile:7"
    assert stage.tree.digest() == before


def test_pip_without_a_requirement_fails_as_pip_does(stage: Stage) -> None:
    with pytest.raises(RunFailedError, match="at least one requirement"):
        stage.run("pip install")


def test_an_error_of_ours_in_a_command_is_not_hidden(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Tree, path: str) -> File:
        raise ZeroDivisionError("a mistake")

    monkeypatch.setattr(Tree, "resolve", broken)
    with pytest.raises(ZeroDivisionError):
        stage.run("touch /x || true")


def test_every_error_of_a_run_has_its_place(stage: Stage) -> None:
    for script in ("exit 1", "if", "curl x", "pip install --nope"):
        with pytest.raises(BoxerError) as error:
            stage.run(script)
        assert str(error.value.where) == "Dockerfile:7", script


@pytest.mark.parametrize("script", ["x=$(false; echo in)", "x=$(cat /missing; true)"])
def test_sh_ends_within_a_substitution_as_dash_does_and_bash_does_not(
    stage: Stage, script: str
) -> None:
    assert stage.run(f"{script}; echo out") == "out\n"
    with pytest.raises(RunFailedError, match="status 1"):
        stage.run(f"set -e; {script}; echo out")
    stage.state.config = replace(stage.state.config, shell=("/bin/bash", "-e", "-c"))
    assert stage.run(f"{script}; echo out") == "out\n"


def test_sh_echoes_with_blanks_whatever_ifs_is(stage: Stage) -> None:
    assert stage.run("IFS=,; x='a,b'; echo $x '1\\n2'; echo \"$x\"") == "a b 1\n2\na,b\n"
