from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from boxer.preinit import image_of
from boxer.preinit.snapshot import ALWAYS_MAPPED, MOST_SEGMENTS, SHORTEST_GAP, dense

PAGE = 65536


def memory_with(pages: int, **places: bytes) -> bytes:
    memory = bytearray(pages * PAGE)
    for name, data in places.items():
        at = int(name.removeprefix("at"))
        memory[at : at + len(data)] = data
    return bytes(memory)


def test_empty_memory_has_no_segments() -> None:
    assert image_of(bytes(2 * PAGE)).segments == ()


def test_zeros_around_data_are_not_stored() -> None:
    image = image_of(memory_with(2, at5000=b"data", at100000=b"more"))
    assert [(s.offset, bytes(s.data)) for s in image.segments] == [
        (5000, b"data"),
        (100000, b"more"),
    ]


def test_last_byte_is_kept() -> None:
    image = image_of(memory_with(1, at65535=b"x"))
    assert image.to_bytes()[-1:] == b"x"


@given(
    places=st.dictionaries(st.integers(0, 3 * PAGE - 40), st.binary(min_size=1, max_size=40)),
)
def test_image_holds_exactly_the_memory(places: dict[int, bytes]) -> None:
    memory = bytearray(3 * PAGE)
    for at, data in places.items():
        memory[at : at + len(data)] = data
    image = image_of(bytes(memory))
    assert image.to_bytes() == memory
    assert not any(bytes(SHORTEST_GAP) in bytes(s.data) for s in image.segments)


def test_many_small_pieces_become_few_segments() -> None:
    memory = bytearray(100 * PAGE)
    for at in range(0, len(memory), 2 * SHORTEST_GAP):
        memory[at] = 1
    image = image_of(bytes(memory))
    assert len(image.segments) == MOST_SEGMENTS
    assert image.to_bytes() == memory


def test_smallest_gaps_are_closed_first() -> None:
    runs = [(i * 1000, i * 1000 + (900 if i % 2 else 100)) for i in range(2 * MOST_SEGMENTS)]
    closed = dense(runs)
    assert len(closed) == MOST_SEGMENTS
    assert all(end - start == 1100 for start, end in closed[:-1] if start)


def test_wide_memory_is_half_data_so_that_it_is_mapped() -> None:
    step = 1 << 20
    runs = [(i * step, i * step + step // 4) for i in range(64)]
    closed = dense(runs)
    span = closed[-1][1] - closed[0][0]
    assert span > ALWAYS_MAPPED
    assert sum(end - start for start, end in closed) * 2 >= span


def test_narrow_memory_may_be_sparse() -> None:
    step = 1 << 20
    runs = [(i * step, i * step + 100) for i in range(15)]
    assert dense(runs) == runs
