"""tar and unzip as Debian's: names as they are in the archive, what is in the way, what is told."""

from __future__ import annotations

import io
import tarfile
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from boxer.errors import RunFailedError, UnsupportedCommandError

if TYPE_CHECKING:
    from tests.stages import Stage

FILES = "mkdir -p /a/sub /e; printf f > /a/f; printf g > /a/sub/g; ln -s f /a/l; cd /; "


@pytest.mark.parametrize(
    ("script", "written"),
    [
        ("tar cf t ./a; tar tf t", "./a/\n./a/f\n./a/l\n./a/sub/\n./a/sub/g\n"),
        ("tar cf t -C a .; tar tf t", "./\n./f\n./l\n./sub/\n./sub/g\n"),
        ("tar cvf t a; tar xvf t -C e a/f", "a/\na/f\na/l\na/sub/\na/sub/g\na/f\n"),
        ("tar cf - -C /a f -C sub g | tar tf -", "f\ng\n"),
        ("tar cf t ./a; tar xf t -C e --strip-components=2; ls e", "f\nl\nsub\n"),
        ("tar cf t a; tar xf t -C e a/sub; ls -R e", "e:\na\n\ne/a:\nsub\n\ne/a/sub:\ng\n"),
        ("tar cf t a; tar xf t -C e nofile; echo $?", "2\n"),
        ("tar cf t a nofile; echo $?; tar tf t | wc -l", "2\n5\n"),
        ("tar cf t --exclude=a/sub a; tar tf t", "a/\na/f\na/l\n"),
        ("tar cf t a; tar xf t -C e --exclude=sub; ls e/a", "f\nl\n"),
        ("tar cf t a; tar xf t -C e --wildcards '*/g'; cat e/a/sub/g", "g"),
        ("tar cf t a; echo new > a/f; tar xkf t; echo $?; cat a/f", "2\nnew\n"),
        ("tar cf t a; echo new > a/f; tar xf t --skip-old-files; cat a/f", "new\n"),
        ("tar cf t a; rm -r a/sub; ln -s /e a/sub; tar xf t; ls -d e/*; cat a/sub/g", "g"),
        ("tar cf t a; chmod 700 a; tar xf t; stat -c %a a", "755\n"),
        ("tar cf t a; tar xOf t a/f", "f"),
        ("gzip -k a/f; zcat a/f.gz; zcat < a/f.gz; zcat a/sub/g || echo $?", "ff1\n"),
        ("printf 'a/f\\na/l\\n' | tar cf t -T -; tar tf t", "a/f\na/l\n"),
        ("find a -type f -print0 | tar cf t --null -T -; tar tf t", "a/f\na/sub/g\n"),
        ("tar cf t --owner=app --group=staff a; tar xf t -C e; stat -c %u:%g e/a/f", "1000:50\n"),
        ("tar cf t --mtime=@5 a; tar tvf t a/f",
         "-rw-r--r-- 0/0               1 1970-01-01 00:00 a/f\n"),
    ],
)  # fmt: skip
def test_tar_does_as_debians(stage: Stage, script: str, written: str) -> None:
    assert stage.run(FILES + script) == written


@pytest.mark.parametrize("option", ["--transform=s,a,b,", "-h", "--one-top-level", "-r"])
def test_options_of_tar_that_are_not_there_stop_the_build(stage: Stage, option: str) -> None:
    with pytest.raises(UnsupportedCommandError, match="tar"):
        stage.run(f"{FILES} tar -c {option} -f t a; true")


def archive(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as written:
        for member, data in members:
            member.size = len(data)
            written.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def test_owners_of_an_archive_are_known_by_name(stage: Stage) -> None:
    member = tarfile.TarInfo("f")
    member.uid, member.gid, member.uname, member.gname = 77, 78, "app", "nobodys"
    stage.tree.add_file("/t", archive((member, b"x")))
    stage.run("cd /tmp; tar xf /t")
    assert stage.attributes("/tmp/f") == "1000:78 644"
    stage.run("cd /tmp; tar xf /t --numeric-owner")
    assert stage.attributes("/tmp/f") == "77:78 644"
    stage.state.config = replace(stage.state.config, user="app")
    stage.run("cd /home/app; tar xf /t")
    assert stage.attributes("/home/app/f") == "1000:1001 644"


def test_an_archive_cannot_reach_up(stage: Stage) -> None:
    stage.tree.add_file("/t", archive((tarfile.TarInfo("../f"), b"x"), (tarfile.TarInfo("g"), b"")))
    with pytest.raises(RunFailedError):
        stage.run("cd /tmp; tar xf /t")
    assert stage.tree.get("/f") is None
    assert stage.tree.get("/tmp/g") is not None


@pytest.mark.parametrize(
    ("options", "files"),
    [
        ("-q", ["a/f", "a/g", "h"]),
        ("-j", ["f", "g", "h"]),
        ("-x 'a/*'", ["h"]),
        ("-x a/f h", ["a/g"]),
        ("-n", ["a/f", "a/g", "h"]),
        ("-t", []),
    ],
)
def test_unzip_takes_what_its_options_say(stage: Stage, options: str, files: list[str]) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as written:
        for name in ("a/f", "a/g", "h"):
            written.writestr(name, "new")
    stage.tree.add_file("/z.zip", buffer.getvalue())
    stage.run(f"mkdir /d; cd /d; unzip /z.zip {options}")
    assert stage.run("cd /d; find . -type f | sort | cut -c3-").split() == files
    if options == "-n":
        assert stage.run("cd /d; echo old > h; unzip -n /z.zip; cat h") == "old\n"


@pytest.mark.parametrize(
    ("names", "reason"),
    [(["a"], "a folder is there"), ([".."], "no name"), (["a/f/x"], "File exists")],
)
def test_unzip_takes_no_folders_place(stage: Stage, names: list[str], reason: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as written:
        for name in (*names, "h"):
            written.writestr(name, "new")
    stage.tree.add_file("/z.zip", buffer.getvalue())
    with pytest.raises(RunFailedError, match=reason):
        stage.run(f"{FILES} unzip -o /z.zip")
    assert stage.run("cat /a/f /a/sub/g /h") == "fgnew"


def test_tar_writes_as_a_program_that_opens_a_file(stage: Stage) -> None:
    with pytest.raises(RunFailedError, match="Is a directory"):
        stage.run(f"{FILES} tar cf /e a")
    assert stage.run("ls -d /e") == "/e\n"
    stage.run("echo > /t; chmod 600 /t; ln -s /t /to; tar cf /to a")
    assert stage.attributes("/t") == "0:0 600"
    assert stage.run("tar tf /t a/f; readlink /to") == "a/f\n/t\n"


def test_zip_is_refused(stage: Stage) -> None:
    with pytest.raises(UnsupportedCommandError, match="zip"):
        stage.run(f"{FILES} zip -r z.zip a; true")
