"""Source archives and packages from the Debian mirror this machine already uses, through apt-get.

A private apt configuration with one line (the release a pinned version is in), so that the
machine's own is neither needed nor changed. Sources are checked by their pinned sha256, packages by
the archive's signature.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote

# Where nothing else is said.
RELEASE = "trixie"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def fetch(package: str, file: str, store: Path, release: str = RELEASE) -> tuple[Path | None, str]:
    """Puts the archive `file` of the source package into `store`: (path, "") or (None, why not)."""
    with tempfile.TemporaryDirectory(prefix="boxer-apt-") as name:
        folder = Path(name)
        environment, failure = _prepared(folder, "deb-src", release)
        if failure:
            return None, failure
        # It fails when a newer .debian.tar is gone from the mirror; the archive is what counts.
        source = _apt(["source", "--download-only", package], folder, environment)
        if not (folder / file).is_file():
            return None, f"apt-get source {package} brought no {file}: {_last_line(source.stderr)}"
        draft = store / f"{file}.draft"
        shutil.copyfile(folder / file, draft)
        draft.rename(store / file)
    return store / file, ""


def fetch_packages(
    names: Sequence[str], left_out: Sequence[str], store: Path, release: str = RELEASE
) -> tuple[dict[str, str], str]:
    """Puts packages and what they depend on into `store`: (their versions, "") or ({}, why not).

    left_out: patterns of names that are not taken, however needed.
    """
    if not KEYRING.is_file():
        return {}, f"no {KEYRING} on this machine, with which Debian's packages are checked"
    with tempfile.TemporaryDirectory(prefix="boxer-apt-") as name:
        folder = Path(name)
        environment, failure = _prepared(folder, "deb", release)
        if failure:
            return {}, failure
        told = _apt(["install", "--print-uris", "-y", *names], folder, environment)
        if told.returncode:
            return {}, f"apt-get install failed: {_last_line(told.stderr)}"
        named = re.findall(r"(?m)^'\S+' ([^_\s]+)_([^_\s]+)_\S+\.deb ", told.stdout)
        unwanted = re.compile("|".join(left_out))
        versions = {n: unquote(v) for n, v in named if not unwanted.fullmatch(n)}
        wanted = [f"{name}={version}" for name, version in sorted(versions.items())]
        done = _apt(["download", *wanted], store, environment)
        if done.returncode:
            return {}, f"apt-get download failed: {_last_line(done.stderr)}"
    return versions, ""


def _prepared(folder: Path, kind: str, release: str) -> tuple[dict[str, str], str]:
    """The environment of apt-get, with the lists of packages there: (it, "") or ({}, why not)."""
    if not shutil.which("apt-get"):
        return {}, "no apt-get on this machine"
    mirror = next(_mirrors(Path("/etc/apt")), None)
    if mirror is None:
        return {}, "no Debian mirror in this machine's apt sources"
    if release.endswith("-security"):
        mirror = f"{mirror.rstrip('/')}-security"
    config = _configure(folder, mirror, kind, release)
    environment = {"APT_CONFIG": str(config), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    update = _apt(["update"], folder, environment)
    if update.returncode:
        return {}, f"apt-get update failed: {_last_line(update.stderr)}"
    return environment, ""


def _apt(
    arguments: list[str], folder: Path, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["apt-get", "-q", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def _configure(folder: Path, mirror: str, kind: str, release: str) -> Path:
    for part in ("lists/partial", "archives/partial"):
        (folder / part).mkdir(parents=True)
    (folder / "status").touch()
    signed = f"[signed-by={KEYRING}] " if KEYRING.is_file() else ""
    (folder / "sources.list").write_text(f"{kind} {signed}{mirror} {release} main\n")
    config = folder / "apt.conf"
    config.write_text(
        f'Dir::Etc::sourcelist "{folder}/sources.list";\n'
        'Dir::Etc::sourceparts "-";\n'
        f'Dir::State::lists "{folder}/lists";\n'
        f'Dir::State::status "{folder}/status";\n'
        f'Dir::Cache "{folder}";\n'
        'APT::Install-Recommends "false";\n'
        'APT::Sandbox::User "root";\n'
    )
    return config


def _mirrors(etc: Path) -> Iterator[str]:
    """Addresses of Debian archives in one-line (.list) and deb822 (.sources) files."""
    parts = etc / "sources.list.d"
    files = [etc / "sources.list", *sorted(parts.glob("*.sources")), *sorted(parts.glob("*.list"))]
    for file in files:
        if not file.is_file():
            continue
        text = re.sub(r"(?m)^\s*#.*$", "", file.read_text())
        found = re.findall(r"(?m)^(?:deb|deb-src)\s+(?:\[[^]]*\]\s+)?(\S+)", text)
        for line in re.findall(r"(?m)^URIs:\s*(.+)$", text):
            found += line.split()
        yield from (uri for uri in found if re.search(r"/debian/?$", uri))


def _last_line(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.startswith("E:")]
    return lines[-1] if lines else "no reason given"
