"""What rustc calls to link an extension module: one relocatable object, as the SDK's `-shared`.

Belongs here: which of the linker's words count. A program of its own: it imports nothing of ours.

    rustlink.py LIBRARY WORDS..     LIBRARY: what stands for rustc's own allocator
"""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

# The function of std's allocator that only rustc's own glue calls. Newer compilers give it a name
# of their own (`_RNv..___rdl_alloc`): no library can stand for that glue, and it comes to malloc.
DEFAULT_ALLOCATOR = re.compile(rb"(?<!_)__rdl_alloc")


def main(library: str, argv: list[str]) -> int:
    output = argv[argv.index("-o") + 1]
    inputs = [word for word in argv if word.endswith((".o", ".rlib")) and not _is_glue(word)]
    # std brings its debug information along, which a wheel has no use for.
    inputs += [*_libraries(argv), library]
    command = [os.environ["BOXER_ZIG"], "wasm-ld", "-r", "--strip-debug", *inputs, "-o", output]
    return subprocess.run(command, check=False).returncode


def _libraries(argv: list[str]) -> list[str]:
    """The static libraries that crates brought. rustc's own folders hold WASI's C library."""
    values = list(itertools.pairwise(argv))
    folders = [Path(value) for word, value in values if word == "-L" and "rustlib" not in value]
    names = [f"lib{value}.a" for word, value in values if word == "-l"]
    found = [next((f / name for f in folders if (f / name).is_file()), None) for name in names]
    return [str(path) for path in found if path is not None]


def _is_glue(word: str) -> bool:
    """Whether an object is rustc's glue to std's allocator; a program's own stays."""
    return word.endswith(".o") and bool(DEFAULT_ALLOCATOR.search(Path(word).read_bytes()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
