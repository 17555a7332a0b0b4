"""An executor for smolagents' `CodeAgent`, whose code runs in a machine.

    from boxer.sandboxes.smolagents import BoxerExecutor

    with BoxerExecutor(boxer.load("agent.wasm").template()) as executor:
        agent = CodeAgent(tools=[], model=model, executor=executor)

smolagents is not installed with Boxer: `pip install smolagents`.

Invariant: nothing a machine says is unpickled; variables and answers are JSON (smolagents'
`SafeSerializer`).
"""

from __future__ import annotations

import base64
import io
import re
from typing import Any

from boxer.errors import ServeError
from boxer.library import Machine, Template
from boxer.sandboxes.serving import needed

_remote = needed("smolagents.remote_executors", "smolagents", "boxer.sandboxes.smolagents")
_monitoring = needed("smolagents.monitoring", "smolagents", "boxer.sandboxes.smolagents")
_local = needed("smolagents.local_python_executor", "smolagents", "boxer.sandboxes.smolagents")
_utils = needed("smolagents.utils", "smolagents", "boxer.sandboxes.smolagents")


_IMPORT = re.compile(r"^import (\w+)$", re.MULTILINE)


class BoxerExecutor(_remote.RemotePythonExecutor):  # type: ignore[misc, name-defined]
    """template: what its machine is started from. timeout: seconds that each step may take.
    additional_imports: packages that the code may use: those the box has; others are refused with
    `ServeError`, since a machine installs none."""

    def __init__(
        self,
        template: Template,
        additional_imports: list[str] | None = None,
        logger: Any = None,
        timeout: float = 60.0,
        **start: Any,
    ) -> None:
        super().__init__(additional_imports or [], logger or _monitoring.AgentLogger())
        self.timeout = timeout
        self._defines = False
        self.machine: Machine = template.start(**start)
        for name in additional_imports or []:
            if not self._has(name):
                self.machine.close()
                raise ServeError(
                    f"The box has no package `{name}`.",
                    hint=f"Install it where the box is built: `RUN pip install {name}`.",
                )

    def send_tools(self, tools: dict[str, Any]) -> None:
        """Defines tools in the machine. smolagents imports at the top of their definitions what
        they import where they need it, in a `try`: what the box has not is left out there."""
        self._defines = True
        try:
            super().send_tools(tools)
        finally:
            self._defines = False

    def run_code_raise_errors(self, code: str) -> Any:
        """A step. Raises smolagents' `AgentError` for what the code raises."""
        if self._defines:
            code = _IMPORT.sub(r"try:\n    import \1\nexcept ImportError:\n    pass", code)
        result = self.machine.cell(code, timeout=self.timeout)
        logs = result.stdout + result.stderr
        error = result.error
        if error is not None and error.name == self.FINAL_ANSWER_EXCEPTION:
            answer = self._deserialize_final_answer(error.value, allow_pickle=False)
            return _local.CodeOutput(output=answer, logs=logs, is_final_answer=True)
        if error is not None:
            told = f"{logs}\nExecuting code yielded an error:\n{error.traceback}"
            raise _utils.AgentError(told, self.logger)
        shown = result.value
        output = None if shown is None else _output(shown.data)
        return _local.CodeOutput(output=output, logs=logs, is_final_answer=False)

    def install_packages(self, additional_imports: list[str]) -> list[str]:
        """What tools may import, by smolagents' guess; what the box has not is said."""
        missing = [name for name in additional_imports if not self._has(name)]
        if missing:
            self.logger.log(f"The box has none of: {', '.join(missing)}.")
        return additional_imports

    def _has(self, name: str) -> bool:
        module = {"pillow": "PIL", "scikit-learn": "sklearn"}.get(name, name).split(".")[0]
        found = self.machine.cell(
            f"__import__('importlib.util').util.find_spec({module!r}) is None"
        )
        return found.value is not None and found.value.text == "False"

    def cleanup(self) -> None:
        """Ends the machine."""
        self.machine.close()

    def __enter__(self) -> BoxerExecutor:
        return self

    def __exit__(self, *raised: object) -> None:
        self.cleanup()


def _output(data: dict[str, Any]) -> Any:
    for kind in ("image/png", "image/jpeg"):
        if kind in data:
            image = needed("PIL.Image", "pillow", "images of a step")
            return image.open(io.BytesIO(base64.b64decode(data[kind])))
    for kind in ("application/json", "text/markdown", "text/html", "text/plain"):
        if kind in data:
            return data[kind]
    return None
