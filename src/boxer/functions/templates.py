"""What `boxer fn new` writes: a project that builds, runs and passes its example.

Belongs here: the files. Does not: what they mean (`project`).
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from boxer.errors import FunctionError
from boxer.functions.scale import ScaleSignature
from boxer.functions.scalemodule import python_module

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_PYTHON = '''"""A function of a box: `boxer fn run .`, `boxer fn test .`."""

from dataclasses import dataclass


@dataclass
class Greeting:
    text: str
    length: int


def handler(name: str, *, punctuation: str = "!") -> Greeting:
    """Greets somebody."""
    text = f"Hello {name}{punctuation}"
    return Greeting(text, len(text))
'''
_C = r"""// A function of a box: `boxer fn run .`, `boxer fn test .`.
#include <function.h>

BOXER_SIGNATURE("{\"input\":{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"}},"
                "\"required\":[\"name\"],\"additionalProperties\":false},"
                "\"output\":{\"type\":\"string\"}}")

// Called once, before the machine is frozen.
void boxer_init(void) {
}

int boxer_function(const struct boxer_call *call, struct boxer_result *result) {
    struct boxer_text name = boxer_get_text(call, "name");
    char text[256];
    if (!name.bytes)
        return boxer_invalid(result, "/name", "must be a string");
    int size = snprintf(text, sizeof text, "Hello %.200s!", name.bytes);
    return boxer_return_text(result, text, (size_t)size);
}
"""
_TS = """// A function of a box: `boxer fn run .`, `boxer fn test .`.
import type { int } from "boxer";

export interface Greeting {
  text: string;
  length: int;
}

/** Greets somebody. */
export function handler(
  name: string,
  { punctuation = "!" }: { punctuation?: string } = {},
): Greeting {
  const text = `Hello ${name}${punctuation}`;
  return { text, length: text.length };
}
"""
_JS = """// A function of a box: `boxer fn run .`, `boxer fn test .`.

/**
 * @typedef {Object} Greeting
 * @property {string} text
 * @property {int} length
 */

/**
 * Greets somebody.
 *
 * @param {string} name
 * @param {Object} options
 * @param {string} [options.punctuation]
 * @returns {Greeting}
 */
export function handler(name, { punctuation = "!" } = {}) {
  const text = `Hello ${name}${punctuation}`;
  return { text, length: text.length };
}
"""
TYPES = Path(__file__).with_name("js") / "boxer.d.ts"  # for editors and tsc
_SCALE = '''"""A function of a signature of Scale's: `boxer fn run .`."""

from boxer import Next

from signature import CONTEXT


def handler(context: CONTEXT, next: Next[CONTEXT, CONTEXT]) -> CONTEXT:
    """Gives what it was given to the next function."""
    return next(context)
'''
_SOURCES = {
    "python": ("app.py", "app:handler", _PYTHON),
    "js": ("app.js", "app.js:handler", _JS),
    "ts": ("app.ts", "app.ts:handler", _TS),
    "c": ("function.c", "function.c", _C),
}


def _of_scale(signature: ScaleSignature) -> dict[str, str]:
    source = _SCALE.replace("CONTEXT", signature.context)
    return {"app.py": source, "signature.py": python_module(signature)}


def write_project(
    folder: Path, name: str, language: str, signature: ScaleSignature | None = None
) -> list[Path]:
    """signature: what the function takes and gives, in Python. Raises `FunctionError` where files
    are there already."""
    if not _NAME.fullmatch(name):
        raise FunctionError(
            f"`{name}` is no name of a function.", hint="Small letters, digits, `.`, `_`, `-`."
        )
    file, entry, source = _SOURCES[language]
    toml = f'name = "{name}"\nentry = "{entry}"\n'
    output: object = {"text": "Hello Ada!", "length": 10}
    if language == "c":
        output = "Hello Ada!"
    example = json.dumps({"input": {"name": "Ada"}, "output": output}, indent=2) + "\n"
    files = {file: source, "boxer.toml": toml, "examples/ada.json": example}
    if language == "ts":
        files["boxer.d.ts"] = TYPES.read_text("utf-8")
    if signature is not None:
        if language != "python":
            raise FunctionError("A function of a signature of Scale's is written in Python.")
        files = _of_scale(signature) | {"boxer.toml": toml}
    for path in files:
        if (folder / path).exists():
            raise FunctionError(f"`{folder / path}` exists already.", hint="Choose another folder.")
    try:
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, "utf-8")
    except OSError as error:
        raise FunctionError(f"`{folder}` cannot be written: {error.strerror}.") from None
    return [folder / path for path in files]
