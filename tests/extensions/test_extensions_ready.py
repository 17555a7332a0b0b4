"""Extensions that are ready, without a box."""

from __future__ import annotations

import gc
import sqlite3
from pathlib import Path

import pytest

from boxer.extensions import KeyValue


def test_a_database_is_closed_with_the_last_reference(tmp_path: Path) -> None:
    kept = KeyValue(tmp_path / "kv")
    kept.set("a", b"1")
    database = kept._database
    del kept
    gc.collect()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        database.execute("SELECT 1")
    assert KeyValue(tmp_path / "kv").get("a") == b"1"
