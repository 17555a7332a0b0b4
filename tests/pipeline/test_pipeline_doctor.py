"""`boxer doctor` and `boxer check`: what is told before a build."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from boxer.errors import BoxerError, StageError
from boxer.images import Base
from boxer.pipeline import build, check
from boxer.pipeline.doctor import Report, examine
from tests.indexes import Indexes, indexes
from tests.pipeline.test_pipeline_pipeline import OneBase
from tests.pythons import PYTHON
from tests.stages import Stage

__all__ = ["indexes"]  # a fixture


@pytest.fixture
def bases(base: Base) -> OneBase:
    """The tiny base with a Python's names in it."""
    config = {"Env": ["PATH=/usr/local/bin:/usr/bin:/bin"], "Cmd": ["tiny"]}
    info = replace(base.info, python=PYTHON, config=config)
    return OneBase(replace(base, info=info, tree=Stage().tree))


@pytest.fixture(autouse=True)
def cache(own_cache: Path, monkeypatch: pytest.MonkeyPatch, indexes: Indexes) -> None:
    """What is compiled is kept where other tests keep it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(own_cache))


def verdicts(report: Report) -> list[tuple[int | None, str, str]]:
    return [(line.where.line, line.verdict, line.why) for line in report.lines]


UV = """
[project]
name = "s"
version = "1"
dependencies = ["{}"]
[dependency-groups]
dev = ["{}"]
"""
NATIVE = "cp313-cp313-manylinux_2_17_x86_64"

# Lines after FROM; files of the context; the line that stops the build, if any does, and what is
# said of it.
CASES: list[tuple[str, dict[str, str], int | None, str]] = [
    ("RUN pip install alpha", {}, None, ""),
    ("RUN pip install alpah", {}, 2, "`alpah`"),
    ("RUN pip install iron", {}, 2, "`iron 1.0`"),
    ("RUN pip install needy", {}, 2, "`needy` needs it"),
    ("RUN pip install iron || true", {}, None, ""),
    ("RUN pip install iron; echo done", {}, None, ""),
    ("COPY . .\nRUN pip install -r requirements.txt", {"requirements.txt": "alpha\n"}, None, ""),
    ("COPY . .\nRUN pip install -r requirements.txt", {"requirements.txt": "needy\n"}, 3, "iron"),
    ("COPY . .\nRUN pip install alpha", {"requirements-dev.txt": "iron\n"}, None, ""),
    ("RUN pip install -r requirements.txt", {"requirements.txt": "alpha\n"}, 2, "requirements.txt"),
    ("COPY . .\nRUN uv sync", {"pyproject.toml": UV.format("alpha", "iron")}, 3, "iron"),
    ("COPY . .\nRUN uv sync --no-dev", {"pyproject.toml": UV.format("alpha", "iron")}, None, ""),
    ("COPY . .\nRUN uv sync --locked", {"pyproject.toml": UV.format("alpha", "iron")}, 3,
     "uv.lock"),
    ("COPY . .\nRUN uv pip install --system -r pyproject.toml --group dev",
     {"pyproject.toml": UV.format("alpha", "gamma")}, None, ""),
    ("COPY . .\nRUN uv pip install --system -r pyproject.toml",
     {"pyproject.toml": UV.format("needy", "gamma")}, 3, "iron"),
    ("COPY missing.txt /", {}, 2, "missing.txt"),
    ("COPY --from=nginx /a /b", {}, 2, "nginx"),
    ("ADD https://example.org/a /a", {}, 2, "https://example.org/a"),
    ("RUN true && V=$(git describe)", {}, 2, "`git`"),
    ("RUN frobnicate now", {}, 2, "frobnicate"),
    ("RUN if true; then", {}, 2, "shell"),
    ("RUN mkdir -p /a && echo x | tee /a/b && rm -rf /var/lib/apt/lists/*", {}, None, ""),
    ("RUN apt-get update && apt-get install -y ffmpeg", {}, 2, "ffmpeg"),
    ("USER nobody-here\nRUN true", {}, 3, "nobody-here"),
    ('CMD ["celery", "-A", "app", "worker"]', {}, None, ""),
    ("FROM python:3.13 AS unused\nRUN pip install iron\nFROM python:3.13", {}, None, ""),
    ("RUN --mount=type=cache,target=/c pip install alpha", {}, None, ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "files", "stops", "says"), CASES)
def test_the_doctor_says_what_the_build_does(
    tmp_path: Path,
    indexes: Indexes,
    bases: OneBase,
    text: str,
    files: dict[str, str],
    stops: int | None,
    says: str,
) -> None:
    indexes.put("public", "iron", "1.0", tag=NATIVE)
    indexes.put("public", "needy", "1.0", ("iron",))
    context = tmp_path / "context"
    context.mkdir()
    for name, content in {"Dockerfile": f"FROM python:3.13\n{text}\n", **files}.items():
        (context / name).write_text(content)
    report = examine(context, bases=bases)
    assert report.stops == (stops is not None), verdicts(report)
    failing = [(number, why) for number, verdict, why in verdicts(report) if verdict == "fails"]
    assert [number for number, _ in failing] == ([stops] if stops else [])
    assert all(says in why and "/tmp" not in why for _, why in failing), failing
    try:
        build(context, bases=bases)
        stopped = False
    except BoxerError:
        stopped = True
    assert report.stops == stopped


def test_everything_that_fails_is_told_at_once(
    tmp_path: Path, bases: OneBase, indexes: Indexes
) -> None:
    indexes.put("public", "iron", "1.0", tag=NATIVE)
    text = (
        "FROM python:3.13\nRUN pip install iron\nCOPY none /\nRUN python -c 'import iron'\n"
        "RUN nginx -v\nCMD gunicorn app:app\n"
    )
    (tmp_path / "Dockerfile").write_text(text)
    report = examine(tmp_path, bases=bases)
    found = [(number, verdict) for number, verdict, _ in verdicts(report)]
    assert found == [
        (1, "works"), (2, "fails"), (3, "fails"), (4, "unknown"), (5, "unknown"), (6, "works")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("RUN apt-get update && apt-get install -y git gcc", "`git`: not installed"),
    ],
)
def test_what_will_be_otherwise_is_told(
    tmp_path: Path, bases: OneBase, line: str, says: str
) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM python:3.13\n{line}\n")
    report = examine(tmp_path, bases=bases)
    assert any(
        (number, given) == (2, "changed") and says in why for number, given, why in verdicts(report)
    ), verdicts(report)


@pytest.mark.parametrize(
    ("text", "number", "says"),
    [
        ("CMD gunicorn app:app", 2, "boxer run -p 8000:8000 BOX, with its own port"),
        ('CMD ["sh", "-c", "alembic upgrade head && uvicorn a:b"]', 2, "-p 8000:8000"),
        ("CMD python manage.py runserver 0.0.0.0:8000", 2, "-p 8000:8000"),
        ("CMD celery -A app worker 2>&1", 2, "--allow-net-inside BROKER:PORT"),
        ("EXPOSE 8080 53/udp\nCMD gunicorn a:b", 3, "boxer run -p 8080:8080 -p 53:53/udp BOX"),
        (
            "ENV DB=postgresql+asyncpg://me:pw@db/app API=https://api.example.com/v1\nCMD true",
            3,
            "boxer run --allow-net-inside db:5432 --allow-net api.example.com:443 BOX",
        ),
        ("ENV API=https://api.example.com:8443/v1", 2, "--allow-net api.example.com:8443"),
        ("ENV R=redis://localhost", 2, "--allow-net host.boxer.internal:6379"),
        ("ENV R=redis://10.0.0.7", 2, "--allow-net 10.0.0.7:6379"),
    ],
)
def test_what_a_run_needs_of_the_network_is_told(
    tmp_path: Path, bases: OneBase, text: str, number: int, says: str
) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM python:3.13\n{text}\n")
    hints = [line.hint or "" for line in examine(tmp_path, bases=bases).lines
             if line.where.line == number]  # fmt: skip
    assert any(says in hint for hint in hints), hints


def test_variables_and_files_are_no_hosts(tmp_path: Path, bases: OneBase) -> None:
    text = 'ENV A=https://$HOST/ B=sqlite:///x.db C=file://etc/x D=3:4 E="http://[::1]:8/"'
    (tmp_path / "Dockerfile").write_text(f"FROM python:3.13\n{text}\nCMD true\n")
    assert [line.hint for line in examine(tmp_path, bases=bases).lines] == [None, None, None]


def test_all_bases_that_are_not_known_are_told(tmp_path: Path, bases: OneBase) -> None:
    text = "FROM golang AS a\nRUN true\nFROM nginx\nCOPY --from=a /x /y\n"
    (tmp_path / "Dockerfile").write_text(text)
    report = examine(tmp_path, bases=bases)
    found = verdicts(report)
    assert [number for number, verdict, _ in found if verdict == "fails"] == [1, 3]
    assert report.stops


def test_check_plans_and_lints(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM node:20 AS a\nWORKDIR x\nFROM a\n")
    assert [finding.rule for finding in check(tmp_path)] == ["WorkdirRelativePath"]
    with pytest.raises(StageError):
        check(tmp_path, target="none")


def test_files_that_are_ignored_and_yet_copied_are_told(tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").write_text("*.log\nbuild\n!build/keep\n")
    (tmp_path / "build").mkdir()
    text = "FROM scratch\nCOPY a.log build/x b.txt ./build/keep /\nCOPY --from=x c.log *.log /\n"
    (tmp_path / "Dockerfile").write_text(text)
    found = [(entry.rule, entry.message.split("`")[1]) for entry in check(tmp_path)]
    assert found == [("CopyIgnoredFile", "a.log"), ("CopyIgnoredFile", "build/x")]
    (tmp_path / "Dockerfile").write_text(f"# check=skip=CopyIgnoredFile\n{text}")
    assert check(tmp_path) == []
