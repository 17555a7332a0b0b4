#!/usr/bin/env python3
"""envsubst: standard input with `$NAME` and `${NAME}` replaced by the environment's values."""

import os
import re
import sys

PATTERN = re.compile(rb"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})", re.ASCII)


def names_in(text: bytes) -> list[bytes]:
    return [(found[1] or found[2]) for found in PATTERN.finditer(text)]


def main(argv: list[str]) -> int:
    words = [os.fsencode(word) for word in argv[1:]]
    if words[:1] in ([b"-v"], [b"--variables"]):
        for name in names_in(b"".join(words[1:])):
            print(os.fsdecode(name))
        return 0
    if len(words) > 1 or (words and words[0].startswith(b"-")):
        print(f"envsubst: {argv[-1]}: not known here", file=sys.stderr)
        return 1
    only = set(names_in(words[0])) if words else None

    def value(found: re.Match[bytes]) -> bytes:
        name = found[1] or found[2]
        return found[0] if only is not None and name not in only else os.environb.get(name, b"")

    sys.stdout.buffer.write(PATTERN.sub(value, sys.stdin.buffer.read()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
