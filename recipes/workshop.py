"""Where recipes keep what they make: the cache folder, and folders that appear whole or not at all.

Invariant: a product's folder is named after the digest of everything it was made from, and is
renamed into place only when it is complete; a folder that exists is finished.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GUEST = ROOT / "guest"


def cache_root() -> Path:
    """The user's cache folder for Boxer, as src/boxer/blobstore/folders.py has it."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    root = Path(named) if Path(named).is_absolute() else Path.home() / ".cache"
    return root / "boxer"


def digest_of(parts: Iterable[str | bytes | Path]) -> str:
    """sha256 (hex) over texts, bytes, files, and folders with all their files in sorted order."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            for file in sorted(part.rglob("*")) if part.is_dir() else [part]:
                if file.is_file() and "__pycache__" not in file.parts:
                    total.update(str(file.relative_to(part)).encode() + b"\0")
                    total.update(hashlib.sha256(file.read_bytes()).digest())
        else:
            data = part.encode() if isinstance(part, str) else part
            total.update(hashlib.sha256(data).digest())
    return total.hexdigest()


def product(kind: str, digest: str, make: Callable[[Path], None]) -> Path:
    """The folder of one product, made by `make(folder)` unless it is there already.

    Two processes that make the same product at once both succeed: the first rename wins.
    """
    final = cache_root() / "recipes" / f"{kind}-{digest[:16]}"
    if final.is_dir():
        return final
    draft = final.with_name(f"{final.name}.{os.getpid()}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        make(draft)
        draft.rename(final)
    except OSError:
        if not final.is_dir():
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return final
