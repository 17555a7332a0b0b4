"""Counters of an instrumented program, turned into the profile clang optimises by.

LLVM's own tool for this (llvm-profdata) is not in any package we can pin, and the format is small:
llvm/include/llvm/ProfileData/InstrProf.h and InstrProfData.inc, raw records of version 10, an
indexed profile of version 5, which every newer clang reads.

Belongs here: the two formats. Does not: what is run to count (`training`).
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from recipes.extension.linked import wasm

# __llvm_profile_data for 32-bit addresses: name, hash, counters (relative to the record), bitmap,
# function, values, number of counters, value sites of three kinds, bitmap bytes.
RECORD = struct.Struct("<2QiiIII3H2xI")
MAGIC = 0x8169666F72706CFF
VERSION = 5
VARIANT_IR = 1 << 56
HASH_MD5 = 0
# Parts of a million, at which the summary states how hot a counter has to be (ProfileSummary).
CUTOFFS = (
    *(10_000, 100_000, 200_000, 300_000, 400_000, 500_000, 600_000, 700_000, 800_000, 900_000),
    *(950_000, 990_000, 999_000, 999_900, 999_990, 999_999),
)
# What guest/training/counters.c counted of a site: record, site, value, count.
VALUE = struct.Struct("<2I2Q")
CALL_TARGETS = 0
KINDS = 3  # call targets, sizes of copies, tables of virtual functions (C++)
# More than the optimiser looks at.
MOST_VALUES = 16

Site = tuple[tuple[int, int], ...]


class Function(NamedTuple):
    """name: as clang spells it, with the file for a static one. hash: of its control flow.

    sites: for each kind, for each place in the code, the values met there, each with its count.
    """

    name: bytes
    hash: int
    counts: tuple[int, ...]
    sites: tuple[tuple[Site, ...], ...] = ((),) * KINDS


class Counted(NamedTuple):
    """What an instrumented program leaves in its memory (guest/training/training.h).

    data_at, counts_at: the addresses that the two had.
    """

    data_at: int
    data: bytes
    counts_at: int
    counts: bytes
    names: bytes
    values: bytes


def read_counts(counted: Counted) -> list[Function]:
    """The functions of a program, in its order, and what was counted of each."""
    names = {_md5(name): name for name in _names(counted.names)}
    records = list(RECORD.iter_unpack(counted.data))
    by_address = {record[4]: record[0] for record in records if record[4]}
    met = _met(counted.values)
    found = []
    for number, record in enumerate(records):
        address = counted.data_at + number * RECORD.size
        start = address + record[2] - counted.counts_at
        numbers = struct.unpack_from(f"<{record[6]}Q", counted.counts, start)
        sites = _sites(record[7 : 7 + KINDS], met.get(address, {}), by_address)
        found.append(Function(names[record[0]], record[1], numbers, sites))
    return found


def _met(values: bytes) -> dict[int, dict[int, list[tuple[int, int]]]]:
    """By record's address and site: values and counts, the most frequent first."""
    met: dict[int, dict[int, list[tuple[int, int]]]] = {}
    for record, site, value, count in VALUE.iter_unpack(values):
        if record:
            met.setdefault(record, {}).setdefault(site, []).append((value, count))
    for sites in met.values():
        for found in sites.values():
            found.sort(key=lambda entry: (-entry[1], entry[0]))
    return met


def _sites(
    numbers: tuple[int, ...], met: dict[int, list[tuple[int, int]]], names: dict[int, int]
) -> tuple[tuple[Site, ...], ...]:
    """Sites are numbered through all kinds. A call's targets are known by name, not address."""
    found: list[tuple[Site, ...]] = []
    first = 0
    for kind, number in enumerate(numbers):
        sites = [met.get(site, []) for site in range(first, first + number)]
        if kind == CALL_TARGETS:
            sites = [[(names[v], c) for v, c in site if v in names] for site in sites]
        found.append(tuple(tuple(site[:MOST_VALUES]) for site in sites))
        first += number
    return tuple(found)


def indexed_profile(functions: list[Function]) -> bytes:
    """A profile for `-fprofile-instrument-use-path`. Functions that never ran are in it, too:
    clang puts what is known to be cold out of the way."""
    summary = _summary(functions)
    head_size = 5 * 8
    items = _items(functions)
    buckets = 1 << max(6, (len(items) * 4 // 3).bit_length())
    chains: defaultdict[int, list[tuple[int, bytes]]] = defaultdict(list)
    for key_hash, item in items:
        chains[key_hash & (buckets - 1)].append((key_hash, item))
    body = bytearray()
    offsets = [0] * buckets
    for bucket, chain in sorted(chains.items()):
        offsets[bucket] = head_size + len(summary) + len(body)
        body += struct.pack("<H", len(chain))
        for key_hash, item in chain:
            body += struct.pack("<Q", key_hash) + item
    body += bytes(-(head_size + len(summary) + len(body)) % 8)
    table_at = head_size + len(summary) + len(body)
    table = struct.pack(f"<2Q{buckets}Q", buckets, len(items), *offsets)
    head = struct.pack("<5Q", MAGIC, VERSION | VARIANT_IR, 0, HASH_MD5, table_at)
    return head + summary + bytes(body) + table


def _items(functions: list[Function]) -> list[tuple[int, bytes]]:
    """One entry of the hash table a name; several functions may share one, each with its hash."""
    by_name: defaultdict[bytes, dict[int, Function]] = defaultdict(dict)
    for function in functions:
        by_name[function.name][function.hash] = function
    items = []
    for name, variants in sorted(by_name.items()):
        data = b"".join(
            struct.pack(f"<2Q{len(one.counts)}Q", one.hash, len(one.counts), *one.counts)
            + _value_data(one.sites)
            for _, one in sorted(variants.items())
        )
        items.append((_md5(name), struct.pack("<2Q", len(name), len(data)) + name + data))
    return items


def _value_data(kinds: tuple[tuple[Site, ...], ...]) -> bytes:
    parts = []
    for kind, sites in enumerate(kinds):
        if sites:
            part = struct.pack("<2I", kind, len(sites)) + bytes(len(site) for site in sites)
            part += bytes(-len(part) % 8)
            parts.append(part + b"".join(struct.pack("<2Q", *v) for site in sites for v in site))
    body = b"".join(parts)
    return struct.pack("<2I", 8 + len(body), len(parts)) + body


def _summary(functions: list[Function]) -> bytes:
    frequencies = Counter(count for function in functions for count in function.counts)
    total = sum(count * number for count, number in frequencies.items())
    entry = max((f.counts[0] for f in functions), default=0)
    inner = max((count for f in functions for count in f.counts[1:]), default=0)
    fields = (len(functions), frequencies.total(), entry, max(entry, inner), inner, total)
    descending = sorted(frequencies.items(), reverse=True)
    entries = []
    seen = reached = place = count = 0
    for cutoff in CUTOFFS:
        while reached < total * cutoff // 1_000_000 and place < len(descending):
            count, number = descending[place]
            reached += count * number
            seen += number
            place += 1
        entries += [cutoff, count, seen]
    return struct.pack(f"<2Q6Q{len(entries)}Q", 6, len(CUTOFFS), *fields, *entries)


def _names(section: bytes) -> Iterator[bytes]:
    """Chunks, one of each object file: two lengths, then names, compressed unless that one is 0."""
    place = 0
    while place < len(section):
        if section[place] == 0:  # padding between chunks
            place += 1
            continue
        plain, place = wasm.read(section, place)
        packed, place = wasm.read(section, place)
        size = packed or plain
        chunk = section[place : place + size]
        place += size
        yield from (zlib.decompress(chunk) if packed else chunk).split(b"\x01")


def _md5(name: bytes) -> int:
    digest = hashlib.md5(name, usedforsecurity=False).digest()
    return int.from_bytes(digest[:8], "little")
