"""Examples beside a function: calls that are recorded, and made again.

    examples/NAME.json    {"input": {...}, "output": ...} or {"input": {...}, "error": {...}}

Bytes are base64. An error says what of `type`, `message` and `errors` is given.

Belongs here: these files, and whether a call does as one says. Does not: which function (`cli`).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boxer.blobstore import read_limited, write_atomically
from boxer.errors import BoxerError, ChainError, FunctionError, FunctionInputError, GuestError
from boxer.functions.jsondoor import arguments_of, as_json

FOLDER = "examples"
LARGEST_EXAMPLE = 64 << 20
Call = Callable[[dict[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Example:
    """told: what the file says."""

    path: Path
    told: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """difference: what was otherwise than the example says; empty: nothing."""

    example: Example
    difference: str


def read_examples(folder: Path) -> list[Example]:
    """Sorted by name. Raises `FunctionError` for a file that is none."""
    found = []
    for path in sorted((folder / FOLDER).glob("*.json")):
        try:
            told = json.loads(read_limited(path, LARGEST_EXAMPLE, f"`{path}`"))
        except (OSError, ValueError, RecursionError) as error:
            raise FunctionError(f"`{path}` is no example: {error}.") from None
        if (
            not isinstance(told, dict)
            or "input" not in told
            or len(told) != 2
            or not ("output" in told or isinstance(told.get("error"), dict))
        ):
            raise FunctionError(
                f"`{path}` is no example.", hint='{"input": {...}, "output": ...}, or "error".'
            )
        found.append(Example(path, told))
    return found


def try_example(example: Example, call: Call, name: str, signature: dict[str, Any]) -> Outcome:
    """Makes an example's call once more."""
    came = _came(example.told["input"], call, name, signature)
    wanted = {key: example.told[key] for key in ("output", "error") if key in example.told}
    if "error" in wanted and "error" in came:
        told = {key: came["error"].get(key) for key in wanted["error"]}
        came = {"error": told}
    difference = (
        ""
        if _same(wanted, came)
        else (f"expected {json.dumps(wanted)[:2000]}, came {json.dumps(came)[:2000]}")
    )
    return Outcome(example, difference)


def record(
    path: Path, given: Any, call: Call, name: str, signature: dict[str, Any]
) -> dict[str, Any]:
    """Makes a call and writes it down as an example. Raises `WriteError`."""
    told = {"input": given, **_came(given, call, name, signature)}
    if "error" in told:
        told["error"].pop("traceback", None)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, (json.dumps(told, indent=2, sort_keys=True) + "\n").encode())
    return told


def _came(given: Any, call: Call, name: str, signature: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"output": as_json(call(arguments_of(name, given, signature)))}
    except FunctionInputError as error:
        listed = [{"path": path, "message": message} for path, message in error.errors]
        return {"error": {"type": "FunctionInputError", "errors": listed}}
    except GuestError as error:
        return {"error": {"type": error.type, "message": error.text}}
    except ChainError as error:
        return {"error": {"type": "ChainError", "message": error.message}}
    except BoxerError as error:
        return {"error": {"type": type(error).__name__, "message": error.message}}


def _same(wanted: Any, came: Any) -> bool:
    """Equal as JSON: true is not 1."""
    if isinstance(wanted, bool) or isinstance(came, bool):
        return wanted is came
    if isinstance(wanted, dict) and isinstance(came, dict):
        return wanted.keys() == came.keys() and all(
            _same(one, came[name]) for name, one in wanted.items()
        )
    if isinstance(wanted, list) and isinstance(came, list):
        return len(wanted) == len(came) and all(map(_same, wanted, came))
    return bool(wanted == came)
