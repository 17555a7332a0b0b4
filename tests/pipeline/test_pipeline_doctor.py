"""`boxer doctor` and `boxer check`: what is told before a build."""

from __future__ import annotations

from pathlib import Path

import pytest

from boxer.errors import StageError
from boxer.pipeline import check
from boxer.pipeline.doctor import examine


def verdicts(folder: Path, text: str) -> list[tuple[int | None, str, str]]:
    (folder / "Dockerfile").write_text(text)
    return [(line.where.line, line.verdict, line.why) for line in examine(folder)]


@pytest.mark.parametrize(
    ("line", "verdict", "says"),
    [
        ("RUN apt-get update && apt-get install -y git gcc", "changed", "`git`: not installed"),
        ("RUN apt-get install -y ffmpeg", "fails", "`ffmpeg`"),
        ("RUN true && V=$(git describe)", "fails", "`git`"),
        ("RUN frobnicate now", "unknown", "`frobnicate`"),
        ("RUN python -m pip install -U uwsgi psycopg2", "fails", "`psycopg2`"),
        ("RUN pip install 'numpy>2' click", "changed", "`numpy`: its default integer"),
        ("RUN if true; then", "fails", "no shell script"),
        ("COPY missing.txt /", "fails", "not in the build context"),
        ("COPY --from=nginx /a /b", "fails", "`nginx`"),
        ("ADD https://example.org/a /a", "fails", "https://example.org/a"),
        ("CMD gunicorn app:app", "changed", "no port of the host"),
        ('CMD ["sh", "-c", "alembic upgrade head && uvicorn a:b"]', "changed", "inside the box"),
        ("CMD python manage.py runserver 0.0.0.0:8000", "changed", "inside the box"),
        ('CMD ["bash", "-c", "nginx & gunicorn a:b"]', "fails", "background"),
        ("CMD celery -A app worker 2>&1", "fails", "network"),
        ('ENTRYPOINT ["supervisord"]', "fails", "one process"),
    ],
)
def test_a_line_is_told_what_it_will_come_to(
    tmp_path: Path, line: str, verdict: str, says: str
) -> None:
    found = verdicts(tmp_path, f"FROM python:3.13\n{line}\n")
    assert any((number, given) == (2, verdict) and says in why for number, given, why in found), (
        found
    )


@pytest.mark.parametrize(
    "line",
    [
        "RUN mkdir -p /a && echo x | tee /a/b && rm -rf /var/lib/apt/lists/*",
        "RUN f() { echo 1; }; f && [[ -f /x ]] || exit 1",
        "RUN pip install click && python manage.py migrate && uv sync",
        "COPY Dockerfile *.py /app/",
        "COPY --from=ghcr.io/astral-sh/uv:latest /uv /bin/",
        'CMD ["python", "-m", "app"]',
        "CMD python -m app >&2 && echo done 2>&1",
    ],
)
def test_what_works_is_told_to_work(tmp_path: Path, line: str) -> None:
    found = verdicts(tmp_path, f"FROM python:3.13\n{line}\n")
    assert [verdict for _, verdict, _ in found] == ["works", "works"]


def test_bases_and_requirements_are_told(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("click\n# psycopg2\npsycopg2==2.9  # c\n")
    found = verdicts(tmp_path, "FROM node:20 AS a\nFROM ubuntu\nRUN apk add python3\nFROM a\n")
    said = {(number, verdict) for number, verdict, _ in found}
    assert {(1, "fails"), (2, "changed"), (4, "works"), (3, "fails")} <= said


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
