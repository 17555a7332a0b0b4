"""Notes in SQLite on a volume.

Each request opens the database: what is opened at import would be every machine's.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel, Field

PATH = os.environ.get("NOTES", "/data/notes.db")
app = FastAPI()


class Note(BaseModel):
    text: str = Field(min_length=1, max_length=10_000)
    tags: list[str] = []


class Kept(Note):
    id: int


def database() -> Iterator[sqlite3.Connection]:
    # FastAPI runs this and the request on threads of its pool, one after the other.
    with closing(sqlite3.connect(PATH, check_same_thread=False)) as notes, notes:
        notes.execute("create table if not exists notes (id integer primary key, note text)")
        yield notes


Database = Annotated[sqlite3.Connection, Depends(database)]


@app.get("/")
def all_notes(notes: Database) -> list[Kept]:
    rows = notes.execute("select id, note from notes order by id")
    return [Kept(id=number, **Note.model_validate_json(note).model_dump()) for number, note in rows]


@app.post("/", status_code=201)
def add(note: Note, notes: Database) -> Kept:
    cursor = notes.execute("insert into notes (note) values (?)", (note.model_dump_json(),))
    return Kept(id=cursor.lastrowid, **note.model_dump())


@app.get("/{number}")
def one(number: int, notes: Database) -> Kept:
    row = notes.execute("select note from notes where id = ?", (number,)).fetchone()
    if row is None:
        raise HTTPException(404, "there is no such note")
    return Kept(id=number, **Note.model_validate_json(row[0]).model_dump())
