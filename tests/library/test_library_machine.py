"""Started machines: they go on, fork, and become boxes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

import boxer

pytestmark = pytest.mark.base


def test_a_machine_keeps_what_was_done_to_it(any_box: boxer.Box) -> None:
    with any_box.start() as machine:
        machine.exec("x = 1\nopen('/tmp/note', 'w').write('kept')")
        assert machine.exec("print(x, open('/tmp/note').read())").stdout == b"1 kept\n"
        assert [machine.call("app:count") for _ in range(3)] == [1, 2, 3]


def test_forks_go_their_own_ways(any_box: boxer.Box) -> None:
    with any_box.start() as machine:
        machine.exec("x = [1]; big = bytearray(6_000_000)")
        with machine.fork() as other:
            other.exec("x.append(2); big[5_000_000] = 7")
            machine.exec("x.append(3)")
            assert other.exec("print(x, big[5_000_000])").stdout == b"[1, 2] 7\n"
            assert machine.exec("print(x, big[5_000_000])").stdout == b"[1, 3] 0\n"
            with other.fork() as third:
                assert third.exec("print(x, len(big))").stdout == b"[1, 2] 6000000\n"


def test_forks_share_no_randomness(any_box: boxer.Box) -> None:
    with any_box.start() as machine:
        machine.exec("import random; random.seed(1)")
        draws = [fork.exec("print(random.random())").stdout for fork in _forks(machine, 4)]
    assert len(set(draws)) == 4


def _forks(machine: boxer.Machine, count: int) -> list[boxer.Machine]:
    return [machine.fork() for _ in range(count)]


def test_a_committed_machine_is_a_box(any_box: boxer.Box, tmp_path: Path) -> None:
    path = tmp_path / "later.wasm"
    with any_box.start() as machine:
        machine.exec("x = 'from before'\nopen('/tmp/note', 'w').write('kept')")
        machine.commit(path)
        assert machine.exec("print(x)").stdout == b"from before\n"
    later = boxer.load(path)
    result = later.run(["python", "-c", "print(open('/tmp/note').read())"])
    assert (result.exit_code, result.stdout) == (0, b"kept\n")
    with later.start() as machine:
        assert machine.exec("print(x)").stdout == b"from before\n"
    assert later.info == any_box.info


# An entry that takes more than half of a limit, and one that takes more than all of it.
ENTRIES: dict[str, tuple[dict[str, Any], str, str]] = {
    "cpu": (
        {"cpu": 1.0},
        "import time; end = time.process_time() + 0.6\nwhile time.process_time() < end: pass",
        "while True: pass",
    ),
    "output": ({"output": "1MB"}, "print('x' * 600_000)", "print('x' * 1_200_000)"),
}


@pytest.mark.parametrize("limit", ENTRIES)
def test_a_limit_is_of_an_entry_and_not_of_a_life(any_box: boxer.Box, limit: str) -> None:
    limits, half, more = ENTRIES[limit]
    with any_box.start(limits=boxer.Limits(**limits)) as machine:
        for _ in range(3):
            machine.exec(half)
        with pytest.raises(boxer.LimitReached) as reached:
            machine.exec(more)
        assert reached.value.limit == limit


def test_a_machine_that_rests_uses_none_of_its_time(any_box: boxer.Box) -> None:
    with any_box.start(limits=boxer.Limits(time=4, cpu=4)) as machine:
        assert machine.call("app:count") == 1
        time.sleep(4.1)
        assert machine.call("app:count") == 2


def test_an_error_leaves_the_machine_alive(any_box: boxer.Box) -> None:
    with any_box.start() as machine:
        with pytest.raises(boxer.GuestError, match="ZeroDivisionError"):
            machine.exec("y = 1\n1 / 0")
        assert machine.exec("print(y)").stdout == b"1\n"


def test_a_machine_that_ended_says_so(any_box: boxer.Box) -> None:
    machine = any_box.start(limits=boxer.Limits(time=0.3))
    with pytest.raises(boxer.LimitReached):
        machine.exec("while True: pass")
    for use in (lambda: machine.exec("1"), machine.fork):
        with pytest.raises(boxer.MachineOverError):
            use()


def test_a_machine_sees_its_environment(box: boxer.Box) -> None:
    with box.start(env={"GIVEN": "yes"}) as machine:
        shown = machine.exec("import os; print(os.environ['PLACE'], os.environ['GIVEN'])").stdout
    assert shown == b"box yes\n"
