"""Builds a box anew when its context changes, and serves that.

Belongs here: what is watched, and when the server is another one. Does not: building, serving: both
are commands. watchfiles is not installed with Boxer itself.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from boxer.errors import ServeError

PROGRAM = (sys.executable, "-P", "-m", "boxer.cli")
STOP = 10.0  # seconds that the server has to end


def serve_again(box: str, context: Path, arguments: Sequence[str]) -> None:
    """Until it is interrupted. box: what is built and served: a file, or a name. arguments: of
    `boxer serve`. Raises `ServeError`."""
    watchfiles = _watchfiles()
    if not context.is_dir():
        raise ServeError(f"`{context}` is no folder.", hint="--reload . (where the Dockerfile is)")
    is_file = "/" in box or box.endswith(".wasm")
    build = [*PROGRAM, "build", "-q", "-o" if is_file else "-t", box, str(context)]
    serve = [*PROGRAM, "serve", *arguments]
    made = Path(box).resolve() if is_file else None
    server = subprocess.Popen(serve) if subprocess.run(build).returncode == 0 else None
    try:
        for changes in watchfiles.watch(context, raise_interrupt=False):
            changed = sorted(path for _, path in changes if Path(path) != made)
            if not changed:
                continue
            print(f"changed: {Path(changed[0]).name}", file=sys.stderr)
            if subprocess.run(build).returncode == 0:
                _end(server)
                server = subprocess.Popen(serve)
    except KeyboardInterrupt:
        pass
    finally:
        _end(server)


def _end(server: subprocess.Popen[bytes] | None) -> None:
    if server is None:
        return
    server.terminate()
    try:
        server.wait(STOP)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _watchfiles() -> ModuleType:
    try:
        import watchfiles
    except ImportError:
        raise ServeError(
            "`--reload` needs the package watchfiles, which is not installed.",
            hint="pip install 'boxer[serve]'",
        ) from None
    return watchfiles
