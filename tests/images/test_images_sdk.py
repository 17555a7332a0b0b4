"""The SDKs: they are every installation's, so they name none."""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from boxer.errors import BaseMissingError
from boxer.images import bases_folder, sdk_program, tool_environment
from tests.pythons import RECIPE


def _sdk(folder: Path, wanted: str) -> Path:
    (folder / "sdk.json").write_text(json.dumps({"ziglang": [wanted]}))
    return folder


def test_the_compiler_is_that_of_the_installation_in_use(tmp_path: Path) -> None:
    told = tool_environment(_sdk(tmp_path, version("ziglang")))
    assert told["BOXER_PYTHON"] == sys.executable
    assert Path(told["BOXER_ZIG"]).is_file()


def test_another_version_of_the_compiler_is_refused_with_the_one_to_install(
    tmp_path: Path,
) -> None:
    with pytest.raises(BaseMissingError) as raised:
        tool_environment(_sdk(tmp_path, "0.0.1"))
    assert raised.value.hint is not None
    assert "pip install ziglang==0.0.1" in raised.value.hint


@pytest.mark.base
def test_no_file_of_an_sdk_names_the_installation_that_made_it() -> None:
    sdks = [sdk_program("cc").parent.parent]
    python = bases_folder() / RECIPE.name
    sdks.append(python / (python / "current").read_text().strip() / "sdk")
    for sdk in sdks:
        files = [sdk / "sdk.json", *(sdk / "bin").iterdir(), *sdk.rglob("*.py"), *sdk.rglob("*.a")]
        names = (sys.prefix.encode(), b"site-packages/ziglang")
        assert [path for path in files if any(n in path.read_bytes() for n in names)] == []
