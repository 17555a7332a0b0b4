"""Users and groups as a tree's files tell them."""

from __future__ import annotations

import pytest

from boxer.errors import AccountError
from boxer.filetree import Ids, Tree, groups, home_of, resolve_group, resolve_user, users

PASSWD = """\
root:x:0:0:root:/root:/bin/bash
# a comment
broken line
app:x:1000:1001:App:/home/app:/bin/sh
1234:x:5:6::/odd:/bin/sh
nan:x:abc:1:::
huge:x:99999999999999999999:1:::
"""
GROUP = """\
root:x:0:
appgroup:x:1001:
audio:x:29:app,other
video:x:44:app
broken
"""


@pytest.fixture
def tree() -> Tree:
    tree = Tree()
    tree.add_file("/etc/passwd", PASSWD.encode())
    tree.add_file("/etc/group", GROUP.encode())
    return tree


@pytest.mark.parametrize(
    ("spec", "ids"),
    [
        ("", Ids(0, 0)),
        ("root", Ids(0, 0)),
        ("0", Ids(0, 0)),
        ("app", Ids(1000, 1001, (29, 44))),
        ("1000", Ids(1000, 1001, (29, 44))),
        ("app:video", Ids(1000, 44)),
        ("app:0", Ids(1000, 0)),
        ("77", Ids(77, 0)),
        ("77:88", Ids(77, 88)),
        ("77:appgroup", Ids(77, 1001)),
        ("1234", Ids(5, 6)),
        ("app:", Ids(1000, 1001, (29, 44))),
        (":video", Ids(0, 44)),
    ],
)
def test_user_values_mean_what_docker_takes_them_for(tree: Tree, spec: str, ids: Ids) -> None:
    assert resolve_user(tree, spec) == ids


@pytest.mark.parametrize("spec", ["nobody", "app:nogroup", "-1", "1e3", "99999999999", "nan"])
def test_unknown_names_are_errors_with_a_next_move(tree: Tree, spec: str) -> None:
    with pytest.raises(AccountError) as error:
        resolve_user(tree, spec)
    assert error.value.hint


def test_numbers_work_without_the_files() -> None:
    assert resolve_user(Tree(), "5:6") == Ids(5, 6)
    assert resolve_user(Tree(), "") == Ids(0, 0)
    assert users(Tree()) == []
    assert groups(Tree()) == []


def test_lines_that_do_not_parse_are_left_out(tree: Tree) -> None:
    assert [user.name for user in users(tree)] == ["root", "app", "1234"]
    assert [group.name for group in groups(tree)] == ["root", "appgroup", "audio", "video"]


def test_home_and_group_are_found(tree: Tree) -> None:
    assert home_of(tree, 1000) == "/home/app"
    assert home_of(tree, 4242) == "/"
    assert resolve_group(tree, "audio") == 29
