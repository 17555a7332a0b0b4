"""`python -m poetry run` and its like when a box runs: a program in the project's environment.

It is put into the box as the tool's module; Boxer itself does not import it.
"""

import os
import site
import sys
from pathlib import Path


def environment(folder: Path) -> Path | None:
    """The environment of the nearest project upwards, where its tool makes it."""
    home = Path.home()
    for project in (folder, *folder.parents):
        found = [
            project / ".venv",
            *(home / ".cache/pypoetry/virtualenvs").glob(f"{project.name}-py3*"),
            home / ".local/share/virtualenvs" / project.name,
        ]
        for root in found:
            if (root / "bin/python").exists():
                return root
    return None


def main() -> None:
    tool = Path(__file__).parent.name
    words = sys.argv[1:]
    while words and words[0].startswith("-"):
        words.pop(0)
    if len(words) < 2 or words[0] != "run":
        sys.exit(f"{tool}: only `{tool} run PROGRAM` can be done when a box runs")
    root = environment(Path.cwd())
    if root is not None:
        os.environ["VIRTUAL_ENV"] = str(root)
        os.environ["PATH"] = f"{root}/bin:{os.environ.get('PATH', '')}"
        # A program of Python takes this one's place with the modules that can be imported here.
        for folder in root.glob("lib/python3*/site-packages"):
            site.addsitedir(str(folder))
    try:
        os.execvp(words[1], words[1:])
    except OSError as error:
        sys.exit(f"{tool}: {words[1]}: {error.strerror}")


if __name__ == "__main__":
    main()
