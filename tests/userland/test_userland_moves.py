"""cp, mv, rm, ln, chmod and chown where their rules are fine: what GNU's leave behind and say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from boxer.errors import BoxerError, RunFailedError, UnsupportedCommandError
from boxer.filetree import File

if TYPE_CHECKING:
    from tests.stages import Stage

# /s/f, /s/sub/g, /s/l -> f; /d/f; /e is empty; /l -> s
FILES = (
    "mkdir -p /s/sub /d /e; printf s > /s/f; printf g > /s/sub/g; printf d > /d/f; "
    "ln -s f /s/l; ln -s s /l; "
)


@pytest.mark.parametrize(
    ("script", "written"),
    [
        # Where things go.
        ("cd /s; cp -r . /e; ls /e", "f\nl\nsub\n"),
        ("cd /s/sub; cp -r .. /e; ls /e", "f\nl\nsub\n"),
        ("cp --parents /s/sub/g /e; cat /e/s/sub/g", "g"),
        ("cd /l; cp ../d/f new; cat /s/new", "d"),
        ("cd /l/sub; mv ../f .; ls /s/sub", "f\ng\n"),
        ("mv -t /e /s/f /d; ls /e", "d\nf\n"),
        ("mv -T /s /e; ls /e", "f\nl\nsub\n"),
        ("mv /s /new; ls /new", "f\nl\nsub\n"),
        ("mv /l /e; readlink /e/l", "s\n"),
        ("mv /s/f /l/sub; ls /s/sub", "f\ng\n"),
        # What is there already.
        ("mv -n /s/f /d; cat /s/f /d/f", "sd"),
        ("cp -n /s/f /d; cat /d/f", "d"),
        ("mv -f /s/f /d; cat /d/f", "s"),
        ("cp /d/f /s/l; cat /s/f; readlink /s/l", "df\n"),
        ("cp --remove-destination /d/f /s/l; cat /s/f /s/l", "sd"),
        ("cp -a /s/l /d/l; cp -rf /s/. /d; cp -rf /s/. /d; cat /d/f; readlink /d/l", "sf\n"),
        ("echo x > /x; cp /dev/null /x; wc -c < /x", "0\n"),
        ("cp /dev/null /x; stat -c %a /x", "644\n"),
        ("cp -u /s/f /new; cp -u /s/f /new; cat /new", "s"),
        # Links.
        ("cp -rL /s /e; cat /e/s/l; readlink /e/s/l || echo file", "sfile\n"),
        ("cp -rH /l /e; ls /e/l", "f\nl\nsub\n"),
        ("cp -al /s /e; echo new > /s/f; cat /e/s/f", "new\n"),
        ("cp -s /s/f /e; readlink /e/f", "/s/f\n"),
        ("ln -sr /l/f /e; readlink /e/f", "../s/f\n"),
        ("ln -L /s/l /x; cat /x", "s"),
        ("link /s/f /x; echo new > /s/f; cat /x", "new\n"),
        # What fails is told, and the rest is done.
        ("cp /missing /s/f /e; echo $?; ls /e", "1\nf\n"),
        ("mv /missing /s/f /e; echo $?; ls /e", "1\nf\n"),
        ("cp /s/* /e; echo $?; ls /e", "1\nf\nl\n"),
        ("cp /s/f /d/f /e; echo $?; cat /e/f", "1\ns"),
        ("chmod 600 /missing /s/f; echo $?; stat -c %a /s/f", "1\n600\n"),
        ("chown app /missing /s/f; echo $?; stat -c %u /s/f", "1\n1000\n"),
        ("rm /missing /s/f; echo $?; ls /s", "1\nl\nsub\n"),
        # rm.
        ("cd /s; rm -rf ''; rm -rf . || echo no; ls /s", "no\nf\nl\nsub\n"),
        ("rm -rf /l/; ls /s; readlink /l", "s\n"),
        ("rm -rf /l; ls /s; ls -d /l || echo gone", "f\nl\nsub\ngone\n"),
        ("rm -d /e; ls -d /e || echo gone", "gone\n"),
        ("rm -rfv /s", "removed '/s/f'\nremoved '/s/l'\nremoved '/s/sub/g'\n"
         "removed directory '/s/sub'\nremoved directory '/s'\n"),
        # What is told.
        ("cp -v /s/f /e; mv -v /d/f /x", "'/s/f' -> '/e/f'\nrenamed '/d/f' -> '/x'\n"),
        ("mkdir -pv /x/y; ln -sv x /y", "mkdir: created directory '/x'\n"
         "mkdir: created directory '/x/y'\n'/y' -> 'x'\n"),
        ("chmod -v 600 /s/f; chmod -c 600 /s/f",
         "mode of '/s/f' changed from 0644 (rw-r--r--) to 0600 (rw-------)\n"),
        ("chown -v app:staff /s/f", "changed ownership of '/s/f' from root:root to app:staff\n"),
        # Owners and modes.
        ("chown -R app /l; stat -c %u /s /s/f", "0\n0\n"),
        ("chown -RH app /l; stat -c %u /s /s/f", "1000\n1000\n"),
        ("chown --from=app 7 /s/f; stat -c %u /s/f", "0\n"),
        ("chown app.staff /s/f; stat -c %u:%g /s/f", "1000:50\n"),
        ("chmod 4755 /s/f; chown app /s/f; stat -c %a /s/f", "755\n"),
        ("chmod --reference=/tmp /e; stat -c %a /e", "1777\n"),
        ("chmod 2755 /e; chmod 700 /e; stat -c %a /e", "2700\n"),
        ("chmod 2755 /e; chmod 00700 /e; stat -c %a /e", "700\n"),
        ("chgrp staff /e; chmod g+s /e; mkdir /e/x; touch /e/y; echo > /e/z; cp /s/f /e; "
         "stat -c '%g %a' /e/x /e/y /e/z /e/f", "50 2755\n50 644\n50 644\n50 644\n"),
        ("chmod 664 /s/f; chmod =r /s/f; stat -c %a /s/f", "444\n"),
        ("chown app /s/f; cp --preserve=mode /s/f /e; stat -c %u /e/f", "0\n"),
        ("chmod 700 /s/f; cp --no-preserve=mode /s/f /e; stat -c %a /e/f", "644\n"),
        ("chown app /s; chmod 700 /s; cp -a --no-preserve=ownership /s /e; stat -c '%u %a' /e/s",
         "0 700\n"),
    ],
)  # fmt: skip
def test_what_is_left_and_told(stage: Stage, script: str, written: str) -> None:
    assert stage.run(FILES + script) == written


@pytest.mark.parametrize(
    "script",
    [
        "cp /s/f /missing/",
        "cp /s/f /d/f /missing",
        "cp /s/f /dangling",
        "cp -r /s /s/f",
        "cp -l /s/f /d/f",
        "mv /s /s/sub",
        "mv /s /d/f",
        "mv /s/f /e/../d/f/",
        "mv /s/f /s/f",
        "mv /s/f /l",
        "mv -T /s/f /e",
        "mv -T /e /s",
        "mv /l/ /new",
        "mv /s/. /e",
        "mv /s/f /missing/",
        "rm /s",
        "rm /s/f/",
        "rm -d /s",
        "rm -rf /s/.",
        "rm -rf /s/sub/..",
        "rm -rf /",
        "rm",
        "cd /s; ln -sf f f",
        "ln -f /s/f /s/f",
        "ln -s '' /x",
        "ln -s x /missing/",
        "mkdir ''",
        "touch",
        "touch /missing/",
        "install /s/f /s/f",
        "install -T /s/f /e",
        "install /s/f /missing/x",
    ],
)
def test_what_gnu_refuses_leaves_all_as_it_is(stage: Stage, script: str) -> None:
    stage.run(FILES + "ln -s missing /dangling")
    before = stage.tree.digest()
    with pytest.raises(RunFailedError):
        stage.run(script)
    assert stage.tree.digest() == before


@pytest.mark.parametrize(
    ("script", "named"),
    [
        ("cp -b /s/f /d; true", "`-b`"),
        ("cp --backup=numbered /s/f /d; true", "`--backup`"),
        ("mv -i /s/f /d; true", "`-i`"),
        ("cp -u /s/f /d; true", "`-u`"),
        ("mv -u /s/f /d; true", "`-u`"),
        ("rm -i /s/f; true", "`-i`"),
        ("umask 077; touch /x", "`umask 077`"),
    ],
)
def test_what_would_come_out_wrong_stops_the_build(stage: Stage, script: str, named: str) -> None:
    stage.run(FILES)
    with pytest.raises(UnsupportedCommandError) as error:
        stage.run(script)
    assert named in error.value.message


@pytest.mark.parametrize(
    "script",
    [
        "cp /roots /tmp/x",
        "cp -r /secret /tmp/x",
        "cp /secret/f /tmp/x",
        "rm -f /secret/f",
        "rm /tmp/roots",
        "mv /tmp/roots /tmp/x",
        "ln /roots /tmp/x",
        "chgrp staff /home/app",
        "chown root /home/app",
        "touch /roots",
    ],
)
def test_a_user_is_held_to_permissions(stage: Stage, script: str) -> None:
    stage.run("echo > /roots; chmod 600 /roots; mkdir -m 700 /secret; echo > /secret/f")
    stage.run("echo > /tmp/roots")
    stage.state.config = replace(stage.state.config, user="app")
    before = stage.tree.digest()
    with pytest.raises(RunFailedError, match=r"Permission denied|not permitted"):
        stage.run(script)
    assert stage.tree.digest() == before


@pytest.mark.parametrize(
    "script",
    [
        "mkdir /a; ln -s .. /a/up; cp -rL /a /tmp/b",
        "d=/a; for i in $(seq 200); do d=$d/a; done; mkdir -p $d; cp -r /a /b && mv /b $d",
        "d=/a; for i in $(seq 200); do d=$d/a; done; mkdir -p $d /b; cp -r /a /b/b; cp -r /b $d",
    ],
)
def test_folders_in_one_another_end(stage: Stage, script: str) -> None:
    with pytest.raises(BoxerError):
        stage.run(script)


@pytest.mark.parametrize(
    "script",
    [
        "cp -a /a /b",
        "cp -rL /a /b; chmod -R 700 /b; chown -R app /b",
        "mv /a /b",
        "cd /a; tar cf /t .; mkdir /b; tar xf /t -C /b",
        "cp -al /a /b; ls -R /b | wc -l > /n; rm -r /a",
    ],
)
def test_what_a_tree_may_hold_is_worked_on(stage: Stage, script: str) -> None:
    deep = "/a" + "/a" * 253
    stage.run(f"mkdir -p {deep}; touch {deep}/x; {script}")
    assert isinstance(stage.tree.get(f"/b{deep[2:]}/x"), File)
