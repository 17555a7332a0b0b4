from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from wasmtime import wat2wasm

from boxer.boxfile import Box, BoxInfo, MemoryImage, read_box, write_box
from boxer.errors import LimitValueError, UnsupportedModuleError
from boxer.runtime import Limits, RunResult, is_compiled, load_code, mapped, run
from boxer.runtime.engine import wasm_stack
from boxer.runtime.traps import CRASHES
from boxer.wasmformat import Module

MakeBox = Callable[..., Box]
# What every guest is told; a base takes it out of the environment before its program begins.
LIMITS = Limits().for_the_guest(wasm_stack()) + b"\0"

SAY_IMAGE = "(drop (call $say (i32.const 64) (i32.const {size}) (i32.const {fd})))"


@pytest.fixture(params=["mapped", "copied"], autouse=True)
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything here holds with the native library and without it."""
    if request.param == "copied":
        monkeypatch.setattr("boxer.runtime.mapped.is_available", lambda: False)
    elif not mapped.is_available():
        pytest.skip("the native library is not there")


def say(size: int, fd: int = 1) -> str:
    return SAY_IMAGE.format(size=size, fd=fd)


def test_output_and_status_are_the_guests(box: MakeBox) -> None:
    made = box(say(2) + say(3, fd=2) + "(call $proc_exit (i32.const 7))", image=b"out")
    assert run(made) == RunResult(7, b"ou", b"out")


def test_start_that_returns_is_status_zero(box: MakeBox) -> None:
    assert run(box("")).exit_code == 0


@pytest.mark.parametrize(
    ("status", "seen"), [(0, 0), (125, 125), (126, 126), (255, 255), (-1, 255)]
)
def test_every_status_arrives(box: MakeBox, status: int, seen: int) -> None:
    assert run(box(f"(call $proc_exit (i32.const {status}))")).exit_code == seen


def test_each_run_is_a_fresh_machine(box: MakeBox) -> None:
    made = box(say(1) + "(i32.store8 (i32.const 64) (i32.const 98))", image=b"a")
    assert run(made).stdout == b"a"
    assert run(made).stdout == b"a"


READ = """
(i32.store (i32.const 16) (i32.const 64))
(i32.store (i32.const 20) (i32.const 100))
(drop (call $fd_read (i32.const 0) (i32.const 16) (i32.const 1) (i32.const 24)))
(drop (call $say (i32.const 64) (i32.load (i32.const 24)) (i32.const 1)))
"""


def test_standard_input_is_what_was_given(box: MakeBox) -> None:
    assert run(box(READ, "fd_read"), stdin=b"typed").stdout == b"typed"
    assert run(box(READ, "fd_read")).stdout == b""


STRINGS = """
(drop (call ${kind}_sizes_get (i32.const 0) (i32.const 4)))
(drop (call ${kind}_get (i32.const 1024) (i32.const 4096)))
(drop (call $say (i32.const 4096) (i32.load (i32.const 4)) (i32.const 1)))
"""


def test_arguments_follow_the_boxs_name(box: MakeBox) -> None:
    made = box(STRINGS.replace("{kind}", "args"), "args_get", "args_sizes_get")
    assert run(made, ["one", "zwei ü"]).stdout == "box\0one\0zwei ü\0".encode()


def test_environment_is_the_given_one_and_nothing_of_the_host(
    box: MakeBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOST_SECRET", "x")
    made = box(STRINGS.replace("{kind}", "environ"), "environ_get", "environ_sizes_get")
    assert run(made).stdout == LIMITS
    assert run(made, env={"A": "1", "B": "two"}).stdout == b"A=1\0B=two\0" + LIMITS


def test_entrypoint_directory_and_user_travel_as_reserved_variables(box: MakeBox) -> None:
    made = box(STRINGS.replace("{kind}", "environ"), "environ_get", "environ_sizes_get")
    result = run(made, entrypoint="sh", working_dir="/srv", user="5:6")
    settings = b"BOXER_ENTRYPOINT=sh\0BOXER_WORKDIR=/srv\0BOXER_USER=5:6\0"
    assert result.stdout == settings + LIMITS


def test_no_descriptor_but_the_three_streams(box: MakeBox) -> None:
    made = box(
        "(call $proc_exit (call $fd_prestat_get (i32.const 3) (i32.const 0)))", "fd_prestat_get"
    )
    assert run(made).exit_code == 8


def test_no_file_without_a_mount(box: MakeBox) -> None:
    made = box(
        """(call $proc_exit (call $path_open (i32.const 3) (i32.const 0) (i32.const 64)
             (i32.const 10) (i32.const 0) (i64.const -1) (i64.const -1) (i32.const 0)
             (i32.const 32)))""",
        "path_open",
        image=b"etc/passwd",
    )
    assert run(made).exit_code == 8


def test_address_outside_of_the_memory_is_efault(box: MakeBox) -> None:
    made = box("(call $proc_exit (call $random_get (i32.const -1) (i32.const 100)))", "random_get")
    assert run(made).exit_code == 21


def test_huge_size_is_efault_and_allocates_nothing(box: MakeBox) -> None:
    made = box("(call $proc_exit (call $random_get (i32.const 0) (i32.const -1)))", "random_get")
    assert run(made).exit_code == 21


def test_endless_vector_is_refused(box: MakeBox) -> None:
    made = box(
        """(call $proc_exit (call $fd_write (i32.const 1) (i32.const 0) (i32.const -1)
             (i32.const 0)))"""
    )
    assert run(made).exit_code == 28


def test_two_machines_do_not_share_random_numbers(box: MakeBox) -> None:
    made = box("(drop (call $random_get (i32.const 64) (i32.const 16)))" + say(16), "random_get")
    assert run(made).stdout != run(made).stdout


def test_monotonic_clock_starts_with_the_run(box: MakeBox) -> None:
    made = box(
        "(drop (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 64)))" + say(8),
        "clock_time_get",
    )
    assert int.from_bytes(run(made).stdout, "little") < 10_000_000_000


# --- crashes ---

CRASHING = {
    "STACK_OVERFLOW": ("(call $deep)", "(func $deep (call $deep))"),
    "UNREACHABLE": ("(unreachable)", ""),
    "MEMORY_OUT_OF_BOUNDS": ("(drop (i32.load (i32.const -4)))", ""),
    "INTEGER_DIVISION_BY_ZERO": ("(drop (i32.div_s (i32.const 1) (i32.const 0)))", ""),
    "INTEGER_OVERFLOW": ("(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))", ""),
    "BAD_CONVERSION_TO_INTEGER": ("(drop (i32.trunc_f32_s (f32.const nan)))", ""),
    "TABLE_OUT_OF_BOUNDS": (
        "(call_indirect (i32.const 9))",
        "(table 1 funcref)",
    ),
    "INDIRECT_CALL_TO_NULL": ("(call_indirect (i32.const 0))", "(table 1 funcref)"),
    "BAD_SIGNATURE": (
        "(call_indirect (param i32) (i32.const 0) (i32.const 0))",
        "(table 1 funcref) (elem (i32.const 0) func $typed) (func $typed)",
    ),
}


@pytest.mark.parametrize("code", sorted(CRASHING))
def test_crash_is_a_result_with_a_signals_status(box: MakeBox, code: str) -> None:
    start, more = CRASHING[code]
    result = run(box(say(4) + start, more=more, image=b"last"))
    expected = next(crash for trap, crash in CRASHES.items() if trap.name == code)
    assert (result.exit_code, result.crash) == (expected.exit_code, expected.message)
    assert result.exit_code > 128
    assert result.stdout == b"last"


def test_deep_recursion_has_megabytes_of_stack(box: MakeBox) -> None:
    made = box(
        "(drop (call $deep (i32.const 60000)))",
        more="""(func $deep (param i32) (result i32)
          (if (result i32) (local.get 0)
            (then (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))
            (else (i32.const 0))))""",
    )
    assert run(made).crash is None


# --- limits ---


def test_endless_loop_ends_at_the_time_limit(box: MakeBox) -> None:
    result = run(box(say(4) + "(loop (br 0))", image=b"here"), limits=Limits(time=0.5))
    assert result == RunResult(137, b"here", limit="time")


SLEEP = """
(i64.store (i32.const 1024) (i64.const 1))
(i64.store (i32.const 1048) (i64.const {nanoseconds}))
(i32.store (i32.const 1040) (i32.const 1))
(drop (call $poll_oneoff (i32.const 1024) (i32.const 2048) (i32.const 1) (i32.const 24)))
"""


def test_long_sleep_ends_at_the_time_limit(box: MakeBox) -> None:
    made = box(SLEEP.format(nanoseconds=10**18), "poll_oneoff")
    assert run(made, limits=Limits(time=0.05)).limit == "time"


def test_sleep_ends_by_itself(box: MakeBox) -> None:
    assert run(box(SLEEP.format(nanoseconds=1000), "poll_oneoff")).exit_code == 0


def test_output_beyond_the_limit_ends_the_run_with_what_fits(box: MakeBox) -> None:
    result = run(box("(loop " + say(4) + "(br 0))", image=b"spam"), limits=Limits(output=10))
    assert result == RunResult(137, b"spamspamsp", limit="output")


def test_both_outputs_share_one_limit(box: MakeBox) -> None:
    made = box(f"(loop {say(4)} {say(4, fd=2)} (br 0))", image=b"spam")
    result = run(made, limits=Limits(output="1KB"))
    assert len(result.stdout) + len(result.stderr) == 1000


def test_memory_cannot_grow_beyond_the_limit(box: MakeBox) -> None:
    made = box("(call $proc_exit (i32.eq (memory.grow (i32.const 100)) (i32.const -1)))")
    assert run(made, limits=Limits(memory="1MiB")).exit_code == 1
    assert run(made, limits=Limits(memory="64MiB")).exit_code == 0


def test_box_larger_than_the_memory_limit_is_an_error(box: MakeBox) -> None:
    with pytest.raises(LimitValueError, match="MiB"):
        run(box("", pages=64), limits=Limits(memory="1MiB"))


@pytest.mark.parametrize("memory", ["", "-1", "5TB", "lots", 0, 1 << 33])
def test_memory_limit_without_sense_is_refused(memory: str | int) -> None:
    with pytest.raises(LimitValueError):
        Limits(memory=memory)


def test_sizes_as_people_write_them() -> None:
    assert Limits(memory="256MB").memory_bytes == 256_000_000
    assert Limits(memory="1GiB").memory_bytes == 1 << 30
    assert Limits(output="10kb").output_bytes == 10_000


# --- the rest ---


def test_start_of_another_type_is_refused_before_it_is_called(
    info: Callable[[Module], BoxInfo],
) -> None:

    made = Module.parse(
        bytes(
            wat2wasm(
                '(module (memory (export "memory") 1) (func (export "_start") (param i64) nop))'
            )
        )
    )
    other = read_box(write_box(made, MemoryImage(65536, ()), info(made)))
    with pytest.raises(UnsupportedModuleError, match="type"):
        run(other)


def test_runs_in_threads_keep_their_own_endings(box: MakeBox) -> None:
    boxes = [box(f"(call $proc_exit (i32.const {n}))") for n in range(4)]
    boxes.append(box("(unreachable)"))
    wrong: list[str] = []

    def work(number: int) -> None:
        expected = 134 if number == 4 else number
        for _ in range(50):
            result = run(boxes[number])
            if result.exit_code != expected:
                wrong.append(f"{number}: {result}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("start", ["(loop (br 0))", SLEEP.format(nanoseconds=10**18)])
def test_ctrl_c_ends_a_run(box: MakeBox, start: str) -> None:
    made = box(start, "poll_oneoff")
    run(box(""))  # the engine is there, so that the signal comes while the guest runs
    timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))

    def interrupted() -> None:
        timer.start()
        run(made, limits=Limits(time=60))

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    timer.join()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_compiled_code_of_a_box_is_found_in_the_cache_folder(box: MakeBox, tmp_path: Path) -> None:
    made = box("")
    assert not is_compiled(made.info.code_digest, tmp_path)
    load_code(made.code, made.info.code_digest, tmp_path)
    assert is_compiled(made.info.code_digest, tmp_path)
