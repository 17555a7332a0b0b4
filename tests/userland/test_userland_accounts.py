"""Accounts in a RUN, as shadow-utils, Debian's adduser and busybox make and change them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boxer.errors import RunFailedError

if TYPE_CHECKING:
    from tests.stages import Stage


@pytest.mark.parametrize(
    ("script", "passwd", "group"),
    [
        ("useradd bob", "bob:x:1001:1002::/home/bob:/bin/sh", "bob:x:1002:"),
        ("useradd -u 2000 -U bob", "bob:x:2000:2000::/home/bob:/bin/sh", "bob:x:2000:"),
        ("useradd -r -s /bin/false svc", "svc:x:999:999::/home/svc:/bin/false", "svc:x:999:"),
        ("useradd -g staff -d /srv -c 'A B' bob", "bob:x:1001:50:A B:/srv:/bin/sh", None),
        ("useradd -G staff bob", "bob:x:1001:", "staff:x:50:bob"),
        ("adduser --system --no-create-home --group svc", "svc:x:999:999:", "svc:x:999:"),
        ("adduser --disabled-password --gecos '' bob", "bob:x:1001:", None),
        ("adduser -D -u 1500 bob", "bob:x:1500:1500:", "bob:x:1500:"),
        ("adduser -S -G staff bob", "bob:x:999:50:", None),
        ("addgroup -S svc && adduser -S svc -G svc", "svc:x:999:999:", "svc:x:999:"),
        ("addgroup --system --gid 1234 svc", "app:x:", "svc:x:1234:"),
        ("groupadd -g 3000 team && useradd -g team -m bob", "bob:x:", "team:x:3000:"),
        ("groupadd -r svc && useradd -r -g svc svc", "svc:x:999:999:", "svc:x:999:"),
        ("usermod -aG staff app", "app:x:1000:", "staff:x:50:app"),
        ("adduser app staff", "app:x:1000:", "staff:x:50:app"),
        ("usermod -u 500 -s /bin/bash app", "app:x:500:1001:App:/home/app:/bin/bash", None),
        ("useradd -b /srv bob", "bob:x:1001:1002::/srv/bob:/bin/sh", None),
        ("useradd --base-dir=/srv/ -m bob", "::/srv/bob:/bin/sh", None),
        ("useradd -Ng staff bob && useradd -K UID_MIN=5000 eve", "eve:x:5000:", None),
        ("useradd -o -u 1000 twin", "twin:x:1000:", None),
        ("useradd --create --shell=/bin/bash bob", "::/home/bob:/bin/bash", None),
        ("useradd -FlM -e 2030-01-01 -f 30 -p x bob", "bob:x:1001:", None),
        ("adduser --system --group svc", "svc:x:999:999::/nonexistent:/usr/sbin/nologin", None),
        ("adduser --system --home /v --shell /bin/sh svc", "svc:x:999:65534::/v:/bin/sh", None),
        ("adduser --firstuid 3000 --comment A bob", "bob:x:3000:3000:A:/home/bob:", None),
        ("adduser --system svc && adduser --system svc", "svc:x:999:", None),
        ("adduser -h /v -s /bin/ash -g 'A B' -H -D bob", "bob:x:1001:1002:A B:/v:/bin/ash", None),
        ("groupadd -f staff && groupadd -U app team", "app:x:1000:", "team:x:1002:app"),
        ("groupadd -fg 0 zero", "app:x:", "zero:x:1002:"),
        ("groupadd -og 0 zero", "app:x:", "zero:x:0:"),
        ("addgroup --firstgid 7000 team", "app:x:", "team:x:7000:"),
        ("groupmod -n crew -g 77 staff", "app:x:", "crew:x:77:"),
        (
            "groupadd -g 3000 team && usermod -g team app && groupmod -g 2000 team",
            "app:x:1000:2000:",
            "team:x:2000:",
        ),
        ("usermod -G '' app && gpasswd -a app staff", "app:x:", "staff:x:50:app"),
        ("usermod -aG staff app && usermod -rG staff app", "app:x:", "staff:x:50:\n"),
        ("usermod -l web -d /web -m app", "web:x:1000:1001:App:/web:/bin/sh", None),
        ("usermod -aG staff app && usermod -l web app", "web:x:1000:", "staff:x:50:web"),
        ("usermod -aG staff app && deluser app staff", "app:x:1000:", "staff:x:50:\n"),
    ],
)
def test_accounts_are_made_as_shadow_makes_them(
    stage: Stage, script: str, passwd: str, group: str | None
) -> None:
    stage.run(script)
    assert passwd in stage.tree.file("/etc/passwd").data.decode()
    if group is not None:
        assert group in stage.tree.file("/etc/group").data.decode()


def test_a_home_is_made_for_its_user(stage: Stage) -> None:
    stage.run("useradd -m -u 1500 bob && useradd -M eve")
    assert stage.attributes("/home/bob") == "1500:1500 755"
    assert stage.tree.get("/home/eve") is None


def test_an_account_works_in_the_same_run(stage: Stage) -> None:
    stage.run("useradd -u 1500 bob && touch /f && chown bob:bob /f && id bob")
    assert stage.attributes("/f") == "1500:1500 644"


@pytest.mark.parametrize(
    "script",
    [
        "useradd root",
        "useradd 'a:b'",
        "useradd -g nogroup x",
        "useradd -u 0 zero",
        "useradd -u x bob",
        "useradd --no bob",
        "useradd -R /mnt bob",
        "useradd -c 'a:b' bob",
        "useradd -D -s /bin/bash",
        "groupadd root",
        "groupadd -g 0 zero",
        "addgroup root",
        "groupmod -g 0 staff",
        "groupmod -n root staff",
        "groupdel app",
        "usermod -aG nogroup app",
        "usermod -u 0 app",
        "usermod -l root app",
        "usermod nobody-here",
        "userdel nobody-here",
        "gpasswd -a nobody-here staff",
    ],
)
def test_what_the_programs_refuse_fails_and_changes_nothing(stage: Stage, script: str) -> None:
    before = stage.tree.digest()
    with pytest.raises(RunFailedError):
        stage.run(script)
    assert stage.tree.digest() == before


def shadow(stage: Stage, name: str) -> list[str]:
    lines = stage.tree.file("/etc/shadow").data.decode().splitlines()
    return next(line.split(":") for line in lines if line.startswith(f"{name}:"))


def test_passwords_and_ends_are_kept(stage: Stage) -> None:
    stage.run("useradd -p '$6$x' -e 1970-01-11 -f 3 bob && useradd eve")
    assert shadow(stage, "bob") == ["bob", "$6$x", "0", "0", "99999", "7", "3", "10", ""]
    assert shadow(stage, "eve")[1] == "!"
    stage.run("usermod -L bob && usermod -e '' -f -1 bob")
    assert shadow(stage, "bob") == ["bob", "!$6$x", "0", "0", "99999", "7", "", "", ""]
    stage.run("usermod -U bob && usermod -p y eve")
    assert (shadow(stage, "bob")[1], shadow(stage, "eve")[1]) == ("$6$x", "y")


def test_a_home_begins_with_what_the_skeleton_has(stage: Stage) -> None:
    stage.run(
        "mkdir -p /skel/sub && echo x > /skel/sub/f && ln -s sub /skel/l && useradd -mk /skel bob"
    )
    assert stage.tree.file("/home/bob/sub/f").data == b"x\n"
    assert stage.attributes("/home/bob/sub/f") == "1001:1002 644"


def test_a_user_is_removed_with_its_group_and_its_home(stage: Stage) -> None:
    stage.run("useradd -m bob && useradd -mG staff eve && userdel bob && userdel -r eve")
    passwd, group = (stage.tree.file(f"/etc/{name}").data.decode() for name in ("passwd", "group"))
    assert not any(name in passwd + group for name in ("bob", "eve"))
    assert stage.tree.get("/home/bob") is not None
    assert stage.tree.get("/home/eve") is None
    stage.run("groupdel staff && ! getent group staff")


def test_files_of_a_home_follow_a_new_number(stage: Stage) -> None:
    stage.run("useradd -m bob && touch /home/bob/f && chown bob /home/bob/f && usermod -u 7000 bob")
    assert stage.attributes("/home/bob/f").startswith("7000:")
