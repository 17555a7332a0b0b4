"""`boxer bench`: figures are measured and told; their values are not judged here."""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from bench.bends import bends
from boxer.benchmark import KINDS, Figure, percentile, plot, sampled, subject
from boxer.benchmark.cpu import cpu
from boxer.benchmark.curves import curves_of, sampled_curve
from boxer.cli import main
from boxer.cli.commands.bench import KINDS as NAMES
from boxer.errors import BenchmarkError


def test_percentiles_are_samples() -> None:
    values = [float(value) for value in range(100, 0, -1)]
    assert (percentile(values, 0.5), percentile(values, 0.99)) == (50.0, 99.0)
    assert percentile([3.0], 0.99) == 3.0


def test_each_sample_runs_the_action_once_after_the_warm_up() -> None:
    runs: list[int] = []
    ends: list[int] = []

    def action() -> int:
        runs.append(1)
        return len(runs)

    figure = sampled("x", action, 10, warm_up=3, after=ends.append)
    assert (len(runs), ends, figure.samples) == (13, list(range(1, 14)), 10)


def test_a_plot_is_a_picture_of_all_figures() -> None:
    figures = [Figure("a <b>", "us", 10, 200, 5), Figure("c", "us", 3000)]
    texts = [node.text for node in ET.fromstring(plot("title", figures)).iter() if node.text]
    assert "a <b>" in texts
    assert any("3,000.0 us" in str(text) for text in texts)


def test_curves_are_drawn_as_curves() -> None:
    figures = [Figure("a <b>", "us", 10.0 * size, 40.0 * size, 5, size) for size in (0, 1, 5, 900)]
    drawn = ET.fromstring(plot("title", [*figures, Figure("flat", "us", 3, 3, 5, 7)]))
    names = [node.text for node in drawn.iter() if node.text]
    assert "a <b> (us)" in names
    assert "flat (us)" in names
    lines = [node.attrib["points"] for node in drawn.iter() if node.tag.endswith("polyline")]
    assert [len(line.split()) for line in lines] == [4, 4, 1, 1]


@pytest.mark.base
def test_a_curve_is_sampled_at_each_size(tmp_path: Path) -> None:
    table = curves_of(subject(None), tmp_path)
    for name, (_, sample) in table.items():
        figures = sampled_curve(name, (1, 3), sample)
        assert [figure.size for figure in figures] == [1, 3]
        assert all(0 < figure.p50 <= (figure.p99 or 0) for figure in figures)


def test_what_bent_is_told() -> None:
    before = {"a": {str(size): (10.0 * size, 20.0 * size) for size in range(1, 6)}}
    slower = {"a": {size: (4 * mid, 4 * most) for size, (mid, most) in before["a"].items()}}
    assert bends(slower, before) == []
    slower["a"]["3"] = (600.0, 700.0)
    assert [line.partition(" takes")[0] for line in bends(slower, before)] == ["a: 3"]
    assert bends({"new": before["a"]}, before) == []


def test_the_command_knows_all_kinds() -> None:
    assert set(NAMES) == set(KINDS)


@pytest.mark.base
def test_programs_in_a_box_are_compared_with_a_native_python() -> None:
    figures = cpu(subject(None), sys.executable, ["loops"], rounds=1)
    assert figures[0].name == "loops"
    assert "native Python 3." in figures[1].name
    assert figures[0].p50 > 0
    assert figures[1].p50 == pytest.approx(figures[0].p50)


@pytest.mark.base
def test_a_program_that_fails_is_told() -> None:
    with pytest.raises(BenchmarkError, match="did not run"):
        cpu(subject(None), "/no/such/python", ["loops"], rounds=1)


@pytest.mark.base
def test_sizes_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "size.svg"
    assert main(["bench", "size", "--json", "--plot", str(picture)]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures[0]["name"] == "box"
    assert figures[0]["p50"] > 1000
    assert picture.read_text().startswith("<svg")
