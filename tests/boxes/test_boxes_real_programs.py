"""Programs of Debian's source packages, compiled by `boxer cc` with their own makefiles."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from recipes import debian
from recipes.sources import load_sources, unpacked

pytestmark = [pytest.mark.base, pytest.mark.network]

Boxer = Callable[..., subprocess.CompletedProcess[str]]

GPERF = "gperf_3.2.1.orig.tar.gz"
GPERF_SHA256 = "ed5ad317858e0a9badbbada70df40194002e16e8834ac24491307c88f96f9702"
MAKE = "make-dfsg_4.4.1.orig.tar.xz"
MAKE_SHA256 = "3b16b00ea1079af9f8096bbc71ff7cc00c249fc6a862003da3c42308a0adb0fe"
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


def test_sqlites_shell_is_compiled_in_a_run(boxer: Boxer, tmp_path: Path) -> None:
    source = unpacked(load_sources()["sqlite"]) / "extsrc"
    for name in ("shell.c", "sqlite3.c", "sqlite3.h"):
        shutil.copy(source / name, tmp_path)
    (tmp_path / "Dockerfile").write_text(
        "FROM debian:bookworm AS build\nRUN apt-get update && apt-get install -y gcc libc6-dev\n"
        "WORKDIR /src\nCOPY shell.c sqlite3.c sqlite3.h ./\n"
        "RUN gcc -O1 -DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION shell.c sqlite3.c "
        "-lm -ldl -lpthread -o /usr/local/bin/sqlite3\n"
        "FROM debian:bookworm-slim\nCOPY --from=build /usr/local/bin/sqlite3 /usr/local/bin/\n"
        'ENTRYPOINT ["sqlite3", ":memory:"]\n'
    )
    box = tmp_path / "sqlite3.wasm"
    built = boxer("build", "-q", "-o", box, tmp_path, patience=600)
    assert built.returncode == 0, built.stderr
    question = "create table t(a, b); insert into t values (1, 'x'), (2, 'y');"
    done = boxer("run", box, stdin=f"{question} select sum(a), group_concat(b) from t;")
    assert (done.returncode, done.stdout) == (0, "3|x,y\n"), done.stderr


def test_gperf_of_cxx_is_configured_and_made(boxer: Boxer, tmp_path: Path) -> None:
    archive, why = debian.fetch("gperf", GPERF, tmp_path)
    if archive is None:
        pytest.skip(why)
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == GPERF_SHA256
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    folder = tmp_path / "gperf-3.2.1"
    compilers = {name: f"{sys.executable} -m boxer.cli {name}" for name in ("cc", "c++")}
    for command in (
        ["./configure", f"CC={compilers['cc']}", f"CXX={compilers['c++']}"],
        ["make", "-C", "lib"],
        ["make", "-C", "src"],
    ):
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=500)
    log = (folder / "src" / "config.log").read_text()
    question = log[log.index("checking whether we are cross compiling") :]
    assert question[question.index("result: ") :].startswith("result: no\n")
    (tmp_path / "words").write_text("apple\npear\nquince\n")
    done = boxer("run", "-v", f"{tmp_path}:/w:ro", "-w", "/w", folder / "src" / "gperf", "words")
    assert done.returncode == 0, done.stderr
    assert "#define TOTAL_KEYWORDS 3" in done.stdout


# Each recipe writes what it saw: with jobs side by side all have begun before the first one ends.
JOBS = """\
PARTS := $(foreach n,1 2 3 4,part$(n))
whole: $(PARTS)
\t@cat $^; wc -l <begun
part%:
\t@echo $* >>begun; until [ $$(wc -l <begun) = 4 ]; do sleep 0.01; done; echo $$(($* * $*)) >$@
.PHONY: below
below: ; @$(MAKE) -C below
fails: bad1 good1
bad%: ; @exit 3
good%: ; @echo good
said := $(shell echo said by a shell)
said: ; @echo $(said) >&2; echo $(words $(PARTS))
"""
BELOW = "both: one two\n\t@echo both\none two: ; @echo $@ >>/tmp/seen\n"


def test_gnu_make_runs_jobs_side_by_side_in_a_box(boxer: Boxer, tmp_path: Path) -> None:
    archive, why = debian.fetch("make-dfsg", MAKE, tmp_path)
    if archive is None:
        pytest.skip(why)
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == MAKE_SHA256
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    folder = tmp_path / "make-4.4.1"
    (folder / "doc").mkdir()
    (folder / "doc" / "Makefile.in").touch()  # Debian leaves the manual out
    without = [
        "--disable-nls",
        "--without-guile",
        "--disable-load",
        "--disable-dependency-tracking",
    ]
    compiler = f"CC={sys.executable} -m boxer.cli cc"
    for command in (["./configure", *without, compiler], ["make", "-C", "lib"], ["make", "make"]):
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=900)
    (tmp_path / "Makefile").write_text(JOBS)
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "Makefile").write_text(BELOW)
    (tmp_path / "Dockerfile").write_text(
        "FROM alpine\nCOPY make-4.4.1/make /usr/bin/\nWORKDIR /w\nCOPY Makefile .\n"
        'COPY below below\nCMD ["make", "-j4"]\n'
    )
    box = tmp_path / "make.wasm"
    assert boxer("build", "-q", "-o", box, tmp_path).returncode == 0
    done = boxer("run", box)
    assert (done.returncode, done.stdout) == (0, "1\n4\n9\n16\n4\n"), done.stderr
    done = boxer("run", box, "make", "-s", "-j2", "--no-print-directory", "below")
    assert (done.returncode, done.stdout) == (0, "both\n"), done.stderr
    done = boxer("run", box, "make", "-j4", "-k", "fails")
    assert (done.returncode, done.stdout) == (2, "good\n")
    assert "[Makefile:9: bad1] Error 3" in done.stderr
    done = boxer("run", box, "make", "said")
    assert (done.returncode, done.stdout, done.stderr) == (0, "4\n", "said by a shell\n")


def test_luas_own_makefile_runs_in_a_run(boxer: Boxer, tmp_path: Path) -> None:
    archive, why = debian.fetch("lua5.4", LUA, tmp_path)
    if archive is None:
        pytest.skip(why)
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    (tmp_path / "Dockerfile").write_text(
        "FROM alpine:3.20 AS build\nRUN apk add --no-cache build-base\n"
        "WORKDIR /src\nCOPY lua-5.4.7 .\n"
        "RUN make -j4 posix && make install INSTALL_TOP=/opt/lua && /opt/lua/bin/lua -v\n"
        "FROM scratch\nCOPY --from=build /opt/lua/bin/lua /lua\n"
        'ENTRYPOINT ["/lua", "-e", "print(_VERSION, pcall(error, 5))"]\n'
    )
    box = tmp_path / "lua.wasm"
    # A RUN that is not run again says nothing.
    built = boxer("build", "--no-cache", "-o", box, tmp_path, patience=400)
    assert built.returncode == 0, built.stderr
    assert "Lua 5.4.7  Copyright" in built.stderr
    assert boxer("run", box).stdout == "Lua 5.4\tfalse\t5\n"
