"""Where files lie, and what is said where they cannot lie there."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

import boxer.blobstore as room
from boxer.blobstore import cache_folder, cache_problem, folder_problem, home_folder, make_folder
from boxer.blobstore.folders import NOWHERE
from boxer.errors import WriteError

FOLDERS = {
    "XDG_CACHE_HOME": (room.cache_folder, ".cache/boxer"),
    "XDG_CONFIG_HOME": (room.settings_folder, ".config/boxer"),
    "XDG_DATA_HOME": (room.data_folder, ".local/share/boxer"),
    "XDG_STATE_HOME": (room.state_folder, ".local/state/boxer"),
}


@pytest.mark.parametrize("variable", FOLDERS)
def test_a_variable_names_a_place_if_it_is_a_whole_path(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    place, below_home = FOLDERS[variable]
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv(variable, "/elsewhere")
    assert place() == Path("/elsewhere/boxer")
    for other in ("", "relative"):
        monkeypatch.setenv(variable, other)
        assert place() == Path("/home/me") / below_home
    monkeypatch.delenv(variable)
    assert place() == Path("/home/me") / below_home


def test_a_user_whom_the_system_does_not_know_has_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    import pwd

    def unknown(number: int) -> None:
        raise KeyError(number)

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    assert home_folder() == NOWHERE
    assert cache_folder() == NOWHERE / ".cache" / "boxer"
    assert cache_problem() is not None  # also for root, who makes no folder there


def test_a_folder_that_can_be_written_has_no_problem(tmp_path: Path) -> None:
    assert folder_problem(tmp_path / "a" / "b") is None
    assert list((tmp_path / "a" / "b").iterdir()) == []
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def test_why_nothing_can_be_kept_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    for place, reason in (
        (tmp_path / "file", "Not a directory"),
        (Path("/proc/nothing"), "No such file or directory"),
    ):
        monkeypatch.setenv("XDG_CACHE_HOME", str(place))
        assert cache_problem() == f"the cache folder `{place}/boxer` cannot be used ({reason})"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_problem() is None


def test_a_disk_that_takes_no_more_is_a_problem(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        assert folder_problem(tmp_path) == "File too large"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_folder_that_cannot_be_made_names_what_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WriteError, match=r"/file/a/b` cannot be made: Not a directory") as caught:
        make_folder(tmp_path / "file" / "a" / "b")
    assert caught.value.hint is not None
    assert caught.value.hint.startswith(f"`{tmp_path / 'file'}` takes no folder of yours. HOME, or")


COMMANDS = [
    ["images"], ["ps"], ["network", "ls"], ["volume", "ls"], ["cache", "ls"], ["bases"],
    ["fn", "list"],
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_where_there_is_no_home_what_lists_lists_nothing(command: list[str]) -> None:
    """A user of a container: no name, no home."""
    program = (
        "import pwd, sys\n"
        "def unknown(number): raise KeyError(number)\n"
        "pwd.getpwuid = unknown\n"
        "from boxer.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    kept = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
    environment = {name: value for name, value in os.environ.items() if name not in kept}
    done = subprocess.run(
        [sys.executable, "-c", program, *command],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
