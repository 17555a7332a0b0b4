"""Calls one hook of a build back end (PEP 517), in the build's own interpreter.

Belongs here: what must run inside the build's environment. A program of its own: it imports nothing
of ours. Its one argument is a JSON file: hook, backend, path, source, settings, out, answer.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from types import TracebackType
from typing import Any


def main() -> None:
    job: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    os.chdir(job["source"])
    sys.path[:1] = [str(Path(job["source"]) / entry) for entry in job["path"]]
    module, _, attribute = job["backend"].partition(":")
    __import__(module)
    backend: Any = sys.modules[module]
    for name in attribute.split(".") if attribute else []:
        backend = getattr(backend, name)
    if job["hook"] == "build_wheel":
        answer = backend.build_wheel(job["out"], job["settings"])
    else:
        hook = getattr(backend, job["hook"], None)
        answer = hook(job["settings"]) if hook else []
    Path(job["answer"]).write_text(json.dumps(answer), "utf-8")


def tell(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    """Prints an error of the back end's: without frames of this program, which nobody asked for."""
    while traceback is not None and traceback.tb_frame.f_code.co_filename == __file__:
        traceback = traceback.tb_next
    sys.__excepthook__(kind, error.with_traceback(traceback), traceback)


if __name__ == "__main__":
    sys.excepthook = tell
    main()
