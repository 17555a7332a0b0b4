"""The commands of a RUN that are ours: what they do to owners, modes, links and accounts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from boxer.errors import RunFailedError
from boxer.filetree import File

if TYPE_CHECKING:
    from tests.stages import Stage


@pytest.mark.parametrize(
    ("script", "path", "attributes"),
    [
        ("mkdir /d", "/d", "0:0 755"),
        ("mkdir -m 700 /d", "/d", "0:0 700"),
        ("mkdir -p -m 0750 /d/e", "/d/e", "0:0 750"),
        ("mkdir -p -m 0750 /d/e", "/d", "0:0 755"),
        ("mkdir -m u=rwx,go= /d", "/d", "0:0 700"),
        ("mkdir -p /etc", "/etc", "0:0 755"),
        ("touch /f", "/f", "0:0 644"),
        ("touch /f && chmod 600 /f", "/f", "0:0 600"),
        ("touch /f && chmod +x /f", "/f", "0:0 755"),
        ("touch /f && chmod u+x,o-r /f", "/f", "0:0 740"),
        ("touch /f && chmod a=rw /f", "/f", "0:0 666"),
        ("touch /f && chmod 4755 /f", "/f", "0:0 4755"),
        ("touch /f && chmod -r /f", "/f", "0:0 200"),
        ("mkdir /d && touch /d/f && chmod -R a+X,g-r /d", "/d/f", "0:0 604"),
        ("mkdir /d && touch /d/f && chmod -R a+X,g-r /d", "/d", "0:0 715"),
        ("touch /f && chown app /f", "/f", "1000:0 644"),
        ("touch /f && chown app: /f", "/f", "1000:1001 644"),
        ("touch /f && chown app:staff /f", "/f", "1000:50 644"),
        ("touch /f && chown 7:8 /f", "/f", "7:8 644"),
        ("touch /f && chown :staff /f", "/f", "0:50 644"),
        ("touch /f && chgrp staff /f", "/f", "0:50 644"),
        ("touch /f && chown --reference=/home/app /f", "/f", "1000:1001 644"),
        (
            "mkdir -p /d/e && touch /d/e/f && chown -R app:app /d || chown -R app:1001 /d",
            "/d/e/f",
            "1000:1001 644",
        ),
        ("mkdir /d && ln -s /etc/passwd /d/l && chown -R app /d", "/etc/passwd", "0:0 644"),
        ("mkdir /d && ln -s /etc/passwd /d/l && chown -R app /d", "/d/l", "1000:0 777"),
        ("ln -s /etc/passwd /l && chown -h app /l", "/etc/passwd", "0:0 644"),
        ("install -d -m 700 -o app -g staff /d", "/d", "1000:50 700"),
        ("install -m 600 -o app /etc/passwd /f", "/f", "1000:0 600"),
        ("install -D /etc/passwd /x/y/f", "/x/y/f", "0:0 755"),
        ("touch /f && chmod 640 /f && chown app /f && cp /f /g", "/g", "0:0 640"),
        ("touch /f && chmod 640 /f && chown app /f && cp -p /f /g", "/g", "1000:0 640"),
        ("mkdir /d && chown app /d && chmod 700 /d && cp -a /d /e", "/e", "1000:0 700"),
        ("mkdir /d && touch /d/f && chown -R app /d && cp -r /d /e", "/e/f", "0:0 644"),
        ("mkdir /d /e && chown app /d && chmod 700 /d && cp -a /d/. /e", "/e", "1000:0 700"),
        ("mkdir -p /d/s /e/s && chown app /d/s && cp -rp /d/. /e", "/e/s", "1000:0 755"),
        ("mkdir -p /d/s /e/s && chmod 700 /d/s && cp -r /d/. /e", "/e/s", "0:0 755"),
    ],
)
def test_owners_and_modes_come_out_as_on_linux(
    stage: Stage, script: str, path: str, attributes: str
) -> None:
    stage.run(script)
    assert stage.attributes(path) == attributes


def test_ln_makes_a_second_name_of_the_same_file(stage: Stage) -> None:
    stage.run("ln /etc/passwd /again && ln -f /etc/group /again2 && ln -s a /dangling")
    assert stage.tree.get("/again") is stage.tree.get("/etc/passwd")


@pytest.mark.parametrize(
    ("script", "path", "target"),
    [
        ("ln -s /etc /l", "/l", "/etc"),
        ("ln -sf b /l; ln -sf c /l", "/l", "c"),
        ("mkdir /d; ln -s /etc/passwd /d", "/d/passwd", "/etc/passwd"),
        ("ln -s /etc /l; ln -sfn /home /l", "/l", "/home"),
        ("ln -s /etc /l; ln -sfT /home /l", "/l", "/home"),
        ("mkdir -p /a/b /c; ln -sr /c/x /a/b/l", "/a/b/l", "../../c/x"),
        ("cd /tmp && ln -s /etc/passwd", "/tmp/passwd", "/etc/passwd"),
        ("cp -P /usr/local/bin/python3 /l", "/l", "python3.13"),
        ("cp -r /usr/local/bin /b", "/b/python3", "python3.13"),
    ],
)
def test_links_point_where_they_were_told(
    stage: Stage, script: str, path: str, target: str
) -> None:
    stage.run(script)
    assert stage.run(f"readlink {path}") == target + "\n"


@pytest.mark.parametrize(
    ("script", "files"),
    [
        ("cp /etc/passwd /d", {"/d/passwd"}),
        ("cp -r /s /d", {"/d/s/f", "/d/s/sub/g"}),
        ("cp -r /s/. /d", {"/d/f", "/d/sub/g"}),
        ("cp -r /s/* /d", {"/d/f", "/d/sub/g"}),
        ("cp -a /s /new", {"/new/f", "/new/sub/g"}),
        ("cp -rT /s /d", {"/d/f", "/d/sub/g"}),
        ("cp -t /d /s/f /s/sub/g", {"/d/f", "/d/g"}),
        ("cp /s/f /d/other", {"/d/other"}),
    ],
)
def test_cp_puts_things_where_cp_does(stage: Stage, script: str, files: set[str]) -> None:
    stage.run("mkdir -p /s/sub /d && echo f > /s/f && echo g > /s/sub/g")
    stage.run(script)
    found = {
        path
        for path, node in stage.tree.walk()
        if isinstance(node, File) and path.startswith(("/d/", "/new/"))
    }
    assert found == files


@pytest.mark.parametrize("flags", ["-a", "-r", "-rp", "-dR"])
def test_folders_within_folders_are_copied_each_to_its_place(stage: Stage, flags: str) -> None:
    stage.run("mkdir -p /s/a/b/c /s/d/e && echo f > /s/a/b/f && ln /s/a/b/f /s/d/e/g")
    for number in range(50):
        stage.run(f"cp {flags} /s /n{number}")
        found = {path for path, _ in stage.tree.walk(f"/n{number}")}
        below = ("", "/a", "/a/b", "/a/b/c", "/a/b/f", "/d", "/d/e", "/d/e/g")
        assert found == {f"/n{number}{path}" for path in below}
        same = stage.tree.get(f"/n{number}/a/b/f") is stage.tree.get(f"/n{number}/d/e/g")
        assert same == (flags in ("-a", "-dR"))


@pytest.mark.parametrize(
    "copy", ["cp -r /s /l/x", "cp -a /l/ /s/x", "cp -r /l/. /s/sub", "cp -r /s /l"]
)
def test_no_folder_is_copied_into_itself_by_a_link(stage: Stage, copy: str) -> None:
    stage.run("mkdir -p /s/sub && ln -s /s /l")
    before = stage.tree.digest()
    with pytest.raises(RunFailedError, match="into itself"):
        stage.run(copy)
    assert stage.tree.digest() == before


@pytest.mark.parametrize(
    "copy", ["cp -a /s/. /", "cp -r /s/* /", "cp -rT /s /", "cd / && cp -a s/. ."]
)
def test_a_folder_is_copied_over_the_root(stage: Stage, copy: str) -> None:
    stage.run("mkdir -p /s/etc/new /s/opt && echo f > /s/etc/new/f && echo g > /s/g")
    stage.run(copy)
    assert stage.run("cat /etc/new/f /g && ls -d /opt /etc/passwd") == "f\ng\n/etc/passwd\n/opt\n"


def test_a_user_copies_over_a_folder_whose_parent_is_roots(stage: Stage) -> None:
    stage.run("mkdir -p /s/sub && echo f > /s/sub/f && touch /home/app/mine /home/app/roots")
    stage.run("chown app /home/app/mine && echo new > /s/mine && echo new > /s/roots")
    stage.state.config = replace(stage.state.config, user="app")
    stage.run("cp -r /s/sub /s/mine /home/app && cp -r /s/sub/. /home/app")
    assert stage.attributes("/home/app/sub/f") == "1000:1001 644"
    assert stage.tree.file("/home/app/f").data == b"f\n"
    assert stage.tree.file("/home/app/mine").data == b"new\n"
    with pytest.raises(RunFailedError, match="Permission denied"):
        stage.run("cp /s/roots /home/app/roots")


def test_cp_writes_into_the_file_that_is_there(stage: Stage) -> None:
    stage.run("echo old > /f && chown app /f && chmod 600 /f && ln /f /g && echo new > /s")
    stage.run("cp /s /f")
    assert stage.tree.file("/g").data == b"new\n"
    assert stage.attributes("/f") == "1000:0 600"


@pytest.mark.parametrize(
    "script",
    [
        "mkdir /etc",
        "mkdir /no/such",
        "chmod 999 /etc",
        "chmod 600 /missing",
        "chmod 600",
        "chown nobody /etc",
        "chown app",
        "ln /etc /l",
        "ln /missing /l",
        "ln -s x /etc/passwd",
        "cp /etc /x",
        "cp /missing /x",
        "cp /etc/passwd /no/such/x",
        "cp -r /etc /etc/inner",
        "cp -r / /etc/inner",
        "cp -a /etc/. /etc/../etc",
        "cp /etc/passwd /etc/passwd",
        "tar cf - etc | tar xf - --strip-components=x",
        "tar cf - etc | tar xf - --strip-components=-1",
        "tar --mtime=nonsense -cf /x.tar etc",
        "touch -d nonsense /x",
        "touch -t 202413010000 /x",
        "touch -r /missing /x",
        "useradd -u 4294967295 bob",
        "useradd -u 99999999999999999999999 bob",
        "chown 4294967296 /etc/passwd",
        "find '' -delete",
        "cp --frobnicate /etc/passwd /x",
        "mkdir --frob /x",
        "touch -Q /x",
        "install /missing /x",
        "id nobody",
        "tar xf /missing.tar",
        "tar -x -f /etc/passwd",
        "stat -c %Q /etc",
    ],
)
def test_what_gnu_refuses_fails_and_changes_nothing(stage: Stage, script: str) -> None:
    before = stage.tree.digest()
    with pytest.raises(RunFailedError):
        stage.run(script)
    assert stage.tree.digest() == before


@pytest.mark.parametrize(
    ("pack", "unpack"),
    [
        ("tar -cf /a.tar -C /s .", "tar -xf /a.tar -C /d"),
        ("tar czf /a.tgz -C /s .", "tar xzf /a.tgz -C /d"),
        ("tar cJf /a.txz -C /s f sub", "tar xf /a.txz --directory=/d"),
        ("tar -cjf /a.tbz -C /s .", "cd /d && tar xf /a.tbz"),
        ("tar -C / -cf - s | gzip > /a.tgz", "tar -xzf - -C /d --strip-components=1 < /a.tgz"),
        ("cd / && tar caf a.tar.gz s", "tar xvfC /a.tar.gz /d --strip-components=1 >/dev/null"),
    ],
)
def test_tar_brings_back_what_it_took(stage: Stage, pack: str, unpack: str) -> None:
    stage.run("mkdir -p /s/sub /d && echo f > /s/f && ln -s ../f /s/sub/l && chown app /s/f")
    stage.run("chmod 640 /s/f")
    stage.run(f"{pack} && {unpack}")
    assert stage.tree.file("/d/f").data == b"f\n"
    assert stage.attributes("/d/f") == "1000:0 640"
    assert stage.run("readlink /d/sub/l") == "../f\n"


def test_tar_by_a_user_makes_its_own_files(stage: Stage) -> None:
    stage.run("cd / && tar cf /tmp/a.tar etc && cd /tmp && tar xf a.tar --no-same-owner -o")
    stage.run("tar tf /tmp/a.tar > /list")
    assert stage.tree.file("/list").data == b"etc/\netc/group\netc/passwd\n"


def test_stat_tells_of_the_tree(stage: Stage) -> None:
    assert stage.run("stat -c '%U:%G %a %s %F %n' /home/app") == (
        "app:appgroup 755 4096 directory /home/app\n"
    )
    assert stage.run("stat -c %A /tmp /etc/passwd") == "drwxrwxrwt\n-rw-r--r--\n"
