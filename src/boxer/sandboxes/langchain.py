"""Tools for LangChain that run Python code and shell commands in a machine.

    from boxer.sandboxes.langchain import sandbox_tools

    machine = boxer.load("agent.wasm").template().start()
    agent = create_agent(model, tools=sandbox_tools(machine))

langchain-core is not installed with Boxer: `pip install langchain-core`.
"""

from __future__ import annotations

from typing import Any

from boxer.errors import BoxerError
from boxer.library import Machine
from boxer.sandboxes.serving import needed
from boxer.sandboxes.telling import Told, cell_told, run_told

DEFAULT_TIMEOUT = 60.0


def sandbox_tools(machine: Machine, *, timeout: float = DEFAULT_TIMEOUT) -> list[Any]:
    """`run_python`, `run_shell`, `read_file`, `write_file` and `list_files` of one machine, which
    keeps names and files from call to call. timeout: seconds of each call. Images come as the
    artifact of a tool's message: [(MIME type, base64)]."""
    tools = needed("langchain_core.tools", "langchain-core", "boxer.sandboxes.langchain")

    def answered(told: Told) -> tuple[str, list[tuple[str, str]]]:
        return told.text or "(no output)", told.images

    def run_python(code: str) -> Any:
        """Runs Python code as a notebook cell does: names stay from call to call, and the last
        expression's value is shown."""
        try:
            return answered(cell_told(machine.cell(code, timeout=timeout)))
        except BoxerError as error:
            return str(error), []

    def run_shell(command: str) -> Any:
        """Runs a command line with sh, to its end."""
        try:
            return answered(run_told(machine.run(command, timeout=timeout)))
        except BoxerError as error:
            return str(error), []

    def read_file(path: str) -> Any:
        """Reads a text file."""
        try:
            return machine.files.read(path, most=1 << 20).decode("utf-8", "replace"), []
        except BoxerError as error:
            return str(error), []

    def write_file(path: str, content: str) -> Any:
        """Writes a text file, and makes the folders it is in."""
        try:
            return f"{machine.files.write(path, content).size} bytes", []
        except BoxerError as error:
            return str(error), []

    def list_files(path: str = ".") -> Any:
        """Lists a folder."""
        try:
            found = machine.files.list(path)
            return "\n".join(f"{one.type} {one.size} {one.path}" for one in found), []
        except BoxerError as error:
            return str(error), []

    functions = (run_python, run_shell, read_file, write_file, list_files)
    return [
        tools.StructuredTool.from_function(function, response_format="content_and_artifact")
        for function in functions
    ]
