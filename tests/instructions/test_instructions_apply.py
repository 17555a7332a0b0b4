"""Whole instructions, from a Dockerfile's text to the stage's tree and settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boxer.boxfile import Healthcheck, ImageConfig
from boxer.dockerfile import Ignore, parse
from boxer.errors import BoxerError, InstructionError, RunFailedError
from boxer.filetree import File, Tree
from boxer.instructions import Context, apply
from boxer.plan import plan

if TYPE_CHECKING:
    from tests.stages import EchoRunner, Stage

Folder = Callable[[dict[str, str]], Path]


def build(stage: Stage, text: str, context: Context | None = None) -> ImageConfig:
    """Applies the lines of one stage, FROM aside; gives the settings it ends with."""
    dockerfile = parse("FROM python:3.13\n" + text)
    planned = plan(dockerfile, {}, None, lambda image, where: stage.state.config.environment())
    context = context or Context(Path("/nonexistent"))
    for step in planned.stages[-1].steps:
        apply(step, stage.state, context, stage.ports)
    return stage.state.config


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("WORKDIR /a", "working_dir", "/a"),
        ("WORKDIR /a\nWORKDIR b\nWORKDIR ../c/.", "working_dir", "/a/c"),
        ("WORKDIR rel", "working_dir", "/rel"),
        ("ENV D=/x\nWORKDIR $D/y", "working_dir", "/x/y"),
        ("USER app:staff", "user", "app:staff"),
        ("LABEL a=1 b='two words'\nLABEL a=3", "labels", (("a", "3"), ("b", "two words"))),
        ("EXPOSE 8080 53/udp 8080/tcp", "exposed_ports", ("53/udp", "8080/tcp")),
        ("EXPOSE 7000-7002", "exposed_ports", ("7000/tcp", "7001/tcp", "7002/tcp")),
        ("EXPOSE $UNSET", "exposed_ports", ()),
        ("EXPOSE 8080:80 127.0.0.1:90:91/udp 92/", "exposed_ports", ("80/tcp", "91/udp", "92/tcp")),
        ('VOLUME /data\nVOLUME ["/a", "/b c"]', "volumes", ("/a", "/b c", "/data")),
        ("STOPSIGNAL SIGINT", "stop_signal", "SIGINT"),
        ("STOPSIGNAL 9", "stop_signal", "9"),
        ("STOPSIGNAL RTMIN+3", "stop_signal", "RTMIN+3"),
        ('CMD ["python", "app.py"]', "cmd", ("python", "app.py")),
        ("CMD python app.py $X", "cmd", ("/bin/sh", "-c", "python app.py $X")),
        ("CMD []", "cmd", ()),
        ('SHELL ["/bin/bash", "-c"]\nCMD x', "cmd", ("/bin/bash", "-c", "x")),
        ('ENTRYPOINT ["a", "b"]', "entrypoint", ("a", "b")),
        ("ENTRYPOINT exec a", "entrypoint", ("/bin/sh", "-c", "exec a")),
        ('SHELL ["/bin/bash", "-c"]', "shell", ("/bin/bash", "-c")),
        ("HEALTHCHECK NONE", "healthcheck", Healthcheck(("NONE",))),
        ("HEALTHCHECK CMD curl -f x", "healthcheck", Healthcheck(("CMD-SHELL", "curl -f x"))),
        (
            'HEALTHCHECK --interval=1m30s --timeout=500ms --start-period=0 --retries=5 CMD ["a"]',
            "healthcheck",
            Healthcheck(("CMD", "a"), interval=90_000_000_000, timeout=500_000_000, retries=5),
        ),
    ],
)
def test_settings_come_out_as_docker_sets_them(
    stage: Stage, text: str, field: str, value: object
) -> None:
    assert getattr(build(stage, text), field) == value


def test_env_replaces_in_place_and_sees_the_values_before_its_line(stage: Stage) -> None:
    config = build(stage, "ENV A=1 B=$A\nENV C=$A PATH=/x:$PATH\nENV legacy some value")
    assert config.env == (
        "PATH=/x:/usr/local/bin:/usr/bin:/bin",
        f"PYTHON_VERSION={stage.python.version}",
        "A=1",
        "B=",
        "C=1",
        "legacy=some value",
    )


def test_an_entrypoint_drops_the_bases_cmd_and_keeps_the_stages(stage: Stage) -> None:
    stage.state.config = ImageConfig(cmd=("python3",))
    assert build(stage, 'ENTRYPOINT ["a"]').cmd is None
    stage.state.command_set = False
    assert build(stage, 'CMD ["x"]\nENTRYPOINT ["b"]').cmd == ("x",)


def test_workdir_makes_the_folder_for_the_user(stage: Stage) -> None:
    build(stage, "WORKDIR /app/deep\nUSER app\nWORKDIR mine\nWORKDIR /etc")
    assert stage.attributes("/app/deep") == "0:0 755"
    assert stage.attributes("/app/deep/mine") == "1000:1001 755"
    assert stage.attributes("/etc") == "0:0 755"


WHOLE = """
ARG WHO=world
ENV GREETING="hello $WHO"
WORKDIR /srv
COPY --chown=app:app . .
RUN echo "$GREETING from $WHO in $(pwd)" > greeting && chmod 600 greeting
COPY <<one <<'two' docs/
value $WHO
one
value $WHO
two
RUN <<EOF
set -e
for name in one two; do cat docs/$name; done > all
EOF
RUN cat <<A > /a && cat <<B > /b
first
A
second
B
USER app
RUN touch /home/app/mine
"""


def test_a_whole_file_with_context_ignore_and_arguments(stage: Stage, folder: Folder) -> None:
    root = folder(
        {
            "app/main.py": "print(1)",
            "app/cache/x.pyc": "",
            "app/cache/keep.txt": "kept",
            "node_modules/big.js": "",
            "secret.env": "",
            "requirements.txt": "",
        }
    )
    ignore = Ignore.from_text("# c\nnode_modules\n*.env\n**/cache/*\n!app/cache/keep.txt\n")
    build(stage, WHOLE, Context(root, ignore))
    files = {
        path: node.data.decode() for path, node in stage.tree.walk("/srv") if isinstance(node, File)
    }
    assert files == {
        "/srv/all": "value world\nvalue $WHO\n",
        "/srv/app/cache/keep.txt": "kept",
        "/srv/app/main.py": "print(1)",
        "/srv/docs/one": "value world\n",
        "/srv/docs/two": "value $WHO\n",
        "/srv/greeting": "hello world from world in /srv\n",
        "/srv/requirements.txt": "",
    }
    assert stage.attributes("/srv/app/main.py").startswith("1000:")
    assert stage.attributes("/srv/greeting") == "0:0 600"
    assert stage.tree.file("/a").data + stage.tree.file("/b").data == b"first\nsecond\n"
    assert stage.attributes("/home/app/mine") == "1000:1001 644"


def test_the_same_file_gives_the_same_tree(stage: Stage, folder: Folder) -> None:
    context = Context(folder({"a": "1", "b/c": "2"}))
    text = "COPY . /app\nRUN useradd -m x && date > /app/date && head -c 9 /dev/urandom > /app/r\n"
    other = type(stage)()
    build(stage, text, context)
    build(other, text, context)
    assert stage.tree.digest() == other.tree.digest()


def test_a_document_with_an_interpreter_runs_as_a_program(
    stage: Stage, echo_runner: EchoRunner
) -> None:
    stage.runner = echo_runner
    build(stage, "RUN <<EOF\n#!/usr/bin/env python3\nprint(1)\nEOF\n")
    assert echo_runner.requests[0].argv == ("/usr/local/bin/python3", "/.run/EOF")
    assert stage.tree.get("/dev") is None


# --- mounts --------------------------------------------------------------------------------------


def test_mounts_are_there_for_one_command_only(stage: Stage, folder: Folder) -> None:
    context = Context(folder({"requirements.txt": "x==1", "src/a.py": "a"}))
    stage.tree.add_file("/var/cache/old", b"old")
    before = stage.tree.digest()
    build(
        stage,
        "RUN --mount=type=bind,source=requirements.txt,target=/deep/er/requirements.txt"
        " --mount=source=src,target=/src --mount=type=cache,target=/var/cache"
        " --mount=type=tmpfs,target=/scratch --mount=type=secret,id=token"
        ' cat /deep/er/requirements.txt /src/a.py > /out && test -z "$(ls /var/cache)"'
        " && touch /var/cache/new /scratch/x /src/new && test ! -e /run/secrets/token\n",
        context,
    )
    assert stage.tree.file("/out").data == b"x==1a"
    stage.tree.remove("/out")
    assert stage.tree.digest() == before


def test_secrets_are_there_for_one_command_only(stage: Stage) -> None:
    stage.secrets["token"] = b"s3cret"
    before = stage.tree.digest()
    build(
        stage,
        "RUN --mount=type=secret,id=token,required=true"
        " --mount=type=secret,id=token,target=/root/.token,mode=0440,uid=5"
        " --mount=type=secret,id=token,env=TOKEN --mount=type=secret,id=other,env=OTHER"
        ' test "$TOKEN/${OTHER-unset}/$(cat /run/secrets/token /root/.token)"'
        " = s3cret/unset/s3crets3cret && test ! -e /run/secrets/other && stat -c %a /root/.token\n"
        'RUN test -z "$TOKEN" && test ! -e /run/secrets && test ! -e /root/.token\n',
    )
    assert stage.heard.out == b"440\n"
    assert stage.tree.digest() == before


def test_the_last_of_env_and_arg_is_what_a_command_sees(stage: Stage) -> None:
    text = "ENV A=env B=env\nARG A=arg\nRUN echo $A $B\nENV A=last\nRUN echo $A\n"
    config = build(stage, f"{text}ARG PYTHON_VERSION=mine\nRUN echo $PYTHON_VERSION\n")
    assert stage.heard.out == b"arg env\nlast\nmine\n"
    assert config.environment()["A"] == "last"
    assert config.environment()["PYTHON_VERSION"] == stage.python.version


def test_a_tmpfs_has_the_mode_of_what_it_covers_or_is_open_to_all(stage: Stage) -> None:
    stage.tree.make_directories("/closed", 0o700, 5, 6)
    mounts = " ".join(f"--mount=type=tmpfs,target={at}" for at in ("/tmp", "/closed", "/new"))
    build(stage, f"USER app\nRUN {mounts} touch /new/x /tmp/x; stat -c '%a %U' /tmp /closed /new\n")
    assert stage.heard.out == b"1777 root\n700 root\n1777 root\n"
    assert stage.attributes("/closed") == "5:6 700"


def test_mounts_are_where_variables_say(stage: Stage) -> None:
    before = stage.tree.digest()
    text = "ENV HOME=/home/app\nARG UID=1000\n"
    text += "RUN --mount=type=cache,target=$HOME/.cache/uv,uid=$UID stat -c '%u %n' ~/.cache/uv\n"
    build(stage, text)
    assert stage.heard.out == b"1000 /home/app/.cache/uv\n"
    assert stage.tree.digest() == before


@pytest.mark.parametrize("kind", ["secret,id=token", "ssh", "secret,target=/x/token"])
@pytest.mark.parametrize("word", ["required", "required=true", "required=1", "required=T"])
def test_mounts_that_are_required_and_not_there_stop_the_build(
    stage: Stage, kind: str, word: str
) -> None:
    with pytest.raises(InstructionError) as raised:
        build(stage, f"RUN --mount=type={kind},{word} true\n")
    assert raised.value.where is not None
    assert raised.value.where.line == 2


def test_mounts_from_another_stage_are_copies(stage: Stage) -> None:
    other = Tree()
    other.add_file("/bin/tool.sh", b"#!/bin/sh\necho tool\n", mode=0o755)
    stage.stages["1"] = other  # by its number, behind the one `build` begins with
    text = "FROM python:3.13 AS tools\nFROM python:3.13\n"
    text += "RUN --mount=from=tools,source=/bin,target=/t /t/tool.sh > /o && rm /t/tool.sh\n"
    build(stage, text)
    assert stage.tree.file("/o").data == b"tool\n"
    assert other.get("/bin/tool.sh") is not None


def test_mounts_are_taken_away_after_a_failure(stage: Stage) -> None:
    before = stage.tree.digest()
    with pytest.raises(RunFailedError):
        build(stage, "RUN --mount=type=cache,target=/a/b/c false\n")
    assert stage.tree.digest() == before


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("EXPOSE 99999", "99999"),
        ("EXPOSE 80-70", "80-70"),
        ("EXPOSE x/tcp", "x/tcp"),
        ("STOPSIGNAL SIGNOPE", "SIGNOPE"),
        ("STOPSIGNAL 65", "65"),
        ("HEALTHCHECK --interval=5 CMD x", "--interval=5"),
        ("HEALTHCHECK --retries=many CMD x", "--retries=many"),
        ("HEALTHCHECK --timeout=1us CMD x", "1ms"),
        ('VOLUME [""]', "empty path"),
        ('SHELL ["powershell"]\nRUN x', "powershell"),
        ("RUN --security=insecure x", "--security=insecure"),
        ("RUN --security=none x", "--security=none"),
        ("RUN --network=bridge x", "--network=bridge"),
        ("RUN --device=gpu x", "--device=gpu"),
        ("RUN --mount=type=magic,target=/x y", "magic"),
        ("RUN --mount=type=cache y", "no target"),
        ("RUN --mount=type=cache,colour=red,target=/x y", "colour"),
        ("RUN --mount=type=cache,mode=abc,target=/x y", "abc"),
        ("RUN --mount=type=secret,id=t,required=true y", "required"),
        ("RUN --mount=type=secret,id=t,required=yes y", "required=yes"),
        ("RUN --mount=type=bind,source=nope,target=/x y", "nope"),
        ("RUN --mount=type=tmpfs,target=/ y", "root"),
        ("RUN --mount=type=bind,source=../x,target=/x y", "../x"),
        ("USER nobody\nRUN x", "nobody"),
        ("COPY nope /x", "nope"),
        ("ADD https://example.org/x /x", "https://example.org/x"),
    ],
)
def test_every_error_names_its_line_and_value(
    stage: Stage, folder: Folder, line: str, says: str
) -> None:
    with pytest.raises(BoxerError) as error:
        build(stage, line, Context(folder({})))
    assert says in error.value.message
    assert error.value.where is not None
    assert error.value.where.line == 2 + line.count("\n")
    assert error.value.reference != "boxer-bug"


def test_onbuild_changes_nothing_in_its_own_stage(stage: Stage) -> None:
    build(stage, "ONBUILD RUN echo x > /x\nMAINTAINER me\n")
    assert stage.state.tree.get("/x") is None
