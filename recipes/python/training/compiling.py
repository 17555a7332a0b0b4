"""Python itself: modules imported, read, compiled, taken apart."""

from __future__ import annotations

import ast
import dis
import importlib
import importlib.util
import inspect
import io
import tokenize

IMPORTED = (
    "argparse",
    "configparser",
    "email.message",
    "http.client",
    "logging",
    "pathlib",
    "typing",
    "unittest",
    "urllib.parse",
)
READ = ("heapq", "textwrap", "fnmatch")


def run() -> None:
    for name in IMPORTED:
        importlib.import_module(name)
    for name in READ:
        module = importlib.import_module(name)
        text = inspect.getsource(module)
        tree = ast.parse(text)
        sum(isinstance(node, ast.Name) for node in ast.walk(tree))
        code = compile(ast.unparse(tree), name, "exec", optimize=2)
        sum(1 for _ in dis.get_instructions(code))
        sum(1 for _ in tokenize.generate_tokens(io.StringIO(text).readline))
