"""`python -m poetry run` and its like when a box runs: starts a program in the project's environment.

It is put into the box as the tool's module; Boxer itself does not import it.
"""

import glob
import os
import sys


def environment(folder: str) -> str | None:
    """The environment of the nearest project upwards, where its tool makes it."""
    home = os.path.expanduser("~")
    while True:
        name = os.path.basename(folder)
        for pattern in (
            f"{folder}/.venv",
            f"{home}/.cache/pypoetry/virtualenvs/{glob.escape(name)}-py3*",
            f"{home}/.local/share/virtualenvs/{glob.escape(name)}",
        ):
            for root in glob.glob(pattern):
                if name and os.path.exists(f"{root}/bin/python"):
                    return root
        if folder in ("/", ""):
            return None
        folder = os.path.dirname(folder)


def main() -> None:
    tool = os.path.basename(os.path.dirname(os.path.abspath(__file__)))
    words = sys.argv[1:]
    while words and words[0].startswith("-"):
        words.pop(0)
    if len(words) < 2 or words[0] != "run":
        sys.exit(f"{tool}: only `{tool} run PROGRAM` can be done when a box runs")
    root = environment(os.getcwd())
    if root is not None:
        os.environ["VIRTUAL_ENV"] = root
        os.environ["PATH"] = f"{root}/bin:{os.environ.get('PATH', '')}"
    try:
        os.execvp(words[1], words[1:])
    except OSError as error:
        sys.exit(f"{tool}: {words[1]}: {error.strerror}")


if __name__ == "__main__":
    main()
