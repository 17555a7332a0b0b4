"""Scripts that stand for programs of distributions: what they make of their lines and options."""

from __future__ import annotations

import datetime
import importlib.util
import pwd
import sys
from importlib import resources
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from boxer.filetree import File, Tree
from boxer.userland import add_package_programs, package_of_image
from boxer.userland.imageprograms import remove_package_programs


def _script(name: str) -> ModuleType:
    path = resources.files("boxer.userland.commands").joinpath("programs", f"{name}.py")
    spec = importlib.util.spec_from_file_location(name, str(path))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


cron = _script("cron")
wget = _script("wget")


# 2024-09-13 was a Friday.
@pytest.mark.parametrize(
    ("times", "now", "due"),
    [
        ("* * * * *", (2024, 9, 13, 0, 0), True),
        ("*/15 * * * *", (2024, 9, 13, 3, 45), True),
        ("*/15 * * * *", (2024, 9, 13, 3, 46), False),
        ("5/20 * * * *", (2024, 9, 13, 3, 45), True),
        ("0 9-17/2 * * mon-fri", (2024, 9, 13, 11, 0), True),
        ("0 9-17/2 * * mon-fri", (2024, 9, 13, 12, 0), False),
        ("0 9-17/2 * * MON-FRI", (2024, 9, 14, 11, 0), False),
        ("0 0 13 * 5", (2024, 9, 6, 0, 0), True),
        ("0 0 13 * 5", (2024, 8, 13, 0, 0), True),
        ("0 0 13 * 5", (2024, 8, 14, 0, 0), False),
        ("0 0 */2 * 5", (2024, 9, 6, 0, 0), False),
        ("0 0 * * 7", (2024, 9, 15, 0, 0), True),
        ("0 0 * * 0,6", (2024, 9, 15, 0, 0), True),
        ("5,10 1 1 jan *", (2024, 1, 1, 1, 10), True),
        ("@daily", (2024, 9, 13, 0, 0), True),
        ("@hourly", (2024, 9, 13, 1, 1), False),
        ("@reboot", (2024, 9, 13, 0, 0), False),
    ],
)
def test_a_job_is_due_at_the_times_of_its_line(
    times: str, now: tuple[int, int, int, int, int], due: bool
) -> None:
    assert cron.Job(f"{times} run", "root", {}).is_due(datetime.datetime(*now)) is due


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("60 * * * * x", "bad minute"),
        ("a * * * * x", "bad minute"),
        ("*/0 * * * * x", "bad minute"),
        ("* 5-1 * * * x", "bad hour"),
        ("* * 0 * * x", "bad day-of-month"),
        ("* * * 13 * x", "bad month"),
        ("* * * * 8 x", "bad day-of-week"),
        ("* * * *", "bad day-of-week"),
        ("* * * * *", "bad command"),
        ("@never x", "bad time specifier"),
    ],
)
def test_a_bad_line_is_refused_with_its_number(line: str, problem: str) -> None:
    with pytest.raises(ValueError, match=f"^line 2: {problem}$"):
        cron.jobs_of(f"# a comment\n{line}\n", "root")


def test_a_table_of_the_system_names_users_and_has_variables() -> None:
    text = 'PATH = /a:/b\nX="q r"\n\n*/5 * * * *\troot  cd /app && run\n@daily nobody date +\\%F\n'
    first, second = cron.jobs_of(text, None)
    assert (first.user, first.command) == ("root", "cd /app && run")
    assert first.variables == {"PATH": "/a:/b", "X": "q r"}
    assert (second.user, second.command) == ("nobody", "date +\\%F")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["crond", "-c", "/srv/tables"], "crond: option -c not recognized: not known here"),
        (["cron", "-P"], "cron: option -P not recognized: not known here"),
        (["cron", "stop"], "cron: stop: not known here"),
        (
            ["crontab", "-u", "../../etc/cron.d/x", "-l"],
            "crontab: user `../../etc/cron.d/x' unknown",
        ),
        (
            ["service", "nginx", "start"],
            "service: nginx start: a box has no other service than cron",
        ),
    ],
)
def test_what_is_not_known_is_refused(words: list[str], told: str) -> None:
    assert cron.main(words) == told


def test_a_job_of_another_user_has_that_users_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}

    def begin(_: list[str], **options: Any) -> SimpleNamespace:
        given.update(options)
        return SimpleNamespace(stdin=None)

    monkeypatch.setattr(cron.subprocess, "Popen", begin)
    monkeypatch.setattr(cron.os, "geteuid", lambda: -1)
    monkeypatch.setattr(cron.os, "getgrouplist", lambda name, group: [group, 4242])
    assert cron.start(cron.Job("* * * * * run", "nobody", {}), False)
    entry = pwd.getpwnam("nobody")
    assert (given["user"], given["group"]) == ("nobody", entry.pw_gid)
    assert given["extra_groups"] == [entry.pw_gid, 4242]


@pytest.mark.parametrize(
    "words",
    [
        ["http://[::1"], ["file:///etc/passwd"], ["ftp://a/b"], ["http://"], ["http://a:99999/"],
        ["-T", "abc", "a"], ["-t", "x", "a"], ["-S", "a"], ["--https-only", "a"], [],
    ],
)  # fmt: skip
def test_what_wget_cannot_do_ends_it(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["wget", "-q", *words])
    with pytest.raises(SystemExit) as ended:
        wget.main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("wget: ")


def test_wget_says_who_asks() -> None:
    given = wget.request("http://a/", [("--user", "me"), ("--password", "pass")])
    assert given.get_header("Authorization") == "Basic bWU6cGFzcw=="


def test_programs_of_a_package_come_and_go() -> None:
    tree = Tree()
    tree.make_directories("/usr", 0o755, 0, 0, 0)
    add_package_programs(tree, "cron", 0)
    paths = ("/usr/sbin/cron", "/usr/bin/crontab", "/usr/sbin/service", "/etc/init.d/cron")
    nodes = [tree.get(path) for path in paths]
    assert all(isinstance(node, File) and node.mode == 0o755 for node in nodes)
    assert tree.get("/etc/cron.d") is not None
    tree.add_file("/usr/bin/crontab", b"#!/bin/sh\n", 0o755, 0, 0, 0)
    remove_package_programs(tree, "cron")
    assert [tree.get(path) is not None for path in paths] == [False, True, False, False]


def test_an_alpine_image_has_busyboxs_programs() -> None:
    found = [package_of_image(flavour) for flavour in ("alpine3.20", "slim", "")]
    assert found == ["busybox", None, None]
