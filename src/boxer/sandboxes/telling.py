"""What came of a cell or a program, as a language model is told it.

Belongs here: text and images. Does not: any framework's types.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from boxer.library import CellResult
from boxer.runtime import RunResult

MOST = 100_000  # characters of one answer
IMAGES = ("image/png", "image/jpeg")


@dataclass(frozen=True, slots=True)
class Told:
    """text, and images: (MIME type, base64)s. failed: the code raised, or the program failed."""

    text: str
    images: list[tuple[str, str]] = field(default_factory=list)
    failed: bool = False


def cell_told(result: CellResult) -> Told:
    """Output, what it showed, its error."""
    parts = [result.stdout.rstrip("\n")]
    if result.stderr:
        parts.append(f"[stderr]\n{result.stderr.rstrip()}")
    images = []
    for shown in result.shown:
        found = [(kind, shown.data[kind]) for kind in IMAGES if kind in shown.data]
        images += [(kind, str(form)) for kind, form in found[:1]]
        if not found or shown.is_main:
            parts.append(shown.text)
    if result.error is not None:
        parts.append(result.error.traceback or f"{result.error.name}: {result.error.value}")
    if result.limit is not None:
        parts.append(f"[ended: it reached its {result.limit} limit]")
    return Told(_joined(parts), images, result.error is not None)


def run_told(result: RunResult) -> Told:
    """Output and exit code."""
    parts = [result.stdout.decode("utf-8", "replace").rstrip("\n")]
    if result.stderr:
        parts.append(f"[stderr]\n{result.stderr.decode('utf-8', 'replace').rstrip()}")
    if result.limit is not None:
        parts.append(f"[ended: it reached its {result.limit} limit]")
    elif result.exit_code:
        parts.append(f"[exit code {result.exit_code}]")
    return Told(_joined(parts), [], result.exit_code != 0)


def _joined(parts: list[str]) -> str:
    text = "\n".join(part for part in parts if part)
    if len(text) <= MOST:
        return text
    left_out = len(text) - MOST
    return f"{text[: MOST // 2]}\n[... {left_out} characters left out ...]\n{text[-MOST // 2 :]}"
