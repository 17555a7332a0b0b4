from __future__ import annotations

import contextlib
import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wasmtime import Engine, wat2wasm
from wasmtime import Module as Compiled

from boxer.boxfile import (
    SECTION,
    BoxInfo,
    Code,
    Component,
    Distribution,
    ImageConfig,
    MemoryImage,
    Segment,
    read_box,
    read_info,
    write_box,
)
from boxer.errors import BoxerError, DamagedBoxError, NotABoxError, UnsupportedBoxError
from boxer.wasmformat import Module, SectionId, code_only, exports, with_custom

BASE = bytes(
    wat2wasm(
        """
    (module
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 1)
      (global (export "boxer_boot") i32 (i32.const 16))
      (func (export "_start") (call $exit (i32.const 0)))
      (func (export "boxer_freeze") (result i32) (i32.const 0))
      (data (i32.const 16) "cold"))
    """
    )
)
INFO = BoxInfo(
    config=ImageConfig(cmd=("python3",)),
    base_name="python",
    base_version="3.13.5",
    base_digest="ab" * 32,
    code=Code.of(Module.parse(BASE)),
    kernel_abi=1,
    boxer_version="0.1.0",
    created=1_700_000_000,
    distributions=(Distribution("jinja2", "3.1.0", "BSD-3-Clause"),),
    components=(Component("musl", "1.2.5", "MIT"),),
    preinitialised=("json",),
)
IMAGE = MemoryImage(3 * 65536, (Segment(16, b"warm"), Segment(70_000, b"heap")))
BOX = write_box(BASE, IMAGE, INFO)


def test_box_is_read_as_it_was_written() -> None:
    box = read_box(BOX)
    assert box.info == INFO
    assert box.code == code_only(Module.parse(BASE))
    assert box.image.size == IMAGE.size
    assert box.image.to_bytes() == IMAGE.to_bytes()


def test_box_exports_memory_and_start_only() -> None:
    assert [entry.name for entry in exports(Module.parse(BOX))] == ["memory", "_start"]


def test_box_has_the_code_section_of_its_base() -> None:
    mine, theirs = (Module.parse(m).section(SectionId.CODE) for m in (BOX, BASE))
    assert mine is not None
    assert theirs is not None
    assert bytes(mine.payload) == bytes(theirs.payload)


def test_description_is_the_first_section() -> None:
    assert BOX[8] == SectionId.CUSTOM
    assert read_info(BOX) == INFO


def test_description_is_an_oci_image_configuration() -> None:
    document = json.loads(INFO.to_json())
    assert document["architecture"] == "wasm"
    assert document["created"] == "2023-11-14T22:13:20Z"
    assert document["config"] == {"Cmd": ["python3"]}


def test_same_parts_give_the_same_bytes() -> None:
    assert write_box(BASE, IMAGE, INFO) == BOX


def test_engine_accepts_a_box() -> None:
    Compiled(Engine(), BOX)


def test_foreign_module_is_not_a_box() -> None:
    with pytest.raises(NotABoxError) as caught:
        read_box(BASE)
    assert caught.value.reference == "not-a-box"


@pytest.mark.parametrize("data", [b"", b"\x7fELF", b"#!/usr/bin/env python\n"])
def test_other_files_are_not_a_box(data: bytes) -> None:
    with pytest.raises(NotABoxError):
        read_box(data)


@pytest.mark.parametrize("cut", [1, 20, len(BOX) // 2, len(BOX) - 5])
def test_truncated_box_is_damaged(cut: int) -> None:
    with pytest.raises(DamagedBoxError):
        read_box(BOX[:-cut])


def test_changed_code_is_noticed() -> None:
    other = BOX.replace(b"\x41\x00\x10\x00", b"\x41\x01\x10\x00")
    assert other != BOX
    with pytest.raises(DamagedBoxError, match="code"):
        read_box(other)


def test_newer_format_is_refused_by_name() -> None:
    newer = INFO.to_json().replace(b'"format":1', b'"format":2')
    box = with_custom(Module.parse(BASE), SECTION, newer).emit()
    with pytest.raises(UnsupportedBoxError, match="`2`"):
        read_info(box)


@pytest.mark.parametrize("contents", [b"", b"[]", b"{}", b'{"boxer":{}}', b"\xff", b"[" * 100_000])
def test_nonsense_description_is_damage(contents: bytes) -> None:
    with pytest.raises(DamagedBoxError):
        read_info(with_custom(Module.parse(BASE), SECTION, contents).emit())


@pytest.mark.parametrize(
    ("size", "segments"),
    [
        (65535, ()),
        (65536 * 65537, ()),
        (65536, (Segment(65535, b"xy"),)),
        (65536, (Segment(8, b"x"), Segment(0, b"x"))),
        (65536, (Segment(0, b"xx"), Segment(1, b"x"))),
        (65536, (Segment(0, b""),)),
    ],
)
def test_image_keeps_its_invariants(size: int, segments: tuple[Segment, ...]) -> None:
    with pytest.raises(DamagedBoxError):
        MemoryImage(size, segments)


def accepts_or_refuses(data: bytes) -> None:
    with contextlib.suppress(BoxerError):
        read_info(data)
    with contextlib.suppress(BoxerError):
        read_box(data)


@settings(max_examples=500)
@given(position=st.integers(0, len(BOX) - 1), value=st.integers(0, 255))
def test_one_changed_byte_is_accepted_or_refused(position: int, value: int) -> None:
    accepts_or_refuses(BOX[:position] + bytes([value]) + BOX[position + 1 :])


@given(size=st.integers(0, len(BOX)), tail=st.binary(max_size=30))
def test_other_endings_are_accepted_or_refused(size: int, tail: bytes) -> None:
    accepts_or_refuses(BOX[:size] + tail)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


@given(data=st.data())
def test_description_with_other_values_is_accepted_or_refused(data: st.DataObject) -> None:
    document = json.loads(INFO.to_json())
    place = data.draw(st.sampled_from([document, document["boxer"], document["boxer"]["code"]]))
    place[data.draw(st.sampled_from(sorted(place)))] = data.draw(VALUES)
    accepts_or_refuses(
        with_custom(Module.parse(BASE), SECTION, json.dumps(document).encode()).emit()
    )


@given(created=st.integers(0, 253402300799))
def test_any_time_survives(created: int) -> None:
    info = replace(INFO, created=created)
    assert BoxInfo.from_json(info.to_json()) == info
