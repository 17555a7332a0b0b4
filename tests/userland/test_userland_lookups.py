"""find, realpath, mktemp, stat and who a shell runs as: what is looked up in a tree."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from boxer.errors import UnsupportedCommandError

if TYPE_CHECKING:
    from tests.stages import Stage

FILES = "mkdir -p /a/sub; printf f > /a/f; printf g > /a/sub/g; ln -s a /l; ln /a/f /a/f2; cd /; "


@pytest.mark.parametrize(
    ("script", "written"),
    [
        ("find a -type f -exec chmod 600 {} +; stat -c %a a/f a/sub/g", "600\n600\n"),
        ("find l/ -name f", "l/f\n"),
        ("cd a; find . -name g -exec sh -c 'echo $1' _ {} \\;", "./sub/g\n"),
        ("find missing || echo $?", "1\n"),
        ("printf '#!/bin/sh\\necho hi\\n' > s; find s -exec chmod +x {} \\; ; ./s", "hi\n"),
        ("realpath l l/f missing a/../l/sub", "/a\n/a/f\n/missing\n/a/sub\n"),
        ("realpath -m missing/x; realpath missing/x || echo $?", "/missing/x\n1\n"),
        ("realpath --relative-to=/a/sub l/f; realpath -s l", "../f\n/l\n"),
        ("d=$(mktemp -d); f=$(mktemp); stat -c '%a %F' $d $f",
         "700 directory\n600 regular empty file\n"),
        ("mktemp -u /a/x-XXXX.py | sed 's/-.*[.]/-/'", "/a/x-py\n"),
        ("mktemp --tmpdir=/a --suffix=.c | sed 's/tmp.*[.]/-/'; ls a | wc -l", "/a/-c\n4\n"),
        ("[ $(mktemp -u) = $(mktemp -u) ] || echo two", "two\n"),
        ("stat -c '%h %n' a/f a; stat --printf='%a\\n' a; stat -c '%5a|%-5a|' a/f",
         "2 a/f\n3 a\n755\n  644|644  |\n"),
        ("stat -c %n missing a; echo $?", "a\n1\n"),
        ("IFS=,; x='a,b'; echo $x", "a b\n"),
        ("echo $UID $EUID; (( EUID == 0 )) && echo root", "0 0\nroot\n"),
        ("ls -a a", ".\n..\nf\nf2\nsub\n"),
        ("ls -lR a", "a:\ntotal 12\n-rw-r--r-- 2 root root    1 Jan  1 00:00 f\n"
         "-rw-r--r-- 2 root root    1 Jan  1 00:00 f2\n"
         "drwxr-xr-x 2 root root 4096 Jan  1 00:00 sub\n\n"
         "a/sub:\ntotal 4\n-rw-r--r-- 1 root root 1 Jan  1 00:00 g\n"),
        ("chown 7 a/f; chmod 2711 a; ls -ld a/f l a | awk '{print $1, $2, $3}'",
         "drwx--s--x 3 root\n-rw-r--r-- 2 7\nlrwxrwxrwx 1 root\n"),
        ("ls -F a l missing; echo $?; ls -rp l", "l@\n\na:\nf\nf2\nsub/\n2\nsub/\nf2\nf\n"),
        ("head -c 1500 /dev/zero > z; ls -lhS z a/f | cut -d' ' -f5", "1.5K\n\n"),
        ("umask; umask -S; umask 022", "0022\nu=rwx,g=rx,o=rx\n"),
    ],
)  # fmt: skip
def test_what_is_found(stage: Stage, script: str, written: str) -> None:
    assert stage.run(FILES + script) == written


@pytest.mark.parametrize(
    "script",
    ["find . -user app", "find a -uid 0 -print", "find a -mtime +7 -delete", "find . -newer f",
     "find . -links 2", "ls -i a", "ls --time-style=iso a",
     "find . -writable", "stat -c %i a", "stat -f /"],
)  # fmt: skip
def test_what_would_be_answered_wrongly_stops_the_build(stage: Stage, script: str) -> None:
    with pytest.raises(UnsupportedCommandError):
        stage.run(f"{FILES} {script}; true")
    stage.run(f"{FILES} {script.replace(' -', ' -name x -', 1)} || true")


def test_a_user_and_an_argument_named_uid_are_what_they_are(stage: Stage) -> None:
    stage.state.config = replace(stage.state.config, user="app")
    assert stage.run("echo $UID") == "1000\n"
    stage.state.args["UID"] = "4711"
    assert stage.run("echo $UID") == "4711\n"


def test_a_build_makes_the_same_temporary_names(stage: Stage) -> None:
    names = stage.run("mktemp; mktemp")
    stage.run("rm -rf /tmp/*")
    assert stage.run("mktemp; mktemp") == names
    assert not set(stage.run("mktemp; mktemp").split()) & set(names.split())
