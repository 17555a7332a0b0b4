"""Commands of upstream's own builds: what they say goes to a file, and its end into the error.

Belongs here: running one. Does not: what is run (`cpython`, `openssl`).
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from recipes.failures import RecipeError

# Lines of a failed command's output that are shown.
SHOWN = 25


def run_logged(
    command: list[str], folder: Path, environment: dict[str, str], log: Path, what: str
) -> None:
    """Runs a command in a folder, with nothing to read. what: the project that is built.

    Raises RecipeError when it fails, with the end of what it wrote.
    """
    with log.open("w") as output:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    if done.returncode:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-SHOWN:])
        raise RecipeError(f"{what}: `{log.stem}` failed with status {done.returncode}:\n{tail}")
