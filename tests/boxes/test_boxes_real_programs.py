"""Programs of Debian's source packages, compiled by `boxer cc` with their own makefiles."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from recipes import debian

pytestmark = [pytest.mark.base, pytest.mark.network]

Boxer = Callable[..., subprocess.CompletedProcess[str]]

LUA = "lua5.4_5.4.7.orig.tar.gz"
SCRIPT = """
local ok, message = pcall(function() error({code = 5}) end)
print(ok, message.code, select('#', pcall(error)))
local made = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i * i) end end)
print(made(), made(), made())
local file = assert(io.open('/tmp/x', 'w')); file:write(('%5.2f'):format(math.pi)); file:close()
print(io.open('/tmp/x'):read('a'), arg[1], os.getenv('HOME'), #string.rep('x', 1 << 20))
local deep = 0
local function fall() deep = deep + 1; return 1 + fall() end
print(pcall(fall) == false, deep > 1000)
os.exit(3)
"""


def test_lua_runs_errors_coroutines_and_files(boxer: Boxer, tmp_path: Path) -> None:
    archive, why = debian.fetch("lua5.4", LUA, tmp_path)
    if archive is None:
        pytest.skip(why)
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    make = ["make", "-C", str(tmp_path / "lua-5.4.7" / "src"), "lua"]
    subprocess.run(
        [*make, f"CC={sys.executable} -m boxer.cli cc", "MYCFLAGS=-DLUA_USE_POSIX"],
        check=True,
        capture_output=True,
        timeout=300,
    )
    (tmp_path / "a.lua").write_text(SCRIPT)
    (tmp_path / "Dockerfile").write_text(
        "FROM alpine\nCOPY lua-5.4.7/src/lua /usr/local/bin/\nCOPY a.lua /\n"
        'ENTRYPOINT ["lua", "/a.lua"]\nCMD ["b"]\n'
    )
    box = tmp_path / "lua.wasm"
    assert boxer("build", "-q", "-o", box, tmp_path).returncode == 0
    done = boxer("run", box)
    assert done.stdout.splitlines() == [
        "false\t5\t2",
        "1\t4\t9",
        " 3.14\tb\t/root\t1048576",
        "true\ttrue",
    ], done.stderr
    assert done.returncode == 3
