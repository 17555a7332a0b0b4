"""How a run of the launcher ended, where its exit status does not say enough.

Belongs here: the words for it, which are those `boxer run` has. The launcher (native/launcher.c)
calls this as `python -m boxer.cli.exitmessage trap CODE TEXT` or `... error CODE TEXT`.
"""

from __future__ import annotations

import sys


def main(arguments: list[str]) -> int:
    """Prints what happened and returns the exit status."""
    from boxer.escape import escape
    from boxer.runtime import crash_of_code, crash_of_text

    kind, code, text = arguments
    crash = crash_of_code(int(code)) if kind == "trap" else crash_of_text(text)
    sys.stderr.write(f"boxer: {escape(crash.message)}\n")
    return crash.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
