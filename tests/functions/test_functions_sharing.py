"""Functions in a registry: their signatures beside them, and changes that callers would notice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from boxer.cli import main
from boxer.functions import build_function, project_of
from boxer.store import ImageStore, parse_reference
from tests.registry import fake
from tests.registry.conftest import at_home
from tests.registry.fake import FakeRegistry

pytestmark = pytest.mark.base
pytest.importorskip("urllib3")
KIND = "application/vnd.boxer.function.signature.v1+json"
VERSIONS = {
    "first": "def greet(name: str) -> str:\n    return f'hello {name}'\n",
    "wider": "def greet(name: str, times: int = 1) -> str:\n    return f'hello {name}' * times\n",
    "other": "def greet(name: str, times: int) -> str:\n    return f'hello {name}' * times\n",
}


@pytest.fixture(scope="module")
def boxes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    made = {}
    for version, source in VERSIONS.items():
        folder = tmp_path_factory.mktemp(version)
        (folder / "app.py").write_text(source)
        made[version] = build_function(project_of(f"{folder}/app:greet")).data
    return made


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeRegistry]:
    at_home(tmp_path, monkeypatch)
    with fake.running() as running:
        yield running


def test_a_function_is_pushed_with_its_signature(
    registry: FakeRegistry,
    boxes: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name = f"{registry.host}/team/greet:1"
    ImageStore().put(parse_reference(name), boxes["first"])
    assert main(["fn", "push", "--format", "json", name]) == 0
    told = json.loads(capsys.readouterr().out)
    [signature] = [
        json.loads(data)
        for data in {data for data, _ in registry.manifests.values()}
        if json.loads(data).get("artifactType") == KIND
    ]
    document = json.loads(registry.blobs[signature["layers"][0]["digest"]])
    assert document["name"] == "greet"
    assert f"sha256:{signature['layers'][0]['digest'].removeprefix('sha256:')}" == told["signature"]
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "elsewhere"))
    assert main(["fn", "pull", name]) == 0
    assert capsys.readouterr().out == f"{name}\n"
    assert ImageStore().get(parse_reference(name)) == boxes["first"]


@pytest.mark.parametrize("has_referrers", [True, False])
def test_a_change_that_callers_would_notice_is_refused(
    registry: FakeRegistry,
    boxes: dict[str, bytes],
    capsys: pytest.CaptureFixture[str],
    has_referrers: bool,
) -> None:
    registry.has_referrers = has_referrers
    name = f"{registry.host}/team/greet:1"
    store, reference = ImageStore(), parse_reference(name)
    for version in ("first", "wider"):
        store.put(reference, boxes[version])
        assert main(["fn", "push", name]) == 0
    before = registry.manifests["team/greet:1"]
    store.put(reference, boxes["other"])
    capsys.readouterr()
    assert main(["fn", "push", name]) == 1
    refused = capsys.readouterr().err
    assert refused.startswith("error[breaking-change]")
    assert "times" in refused
    assert registry.manifests["team/greet:1"] == before
    assert main(["fn", "push", "--breaking", name]) == 0
    assert registry.manifests["team/greet:1"] != before


def test_a_box_that_is_no_function_is_said(
    registry: FakeRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.registry.modules import module

    name = f"{registry.host}/team/app:1"
    ImageStore().put(parse_reference(name), module())
    assert main(["fn", "push", name]) == 1
    assert "error[" in capsys.readouterr().err
    assert registry.manifests == {}
