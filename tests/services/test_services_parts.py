"""What services are made of: locks, logs, restarts, health, signals, how they look."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxer.blobstore import is_held, take
from boxer.errors import ServiceOptionError
from boxer.services import described, parse_policy, parse_signal, read_log, since
from boxer.services.health import Monitor
from boxer.services.logs import LONGEST, LogWriter
from boxer.services.records import Health, Record, State, read_record, read_state, write_record
from boxer.services.restarting import next_pause
from boxer.services.showing import port_lines, ports_text
from boxer.services.store import new_name


def test_a_lock_is_seen_without_being_taken_and_handed_on(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not is_held(path)
    lock = take(path)
    assert lock is not None
    assert is_held(path)
    assert take(path) is None
    program = f"import os, time; os.write(1, b'x'); os.read(0, 1); os.close({lock})"
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=pipe, stdout=pipe, pass_fds=[lock]
    ) as heir:
        assert heir.stdout is not None
        assert heir.stdin is not None
        heir.stdout.read(1)
        os.close(lock)
        assert is_held(path)  # the process has it now
        heir.stdin.write(b"x")
    assert not is_held(path)
    again = take(path)
    assert again is not None
    os.close(again)


def text_of(folder: Path, stream: str, tail: int | None = None) -> bytes:
    return b"".join(entry.text for entry in read_log(folder, tail) if entry.stream == stream)


@given(st.lists(st.tuples(st.sampled_from(["stdout", "stderr"]), st.binary(max_size=50))))
def test_a_log_gives_back_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[tuple[str, bytes]]
) -> None:
    folder = tmp_path_factory.mktemp("log")
    log = LogWriter(folder, 1 << 20, 2)
    for stream, data in pieces:
        log.write(stream, data)
    log.close()
    for stream in ("stdout", "stderr"):
        written = b"".join(data for one, data in pieces if one == stream)
        ended = b"\n" if written and not written.endswith(b"\n") else b""
        assert text_of(folder, stream) == written + ended


def test_a_long_line_is_one_line_still(tmp_path: Path) -> None:
    log = LogWriter(tmp_path, 1 << 20, 2)
    line = b"x" * (3 * LONGEST + 5)
    log.write("stdout", b"first\n" + line)
    log.write("stdout", b"end\nlast\n")
    log.close()
    assert text_of(tmp_path, "stdout") == b"first\n" + line + b"end\nlast\n"
    assert text_of(tmp_path, "stdout", 2) == line + b"end\nlast\n"
    assert text_of(tmp_path, "stdout", 0) == b""


def test_a_log_does_not_grow_without_end(tmp_path: Path) -> None:
    log = LogWriter(tmp_path, 10_000, 3)
    lines = [b"line %06d\n" % number for number in range(5000)]
    for line in lines:
        log.write("stdout", line)
    log.close()
    files = sorted(path.name for path in tmp_path.glob("log*"))
    assert files == ["log", "log.1", "log.2"]
    assert all((tmp_path / name).stat().st_size <= 10_000 for name in files)
    kept = text_of(tmp_path, "stdout")
    assert b"".join(lines).endswith(kept)
    assert kept.count(b"\n") > 300


def test_a_reader_follows_over_files(tmp_path: Path) -> None:
    log = LogWriter(tmp_path, 1000, 3)
    rest = [b"line %03d\n" % number for number in range(40)]
    found = []

    def goes_on() -> bool:
        for line in rest[:2]:
            log.write("stdout", line)
        del rest[:2]
        return bool(rest)

    for entry in read_log(tmp_path, None, goes_on):
        found.append(entry.text)
    assert found == [b"line %03d\n" % number for number in range(40)]


def test_lines_that_a_full_disk_took_are_counted(tmp_path: Path) -> None:
    (tmp_path / "log").symlink_to("/dev/full")
    log = LogWriter(tmp_path, 1000, 2)
    log.write("stdout", b"a\nb\n")
    (tmp_path / "log").unlink()
    log.close()
    log = LogWriter(tmp_path, 1000, 2)
    log._lost = 2
    log.write("stdout", b"c\n")
    log.close()
    assert text_of(tmp_path, "stdout") == b"c\n"
    assert text_of(tmp_path, "stderr") == b"boxer: 2 lines are lost: the disk was full\n"


def test_restart_policies() -> None:
    assert str(parse_policy("on-failure:3")) == "on-failure:3"
    assert str(parse_policy("on-failure:0")) == "on-failure"
    three = parse_policy("on-failure:3")
    assert [three.restarts(1, count) for count in range(5)] == [True, True, True, False, False]
    assert not three.restarts(0, 0)
    assert parse_policy("on-failure").restarts(137, 10**6)
    assert parse_policy("always").restarts(0, 10**6)
    assert not parse_policy("no").restarts(1, 0)
    for wrong in ("", "yes", "always:2", "on-failure:", "on-failure:-1", "on-failure:x", "No"):
        with pytest.raises(ServiceOptionError):
            parse_policy(wrong)


def test_pauses_double_up_to_a_minute_and_begin_anew_after_a_long_life() -> None:
    pauses = [next_pause(None, 0)]
    while len(pauses) < 13:
        pauses.append(next_pause(pauses[-1], 1))
    assert pauses[:4] == [0.1, 0.2, 0.4, 0.8]
    assert pauses[-1] == 60.0
    assert next_pause(60.0, 10.0) == 0.1


def test_signals_have_dockers_names() -> None:
    assert {parse_signal(text) for text in ("TERM", "SIGTERM", "sigterm", "15")} == {15}
    for wrong in ("", "SIG", "SEGV", "0", "99", "RTMIN+3", "-9"):
        with pytest.raises(ServiceOptionError):
            parse_signal(wrong)


def states(health: Health, results: list[tuple[float, int]]) -> list[str | None]:
    state = State()
    monitor = Monitor(health, state, 0.0)
    seen = []
    for now, code in results:
        monitor.take({}, code, now)
        seen.append(state.health)
    return seen


def test_health_changes_after_so_many_failures() -> None:
    health = Health(["true"], interval=10, retries=2)
    assert states(health, [(10, 1), (20, 0), (30, 1), (40, 1), (50, 0)]) == [
        "starting", "healthy", "healthy", "unhealthy", "healthy",
    ]  # fmt: skip
    starting = Health(["true"], interval=10, retries=1, start_period=25)
    assert states(starting, [(10, 1), (20, 1), (30, 1)]) == ["starting", "starting", "unhealthy"]
    assert states(starting, [(10, 0), (20, 1)]) == ["healthy", "unhealthy"]


def test_checks_come_more_often_while_it_starts() -> None:
    health = Health(["true"], interval=30, start_period=60, start_interval=2)
    monitor = Monitor(health, State(), 100.0)
    assert monitor.due == 102.0
    monitor.take({}, 1, 103.0)
    assert monitor.due == 105.0
    monitor.take({}, 0, 106.0)
    assert monitor.due == 136.0
    assert Monitor(Health(["true"]), State(), 0.0).due == 30.0


def test_states_in_dockers_words() -> None:
    up = State(status="running", started=1000.0, health="starting")
    assert described("running", up, 1180.0) == "Up 3 minutes (health: starting)"
    ended = State(status="exited", finished=1000.0, exit_code=3)
    assert described("exited", ended, 1000.2) == "Exited (3) Less than a second ago"
    assert [since(n) for n in (1, 59, 119, 120, 7200, 200_000, 2_000_000)] == [
        "1 second", "59 seconds", "119 seconds", "2 minutes", "2 hours", "2 days", "3 weeks",
    ]  # fmt: skip


def test_ports_as_docker_writes_them() -> None:
    state = State(ports=[{"ip": "127.0.0.1", "host": 8080, "box": 80, "protocol": "tcp"},
                         {"ip": "::1", "host": 53, "box": 53, "protocol": "udp"}])  # fmt: skip
    assert ports_text(state) == "127.0.0.1:8080->80/tcp, [::1]:53->53/udp"
    assert port_lines(state) == ["80/tcp -> 127.0.0.1:8080", "53/udp -> [::1]:53"]
    assert port_lines(state, "80") == ["127.0.0.1:8080"]
    assert port_lines(state, "53") == []
    assert port_lines(state, "53/udp") == ["[::1]:53"]


def test_names_of_those_that_have_none() -> None:
    for box in ("hello", "team/app:1.0", "./out.wasm", "/tmp/ü x\x1b.wasm", "..", "a" * 300):
        name = new_name(box)
        assert name.isascii()
        assert len(name) < 60
        assert "/" not in name
        assert not name.startswith((".", "-"))


def test_records_are_what_they_were_and_know_of_later_fields(tmp_path: Path) -> None:
    health = Health(["true"], interval=1.5)
    record = Record(
        "n", "i", "b", "d", 1.0, ["-w=/x"], ["A=\udcff"], ["x"], "c", "/", health=health
    )
    write_record(tmp_path, record)
    assert read_record(tmp_path) == record
    text = (tmp_path / "service.json").read_text()
    (tmp_path / "service.json").write_text(text[:-1] + ', "of_a_later_boxer": 1}')
    assert read_record(tmp_path) == record
    assert read_state(tmp_path) == State()
