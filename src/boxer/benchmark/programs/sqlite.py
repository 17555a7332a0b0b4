"""SQLite in memory: rows written, joined, grouped and read back."""

from __future__ import annotations

import sqlite3

SIZE = 12_000


def run(size: int) -> object:
    with sqlite3.connect(":memory:") as base:
        base.execute("create table person (id integer primary key, name text, city integer)")
        base.execute("create table city (id integer primary key, name text)")
        base.executemany("insert into city values (?, ?)", ((n, f"city {n}") for n in range(50)))
        people = ((n, f"person {n * 7919 % size}", n % 50) for n in range(size))
        base.executemany("insert into person values (?, ?, ?)", people)
        base.execute("create index by_name on person (name)")
        groups = base.execute(
            "select city.name, count(*), max(person.name) from person join city"
            " on person.city = city.id where person.name like '%1%'"
            " group by city.name order by 2, 1"
        ).fetchall()
        found = 0
        for number in range(0, size, 5):
            name = f"person {number}"
            row = base.execute("select id from person where name = ?", (name,)).fetchone()
            found += row[0]
        base.execute("update person set name = upper(name) where id % 3 = 0")
    base.close()
    return groups[0], len(groups), found
