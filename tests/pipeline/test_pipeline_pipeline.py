from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from boxer.boxfile import read_box
from boxer.errors import (
    BoxerError,
    ContextMissingError,
    DockerfileMissingError,
    DockerfileSyntaxError,
    EpochError,
    UnknownBaseError,
    WriteError,
)
from boxer.images import Base, BaseReference, resolve
from boxer.pipeline import BuildResult, Event, build
from boxer.pipeline.building import DEFAULT_EPOCH
from boxer.pipeline.events import (
    BuildFinished,
    BuildStarted,
    Notice,
    StageFinished,
    StageStarted,
    StepFinished,
    StepOutput,
    StepStarted,
)
from boxer.runtime import run
from tests.pythons import python_of


class OneBase:
    """A `BaseSource` that has the tiny base under python's name, and counts what it loads."""

    def __init__(self, base: Base) -> None:
        self.base = base
        self.loaded = 0

    def resolve(self, reference: str) -> BaseReference:
        return resolve(reference)

    def load(self, reference: BaseReference) -> Base:
        self.loaded += 1
        return self.base


class Project:
    """A context folder to build from."""

    def __init__(self, folder: Path, base: Base) -> None:
        self.folder = folder
        self.bases = OneBase(base)
        self.events: list[Event] = []

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def build(
        self,
        dockerfile: str,
        *,
        build_args: Mapping[str, str] | None = None,
        target: str | None = None,
        output: Path | None = None,
        epoch: int | None = None,
        cache: bool = True,
        labels: Mapping[str, str] | None = None,
        secrets: Mapping[str, bytes] | None = None,
    ) -> BuildResult:
        self.write({"Dockerfile": dockerfile})
        return build(
            self.folder,
            build_args=build_args,
            target=target,
            output=output,
            epoch=epoch,
            cache=cache,
            labels=labels,
            secrets=secrets,
            bases=self.bases,
            events=self.events.append,
        )


@pytest.fixture
def project(tmp_path: Path, base: Base) -> Project:
    folder = tmp_path / "context"
    folder.mkdir()
    return Project(folder, base)


HELLO = 'FROM python:3.13\nWORKDIR /app\nCOPY main.py .\nENV A=1\nCMD ["tiny"]\n'


def test_dockerfile_becomes_a_box(project: Project, tmp_path: Path) -> None:
    project.write({"main.py": "print(1)\n"})
    output = tmp_path / "app.wasm"
    result = project.build(HELLO, output=output)
    assert output.read_bytes() == result.data
    assert result.info.config.working_dir == "/app"
    assert result.info.config.environment() == {"PATH": "/bin", "A": "1"}
    assert run(read_box(result.data)).stdout.startswith(b"uid=0\0gid=0\0user=root\0cwd=/app\0")


def test_names_and_folders_are_those_of_the_bases_python(project: Project, base: Base) -> None:
    python = python_of("3.99.1")
    base.tree.add_file(f"{python.stdlib}/lamp.py", b"")
    base.tree.add_file(python.program, b"#!boxer python\n", mode=0o755)
    base.tree.add_symlink("/usr/local/bin/python", "python3.99")
    project.bases = OneBase(replace(base, info=replace(base.info, python=python)))
    project.write({"main.py": "import lamp\n"})
    dockerfile = "FROM python:3.9\nENV PATH=/usr/local/bin:/bin\nCOPY main.py /\n"
    result = project.build(
        dockerfile + 'RUN ls /usr/local/lib/python3.9\nCMD ["python3.9", "/main.py"]\n'
    )
    assert b"lamp.py\n" in [e.data for e in project.events if isinstance(e, StepOutput)]
    assert result.info.preinitialised == ("lamp",)


def test_building_twice_gives_the_same_bytes(project: Project) -> None:
    project.write({"main.py": "print(1)\n"})
    first = project.build(HELLO)
    os.utime(project.folder / "main.py", (10**9, 10**9))
    assert project.build(HELLO).digest == first.digest


def test_time_of_everything_is_the_epoch(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    assert project.build("FROM python:3.13\n").info.created == DEFAULT_EPOCH
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert project.build("FROM python:3.13\n").info.created == 1_700_000_000
    assert project.build("FROM python:3.13\n", epoch=5).info.created == 5


@pytest.mark.parametrize("text", ["now", "-1", "1e9", "9" * 15, "٣"])
def test_epoch_without_sense_is_refused(
    project: Project, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", text)
    with pytest.raises(EpochError):
        project.build("FROM python:3.13\n")


STAGES = """
FROM python:3.13 AS maker
RUN mkdir /made && echo one > /made/file
FROM python:3.13 AS unused
RUN false
FROM python:3.13
COPY --from=maker /made/file /file
"""


def test_stages_are_built_as_they_are_needed(project: Project) -> None:
    project.build(STAGES)
    started = [event for event in project.events if isinstance(event, StageStarted)]
    assert [(event.number, event.name) for event in started] == [(1, "maker"), (2, None)]
    assert project.bases.loaded == 1


def test_stage_does_not_change_the_base_or_what_it_builds_on(project: Project) -> None:
    before = project.bases.base.tree.digest()
    project.build("FROM python:3.13 AS a\nRUN echo > /new\nFROM a\nRUN rm /new\nFROM a\n")
    assert project.bases.base.tree.digest() == before


def test_target_names_the_stage_to_build(project: Project) -> None:
    result = project.build("FROM python:3.13 AS a\nUSER 5\nFROM python:3.13\n", target="a")
    assert result.info.config.user == "5"


def test_build_argument_reaches_the_settings(project: Project) -> None:
    result = project.build("FROM python:3.13\nARG V=0\nENV VERSION=$V\n", build_args={"V": "7"})
    assert result.info.config.environment()["VERSION"] == "7"


def test_labels_that_are_given_win(project: Project) -> None:
    result = project.build("FROM python:3.13\nLABEL a=1 b=2\n", labels={"b": "3", "c": ""})
    assert dict(result.info.config.labels) == {"a": "1", "b": "3", "c": ""}


def test_secrets_do_not_get_into_the_box(project: Project) -> None:
    text = "FROM python:3.13\nRUN --mount=type=secret,id=key wc -c < /run/secrets/key > /size\n"
    with_key = project.build(text, secrets={"key": b"bd81e8f2-not-to-be-found"}, cache=False)
    assert b"bd81e8f2" not in with_key.data
    other = project.build(text, secrets={"key": b"bd81e8f2-not-to-be-seen."}, cache=False)
    assert other.digest == with_key.digest


def test_events_tell_the_whole_build_in_order(project: Project) -> None:
    project.build("FROM python:3.13-slim\nRUN echo hello\nUSER 5\n")
    kinds = [type(event) for event in project.events]
    assert kinds[:8] == [
        BuildStarted, StageStarted, StepStarted, StepOutput, StepFinished, StepStarted,
        StepFinished, StageFinished,
    ]  # fmt: skip
    assert kinds[-1] is BuildFinished
    output = next(event for event in project.events if isinstance(event, StepOutput))
    assert output.data == b"hello\n"
    step = next(event for event in project.events if isinstance(event, StepStarted))
    assert (step.text, step.where and step.where.line) == ("RUN echo hello", 2)


def test_other_version_is_told(project: Project) -> None:
    project.build("FROM python:3.11\n")
    notices = [event for event in project.events if isinstance(event, Notice)]
    assert "3.11" in notices[0].message
    assert notices[0].where is not None
    assert notices[0].where.line == 1


def test_unknown_base_has_its_line(project: Project) -> None:
    with pytest.raises(UnknownBaseError) as caught:
        project.build("# comment\nFROM pyhton:3.13\n")
    assert caught.value.where is not None
    assert caught.value.where.line == 2


def test_dockerignore_hides_files(project: Project) -> None:
    project.write({"secret": "x", "open": "y", ".dockerignore": "secret\n"})
    with pytest.raises(BoxerError, match="secret"):
        project.build("FROM python:3.13\nCOPY secret /\n")


def test_ignore_file_beside_the_dockerfile_wins(project: Project) -> None:
    project.write({"a": "x", ".dockerignore": "a\n", "Dockerfile.dockerignore": "b\n"})
    project.build("FROM python:3.13\nCOPY a /\n")


def test_missing_context(tmp_path: Path) -> None:
    with pytest.raises(ContextMissingError):
        build(tmp_path / "nope")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ContextMissingError, match="is not a folder"):
        build(tmp_path / "file")


def test_missing_dockerfile_names_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(DockerfileMissingError) as caught:
        build(tmp_path)
    assert caught.value.hint is not None
    (tmp_path / "dockerfile.dev").write_text("FROM scratch\n")
    with pytest.raises(DockerfileMissingError) as caught:
        build(tmp_path)
    assert "dockerfile.dev" in (caught.value.hint or "")


def test_dockerfile_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_bytes(b"FROM \xff\n")
    with pytest.raises(DockerfileSyntaxError, match="UTF-8"):
        build(tmp_path)


def test_full_disk_leaves_no_box(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.build("FROM python:3.13\n")  # so that the caches are there
    folder = tmp_path / "out"
    folder.mkdir()

    def write(descriptor: int, data: memoryview) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(WriteError, match="No space left"):
        project.build("FROM python:3.13\n", output=folder / "app.wasm")
    monkeypatch.undo()
    assert list(folder.iterdir()) == []


RUNS = """FROM python:3.13
ARG WHO=me
COPY a.txt /
RUN cat /a.txt > /made && echo $WHO >> /made && touch /touched
COPY b.txt /
RUN cat /b.txt >> /made
CMD ["tiny"]
"""


@pytest.mark.parametrize(
    ("change", "cached"),
    [
        ({}, [True, True]),
        ({"b.txt": "other"}, [True, False]),
        ({"a.txt": "other"}, [False, False]),
        ({"unused.txt": "other"}, [True, True]),
    ],
)
def test_a_run_is_taken_from_the_cache_where_nothing_before_it_changed(
    project: Project, change: dict[str, str], cached: list[bool]
) -> None:
    project.write({"a.txt": "a", "b.txt": "b", "unused.txt": "u"})
    project.build(RUNS)
    project.write(change)
    project.events.clear()
    found = project.build(RUNS)
    steps = [event for event in project.events if isinstance(event, StepFinished)]
    assert [steps[1].cached, steps[3].cached] == cached
    assert found.digest == project.build(RUNS, cache=False).digest


def test_a_build_argument_is_part_of_what_a_run_depends_on(project: Project) -> None:
    project.write({"a.txt": "a", "b.txt": "b"})
    project.build(RUNS)
    project.events.clear()
    project.build(RUNS, build_args={"WHO": "you"})
    steps = [event for event in project.events if isinstance(event, StepFinished)]
    assert not any(step.cached for step in steps)


def test_another_compiler_makes_its_own_results(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write({"a.txt": "a", "b.txt": "b"})
    project.build(RUNS)
    project.events.clear()
    monkeypatch.setattr(import_module("boxer.pipeline.cachekeys"), "sdk_digest", lambda: "another")
    project.build(RUNS)
    steps = [event for event in project.events if isinstance(event, StepFinished)]
    assert not any(step.cached for step in steps)


def test_nothing_is_taken_from_the_cache_without_it(project: Project) -> None:
    project.write({"a.txt": "a", "b.txt": "b"})
    project.build(RUNS)
    project.events.clear()
    project.build(RUNS, cache=False)
    steps = [event for event in project.events if isinstance(event, StepFinished)]
    assert not any(step.cached for step in steps)
