"""`-v`, `--mount`, `--tmpfs` and `boxer volume`, as docker has them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from boxer.cli import main
from boxer.cli.grants import Copy, Grant, mounts_of, parse_mount, parse_tmpfs, parse_volume
from boxer.describe import VolumeStore
from boxer.errors import MountError, VolumeError
from boxer.runtime import Mount


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    return tmp_path


SHORT = {
    "./a:/b": Grant("bind", "./a", "/b", makes=True),
    "/a:b": Grant("bind", "/a", "b", makes=True),
    "/a:/b:ro": Grant("bind", "/a", "/b", read_only=True, makes=True),
    "./a:/b:ro,z": Grant("bind", "./a", "/b", read_only=True, makes=True),
    ".:/b:cached": Grant("bind", ".", "/b", makes=True),
    "data:/b": Grant("volume", "data", "/b"),
    "data:/b:ro,nocopy": Grant("volume", "data", "/b", read_only=True, copies=False),
    "/b": Grant("volume", None, "/b"),
}


@pytest.mark.parametrize(("text", "grant"), SHORT.items())
def test_short_forms_are_read_as_docker_reads_them(text: str, grant: Grant) -> None:
    assert parse_volume(text) == grant


LONG = {
    "type=bind,source=/a,target=/b": Grant("bind", "/a", "/b"),
    "type=bind,src=/a,dst=/b,readonly": Grant("bind", "/a", "/b", read_only=True),
    "type=bind,src=/a,destination=/b,ro=true": Grant("bind", "/a", "/b", read_only=True),
    "type=bind,src=/a,dst=/b,readonly=false": Grant("bind", "/a", "/b"),
    "source=data,target=/b": Grant("volume", "data", "/b"),
    "type=volume,dst=/b,volume-nocopy": Grant("volume", None, "/b", copies=False),
    "type=tmpfs,target=/b,tmpfs-mode=1770": Grant("tmpfs", None, "/b"),
}


@pytest.mark.parametrize(("text", "grant"), LONG.items())
def test_long_forms_are_read_as_docker_reads_them(text: str, grant: Grant) -> None:
    assert parse_mount(text) == grant


@pytest.mark.parametrize(
    "text", ["", ":/b", "a:", "./a:/b:rx", "./a:/b:ro:x", "data", "data:b", "./a:/b:nocopy"]
)
def test_short_forms_that_name_nothing_are_refused(text: str) -> None:
    with pytest.raises(MountError):
        parse_volume(text)


@pytest.mark.parametrize(
    "text",
    ["type=bind", "type=bind,target=/b", "type=npipe,source=a,target=/b", "type=bind,source=/a",
     "type=tmpfs,target=/b,tmpfs-size=1m", "type=bind,source=/a,target=/b,x=1"],
)  # fmt: skip
def test_long_forms_that_cannot_be_had_are_refused(text: str) -> None:
    with pytest.raises(MountError):
        parse_mount(text)


def test_a_tmpfs_has_no_size() -> None:
    assert parse_tmpfs("/x:rw,noexec,mode=1777") == Grant("tmpfs", None, "/x")
    for text in ("/x:size=1m", "/x:ro", "x"):
        with pytest.raises(MountError):
            parse_tmpfs(text)


def nothing(target: str, into: Path) -> None:
    raise AssertionError("nothing is copied")


def refused(grants: Sequence[Grant], words: str) -> None:
    with pytest.raises(MountError, match=words), mounts_of(grants, nothing):
        pass


def test_a_folder_of_the_short_form_is_made_and_no_other(place: Path) -> None:
    with mounts_of([parse_volume("./out/site:/site")], nothing) as mounts:
        assert mounts == [Mount("./out/site", "/site")]
    assert (place / "out" / "site").is_dir()
    (place / "file").touch()
    with mounts_of([parse_volume("./file:/site")], nothing):
        assert (place / "file").is_file()
    refused([parse_volume("./file/below:/x")], "cannot be made: Not a directory")
    with mounts_of([parse_mount("type=bind,source=./none,target=/x")], nothing):
        assert not (place / "none").exists()


def test_outer_folders_are_mounted_first_and_each_place_once() -> None:
    grants = [parse_volume("./a:/x/y"), parse_volume("./b:/x")]
    with mounts_of(grants, nothing) as mounts:
        assert [mount.guest for mount in mounts] == ["/x", "/x/y"]
    refused([*grants, parse_volume("./c:/x")], "Two things")


def filled(text: str, fill: Copy) -> list[str]:
    """The names in a volume."""
    with mounts_of([parse_volume(text)], fill) as mounts:
        return sorted(entry.name for entry in Path(mounts[0].host).iterdir())


def test_a_new_volume_is_filled_once() -> None:
    def fill(target: str, into: Path) -> None:
        (into / target[1:]).touch()

    assert filled("data:/b", fill) == ["b"]
    assert filled("data:/c", nothing) == ["b"]
    assert filled("other:/b:nocopy", nothing) == []
    assert filled("other:/b", fill) == ["b"]


def test_a_volume_that_was_not_filled_to_its_end_is_filled_anew() -> None:
    def fail(target: str, into: Path) -> None:
        (into / "half").touch()
        raise KeyboardInterrupt

    def fill(target: str, into: Path) -> None:
        (into / "whole").touch()

    with pytest.raises(KeyboardInterrupt):
        filled("data:/b", fail)
    assert filled("data:/b", fill) == ["whole"]


def test_what_has_no_name_ends_with_the_run() -> None:
    grants = [parse_volume("/a"), parse_tmpfs("/b")]
    with mounts_of(grants, lambda target, into: None) as mounts:
        folders = [Path(mount.host) for mount in mounts]
        assert all(folder.is_dir() for folder in folders)
    assert not any(folder.exists() for folder in folders)
    assert not list(VolumeStore().list())


def test_a_volume_in_use_is_not_removed(capsys: pytest.CaptureFixture[str]) -> None:
    store = VolumeStore()
    with store.used(store.create("data")):
        assert main(["volume", "rm", "data"]) == 1
        assert "The volume `data` is in use." in capsys.readouterr().err
        assert main(["volume", "prune", "-a"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["volume", "rm", "data"]) == 0


def test_volumes_are_made_listed_and_removed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["volume", "create", "data"]) == 0
    assert main(["volume", "create"]) == 0
    named, anonymous = capsys.readouterr().out.split()
    assert (named, len(anonymous)) == ("data", 64)
    assert main(["volume", "inspect", "data"]) == 0
    (described,) = json.loads(capsys.readouterr().out)
    assert described["Name"] == "data"
    assert described["Mountpoint"].endswith("/boxer/volumes/data/data")
    assert main(["volume", "ls", "-q"]) == 0
    assert sorted(capsys.readouterr().out.split()) == sorted([named, anonymous])
    assert main(["volume", "prune"]) == 0
    assert capsys.readouterr().out == f"{anonymous}\n"
    assert main(["volume", "ls"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert (head.split(), row.split()[0]) == (["NAME", "CREATED", "FOLDER"], "data")
    assert main(["volume", "rm", "data", "none"]) == 1
    assert "There is no volume `none`." in capsys.readouterr().err
    assert main(["volume", "rm", "-f", "none"]) == 0


@pytest.mark.parametrize("name", ["a", "-x", "a/b", "..", "a b", ""])
def test_names_of_volumes_are_dockers(name: str) -> None:
    with pytest.raises(VolumeError):
        VolumeStore().create(name)
    with pytest.raises(VolumeError):
        VolumeStore().remove(name)
