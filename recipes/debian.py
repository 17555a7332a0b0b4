"""Source archives from the Debian mirror this machine already uses, through apt-get itself.

A private apt configuration with one `deb-src` line (the release the pinned versions are in), so
that the machine's own is neither needed nor changed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

RELEASE = "trixie"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def fetch(package: str, file: str, store: Path) -> tuple[Path | None, str]:
    """Puts the archive `file` of the source package into `store`: (path, "") or (None, why not)."""
    if not shutil.which("apt-get"):
        return None, "no apt-get on this machine"
    mirror = next(_mirrors(Path("/etc/apt")), None)
    if mirror is None:
        return None, "no Debian mirror in this machine's apt sources"
    with tempfile.TemporaryDirectory(prefix="boxer-apt-") as name:
        folder = Path(name)
        config = _configure(folder, mirror)
        environment = {"APT_CONFIG": str(config), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        update = _apt(["update"], folder, environment)
        if update.returncode:
            return None, f"apt-get update failed: {_last_line(update.stderr)}"
        # It fails when a newer .debian.tar is gone from the mirror; the archive is what counts.
        source = _apt(["source", "--download-only", package], folder, environment)
        if not (folder / file).is_file():
            return None, f"apt-get source {package} brought no {file}: {_last_line(source.stderr)}"
        draft = store / f"{file}.draft"
        shutil.copyfile(folder / file, draft)
        draft.rename(store / file)
    return store / file, ""


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


def _configure(folder: Path, mirror: str) -> Path:
    for part in ("lists/partial", "archives/partial"):
        (folder / part).mkdir(parents=True)
    (folder / "status").touch()
    signed = f"[signed-by={KEYRING}] " if KEYRING.is_file() else ""
    (folder / "sources.list").write_text(f"deb-src {signed}{mirror} {RELEASE} main\n")
    config = folder / "apt.conf"
    config.write_text(
        f'Dir::Etc::sourcelist "{folder}/sources.list";\n'
        'Dir::Etc::sourceparts "-";\n'
        f'Dir::State::lists "{folder}/lists";\n'
        f'Dir::State::status "{folder}/status";\n'
        f'Dir::Cache "{folder}";\n'
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
