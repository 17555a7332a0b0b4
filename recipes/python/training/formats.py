"""Data as bytes and back: JSON, pickle, CSV, XML, structs, checksums, dates, decimals, SQLite."""

from __future__ import annotations

import base64
import binascii
import copy
import csv
import datetime
import decimal
import fractions
import hashlib
import io
import json
import pickle
import sqlite3
import struct
import uuid
import zlib
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree


@dataclass
class Order:
    number: int
    day: datetime.date
    total: decimal.Decimal
    items: list[tuple[str, int]]
    note: str | None = None


def orders(count: int) -> list[Order]:
    day = datetime.date(2020, 2, 27)
    return [
        Order(
            n,
            day + datetime.timedelta(days=n),
            decimal.Decimal(n * 137) / 100,
            [(f"item {n % 11}", n % 4), ("gift", 1)],
            None if n % 3 else f"naïve “note” {n}\n",
        )
        for n in range(count)
    ]


def as_dictionaries(known: list[Order]) -> list[dict[str, Any]]:
    return [
        {
            "number": order.number,
            "day": order.day.isoformat(),
            "total": float(order.total),
            "items": [{"name": name, "count": count} for name, count in order.items],
            "note": order.note,
            "paid": order.number % 2 == 0,
        }
        for order in known
    ]


def texts(known: list[Order]) -> int:
    plain = as_dictionaries(known)
    text = json.dumps(plain)
    assert json.loads(text) == plain
    pretty = json.dumps(plain[:20], indent=2, sort_keys=True, ensure_ascii=False)
    file = io.StringIO()
    writer = csv.DictWriter(file, ["number", "day", "total", "note"], extrasaction="ignore")
    writer.writeheader()
    writer.writerows(plain)
    file.seek(0)
    rows = list(csv.DictReader(file))
    root = ElementTree.Element("orders")
    for order in known[:60]:
        element = ElementTree.SubElement(root, "order", number=str(order.number))
        element.text = order.note or ""
    again = ElementTree.fromstring(ElementTree.tostring(root))
    return len(text) + len(pretty) + len(rows) + len(again.findall("order"))


def binary(known: list[Order]) -> int:
    total: int = 0
    for protocol in (2, 5):
        data = pickle.dumps(known, protocol)
        total += len(pickle.loads(data))
    record = struct.Struct("<IHd8s")
    packed = b"".join(record.pack(o.number, 7, float(o.total), b"abcdefgh") for o in known)
    total += sum(int(number) for number, *_ in record.iter_unpack(packed))
    small = zlib.compress(packed)
    assert zlib.decompress(small) == packed
    for name in ("md5", "sha1", "sha256", "sha512", "blake2b", "sha3_256"):
        total += hashlib.new(name, packed, usedforsecurity=False).digest()[0]
    total += len(base64.b64decode(base64.b64encode(packed))) + binascii.crc32(packed)
    total += len(copy.deepcopy(known[:40])) + uuid.uuid5(uuid.NAMESPACE_DNS, "box").int % 7
    return total


def times(count: int) -> int:
    start = datetime.datetime(2021, 3, 4, 5, 6, 7, tzinfo=datetime.UTC)
    total = 0
    for n in range(count):
        moment = start + datetime.timedelta(hours=n * 7, seconds=n)
        text = moment.isoformat()
        total += (datetime.datetime.fromisoformat(text) - start).days + moment.weekday()
        total += len(moment.strftime("%Y-%m-%d %H:%M")) + moment.replace(hour=1).hour
    return total


def money(count: int) -> int:
    total = decimal.Decimal(0)
    part = fractions.Fraction(0)
    for n in range(1, count):
        price = decimal.Decimal(n) / decimal.Decimal(7)
        total += (price * decimal.Decimal("1.19")).quantize(decimal.Decimal("0.01"))
        if n < 120:
            part += fractions.Fraction(1, n)
    wide = decimal.Context(prec=400)
    root, sum_of_all = wide.sqrt(decimal.Decimal(2)), decimal.Decimal(0)
    for n in range(1, 120):
        sum_of_all = wide.add(sum_of_all, wide.divide(wide.multiply(root, root), n))
    check = int(total) + part.denominator % 97 + len(str(total.sqrt()))
    return check + len(str(wide.ln(sum_of_all))) + len(f"{total:,.3f}") + (total % 7 > 3)


def tables(known: list[Order]) -> int:
    base = sqlite3.connect(":memory:")
    base.execute("create table orders (number integer primary key, day text, total real)")
    base.execute("create table items (number integer, name text, count integer)")
    rows = [(o.number, o.day.isoformat(), float(o.total)) for o in known]
    base.executemany("insert into orders values (?, ?, ?)", rows)
    for order in known:
        for name, count in order.items:
            base.execute("insert into items values (?, ?, ?)", (order.number, name, count))
    base.execute("create index by_name on items (name)")
    query = """select name, sum(count), avg(total), max(day) from orders join items
               using (number) where total > ? group by name order by 2 desc"""
    found = sum(len(base.execute(query, (limit,)).fetchall()) for limit in range(20))
    base.close()
    return found


def run() -> None:
    known = orders(250)
    for _ in range(4):
        texts(known)
        binary(known)
    times(1500)
    money(3000)
    tables(known)
