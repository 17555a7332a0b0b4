"""Networks of boxes as folders: who comes, who goes, and what is left of who was killed."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from boxer.errors import NameTakenError, NetworkMissingError, NetworkValueError
from boxer.networks import NetworkStore, join

MEMBER = """
import sys, time
from pathlib import Path
from boxer.networks import NetworkStore, join
with join(["shop"], sys.argv[2], ["both"], NetworkStore(Path(sys.argv[1]))) as [own]:
    print(".".join(map(str, own.address)), flush=True)
    time.sleep(600)
"""


@pytest.fixture
def store(tmp_path: Path) -> NetworkStore:
    made = NetworkStore(tmp_path / "networks")
    made.create("shop")
    return made


def member(store: NetworkStore, name: str) -> tuple[subprocess.Popen[str], str]:
    words = [sys.executable, "-c", MEMBER, str(store.root), name]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    return process, process.stdout.readline().strip()


def end(process: subprocess.Popen[str], number: int = signal.SIGKILL) -> None:
    process.send_signal(number)
    process.communicate(timeout=300)


def test_networks_have_addresses_of_their_own(store: NetworkStore) -> None:
    store.create("other")
    assert [(one.name, one.addresses) for one in store.list()] == [
        ("other", "172.18.16.0/20"), ("shop", "172.18.0.0/20"),
    ]  # fmt: skip
    store.remove("shop")
    assert store.create("third").addresses == "172.18.0.0/20"
    with pytest.raises(NetworkValueError, match="already"):
        store.create("third")
    with pytest.raises(NetworkMissingError):
        store.get("shop")
    with pytest.raises(NetworkMissingError):
        store.remove("shop")


def test_nobody_else_can_look_into_them(store: NetworkStore) -> None:
    with join(["shop"], "db", [], store):
        for folder in (store.root, store.root / "shop", store.root / "shop" / "172.18.0.2"):
            assert stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0 or folder.parent != store.root
        assert stat.S_IMODE(store.root.stat().st_mode) == 0o700
        assert stat.S_IMODE((store.root / "shop").stat().st_mode) == 0o700


def test_a_member_has_its_names_while_it_lives(store: NetworkStore) -> None:
    with join(["shop"], "DB", ["data", "db"], store) as [own]:
        assert own.address == bytes([172, 18, 0, 2])
        [found] = store.members("shop")
        assert (found.name, found.address) == ("db", "172.18.0.2")
        assert sorted(found.names) == ["data", "db"]
        with join(["shop"], "", [], store) as [second]:
            assert second.address == bytes([172, 18, 0, 3])
        with pytest.raises(NameTakenError), join(["shop"], "db", [], store):
            pass
        with pytest.raises(NetworkValueError, match="Boxes are on"):
            store.remove("shop")
    assert store.members("shop") == []
    assert list((store.root / "shop" / "names").iterdir()) == []
    store.remove("shop")


def test_who_is_killed_is_gone_and_its_place_free(store: NetworkStore) -> None:
    first, address = member(store, "one")
    second, other = member(store, "two")
    assert (address, other) == ("172.18.0.2", "172.18.0.3")
    assert {one.name for one in store.members("shop")} == {"one", "two"}
    end(first)
    assert [one.name for one in store.members("shop")] == ["two"]
    with join(["shop"], "one", [], store) as [own]:
        assert own.address == bytes([172, 18, 0, 2])
        assert sorted(path.name for path in (store.root / "shop" / "names").iterdir()) == [
            "both",
            "one",
            "two",
        ]
    end(second)
    store.remove("shop")


def test_many_at_once_have_addresses_of_their_own(store: NetworkStore) -> None:
    words = [sys.executable, "-c", MEMBER, str(store.root)]
    processes = [
        subprocess.Popen([*words, f"box{number}"], stdout=subprocess.PIPE, text=True)
        for number in range(6)
    ]
    found = {process.stdout.readline() for process in processes if process.stdout}
    assert len(found) == 6
    for process in processes:
        end(process)


@pytest.mark.parametrize(
    "name", ["", "host", "none", "bridge", "../up", "a/b", ".a", "A", "a..b", "x" * 64, "a b"]
)
def test_what_is_no_network(store: NetworkStore, name: str) -> None:
    for attempt in (store.create, store.get, store.remove, store.members):
        with pytest.raises(NetworkValueError):
            attempt(name)


@pytest.mark.parametrize(
    "name", ["../up", "a/b", ".", "..", "a..b", "10.0.0.1", "1.2", "12", "localhost", "a\n", "ü"]
)
def test_what_is_no_name_of_a_member(store: NetworkStore, name: str) -> None:
    with pytest.raises(NetworkValueError), join(["shop"], name, [], store):
        pass
    with pytest.raises(NetworkValueError), join(["shop"], "db", [name], store):
        pass
    assert store.members("shop") == []


def test_a_box_is_on_each_network_once_and_on_few(store: NetworkStore) -> None:
    with pytest.raises(NetworkValueError, match="at most 8"), join(["shop", "shop"], "", [], store):
        pass
    names = [f"net{number}" for number in range(9)]
    with pytest.raises(NetworkValueError), join(names, "", [], store):
        pass
    with pytest.raises(NetworkMissingError), join(["shop", "none-such"], "", [], store):
        pass
    assert store.members("shop") == []
