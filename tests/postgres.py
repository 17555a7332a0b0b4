"""A PostgreSQL of this machine's, started by a test on loopback, in a folder of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.certificates import Authority
from tests.debian import started
from tests.ports import free_port

PASSWORD = "pw"


@contextlib.contextmanager
def postgres(tls: Authority | None = None) -> Iterator[int]:
    """Its port. The user is `postgres`, by SCRAM. tls: who has issued its certificate; it takes
    connections with and without TLS then. Skips where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    program = found[-1] if found else Path(shutil.which("postgres") or "")
    if not program.is_file():
        pytest.skip("PostgreSQL is not installed")
    # A folder that another user may enter, and whose sockets' names are short.
    with tempfile.TemporaryDirectory(prefix="pg") as name:
        folder = Path(name)
        folder.chmod(0o755)
        user = "nobody" if os.getuid() == 0 else None
        _made(program.with_name("initdb"), folder, user)
        port = free_port()
        server: list[object] = [program, "-D", folder / "data", "-p", port, "-h", "127.0.0.1"]
        with started([*server, "-F", "-k", folder, *_tls(folder, tls, user)], port, user=user):
            yield port


def _made(program: Path, folder: Path, user: str | None) -> None:
    if user:
        shutil.chown(folder, user)
    (folder / "pw").write_text(f"{PASSWORD}\n")
    (folder / "pw").chmod(0o644)
    words: list[str | Path] = [program, "-D", folder / "data", "-U", "postgres", "--no-sync"]
    words += ["--auth=scram-sha-256", f"--pwfile={folder / 'pw'}"]
    done = subprocess.run(words, user=user, cwd="/", capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"initdb: {done.stderr.decode()[-200:]}")


def _tls(folder: Path, tls: Authority | None, user: str | None) -> Sequence[str]:
    if tls is None:
        return []
    files = {"ssl_ca_file": tls.root}
    names = ("ssl_cert_file", "ssl_key_file")
    files |= zip(names, tls.issue("postgres", "DNS:host.boxer.internal"), strict=True)
    words = ["-c", "ssl=on"]
    for setting, file in files.items():
        copy = folder / file.name
        shutil.copy(file, copy)
        copy.chmod(0o600)
        if user:
            shutil.chown(copy, user)
        words += ["-c", f"{setting}={copy}"]
    return words
