"""The keys of the build cache: what is part of a result is part of its key."""

from __future__ import annotations

from pathlib import Path

import pytest

from boxer.dockerfile import parse
from boxer.instructions import Context
from boxer.pipeline.cachekeys import step_keys
from boxer.plan import plan


def _key(root: Path, line: str) -> str | None:
    planned = plan(parse(f"FROM python\n{line}\n"), {}, None, lambda image, where: {})
    steps = planned.stages[-1].steps
    return step_keys("first", steps, Context(root), 0, lambda stage: None)[-1]


@pytest.mark.parametrize(
    ("line", "counts"),
    [("COPY --parents */f.txt /x/", True), ("COPY --parents **/f.txt /x/", True),
     ("COPY */f.txt /x/", False)],
)  # fmt: skip
def test_where_a_file_lies_counts_where_it_is_kept(tmp_path: Path, line: str, counts: bool) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/f.txt").write_text("same")
    before = _key(tmp_path, line)
    (tmp_path / "a").rename(tmp_path / "b")
    after = _key(tmp_path, line)
    assert before is not None
    assert (after != before) is counts
