"""Programs that recurse for ever get a RecursionError: with our stack, and with 512 kB of another
host's. Never a trap."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.base

Boxer = Callable[..., subprocess.CompletedProcess[str]]
Example = Callable[[str], Path]
PATIENCE = 300

SETUP = """
import ast, collections, copy, functools, json, pickle, re, sys
sys.setrecursionlimit(RECURSION_LIMIT)
def nested(make, depth=100_000):
    value = make(None)
    for _ in range(depth):
        value = make(value)
    return value
def lists(): return nested(lambda value: [value])
class Attribute:
    def __getattr__(self, name): return getattr(self, name + "x")
class Text:
    def __repr__(self): return repr([self])
class Call:
    def __call__(self, *given): return Call()(*given)
class Equal:
    def __eq__(self, other): return [self] == [other]
class Walk:
    def __iter__(self): return iter(list(Walk()))
class Hash:
    def __hash__(self): return hash((self,))
class Own:
    @property
    def value(self): return self.value
def plain(): return plain()
def mapped(n): return list(map(mapped, [n]))
def ordered(n): return sorted([1, 2], key=lambda k: ordered(n))
def replaced(n): return re.sub("a", lambda m: replaced(n), "a")
def largest(n): return max([1, 2], key=lambda k: largest(n))
def folded(n): return functools.reduce(lambda a, b: folded(n), [1, 2])
@functools.lru_cache
def cached(n): return cached(n + 1)
def hooked(n): return json.loads('{"a": 1}', object_hook=lambda d: hooked(n))
def evaluated(n): return eval("evaluated(n)")
def generated(n): yield from generated(n)
"""
# What CPython itself says to it with its stack of 8 MB.
PROGRAMS = [
    "plain()", "json.dumps(lists())", "json.loads('[' * 100_000)", "pickle.dumps(lists())",
    "repr(lists())", "copy.deepcopy(lists())", "lists() == lists()", "eval('-' * 5000 + '1')",
    "eval('(' * 5000 + '1' + ')' * 5000)", "eval('+'.join(['1'] * 20_000))",
    "compile('a' + '.b' * 50_000, 'x', 'eval')", "compile('a' + '()' * 5000, 'x', 'eval')",
    "ast.literal_eval('+'.join(['1'] * 20_000))", "re.compile('(' * 50_000 + ')' * 50_000)",
    "Attribute().x", "repr(Text())", "Call()(1)", "Equal() == Equal()", "list(Walk())",
    "hash(Hash())", "Own().value", "mapped(1)", "ordered(1)", "replaced(1)", "largest(1)",
    "folded(1)", "cached(1)", "hooked(1)", "evaluated(1)", "list(generated(1))",
    "isinstance(1, nested(lambda value: (value,) if value else (int,)))",
]  # fmt: skip
RUN = """
for program in PROGRAMS:
    try:
        eval(program)
        print("no error:", program)
    except (RecursionError, MemoryError, SyntaxError) as error:
        print(type(error).__name__)
print("end")
"""

# What nests less deep than the first pass over it allows must not be too deep for a later one.
COMPILED = """
SHAPES = {
    "calls": "'a' + '()' * n", "attributes": "'a' + '.b' * n", "indices": "'a' + '[0]' * n",
    "products": "'a' + '*a' * n", "signs": "'-' * n + 'a'", "choices": "'a' + ' if a else a' * n",
    "branches": "'if a: pass' + chr(10) + ('elif a: pass' + chr(10)) * n",
    "methods": "'a' + '.b(1, x=2)[0]' * n", "functions": "'lambda: ' * n + 'a'",
    "targets": "'a' + '[0]' * n + ' = 1'", "slices": "'a' + '[0:1]' * n",
    "annotations": "'x: a' + '[0]' * n", "deletions": "'del a' + '[0]' * n",
}
for name, shape in SHAPES.items():
    for n in (200, 300, 400, 600, 900, 1400, 1900, 2500, 2950, 3300, 4000, 4900, 7000, 9900):
        try:
            compile(eval(shape), name, "exec")
            last = n
        except (RecursionError, MemoryError, SyntaxError):
            pass
    print(name, last)
print("end")
"""


def script(recursion_limit: int) -> str:
    setup = SETUP.replace("RECURSION_LIMIT", str(recursion_limit))
    return f"{setup}\nPROGRAMS = {PROGRAMS!r}\n{RUN}"


def judge(done: subprocess.CompletedProcess[str]) -> None:
    said = done.stdout.split("\n")
    assert said[-2:] == ["end", ""], f"trapped at `{PROGRAMS[len(said) - 1]}`: {done.stderr[-500:]}"
    assert set(said[:-2]) <= {"RecursionError", "MemoryError", "SyntaxError"}
    assert len(said) == len(PROGRAMS) + 2


@pytest.mark.parametrize("recursion_limit", [1000, 100_000])
def test_recursion_is_an_error_in_our_runtime(
    boxer: Boxer, example: Example, recursion_limit: int
) -> None:
    box = example("hello")
    judge(boxer("run", "--entrypoint", "python", box, "-c", script(recursion_limit)))


@pytest.mark.parametrize("recursion_limit", [1000, 100_000])
def test_recursion_is_an_error_with_512_kb_of_stack(example: Example, recursion_limit: int) -> None:
    judge(with_512_kb(example("hello"), script(recursion_limit)))


def with_512_kb(box: Path, program: str) -> subprocess.CompletedProcess[str]:
    """Runs a Python program in wasmtime's command line."""
    wasmtime = Path(sys.executable).with_name("wasmtime")
    command = [str(wasmtime), "run", "-W", "max-wasm-stack=524288"]
    command += ["--env", "BOXER_ENTRYPOINT=python", str(box), "-c", program]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


def test_compiler_never_nests_too_deep(boxer: Boxer, example: Example) -> None:
    box = example("hello")
    ours = boxer("run", "--entrypoint", "python", box, "-c", COMPILED)
    theirs = with_512_kb(box, COMPILED)
    for done in (ours, theirs):
        assert done.stdout.endswith("end\n"), done.stdout + done.stderr
    # Python's own tests want 80 % of the limit, which is about 3000 with our stack.
    assert "calls 2950\n" in ours.stdout
    assert "branches 2950\n" in ours.stdout


def test_our_runtime_nests_deeper(boxer: Boxer, example: Example) -> None:
    text = "'(' * 150 + '1' + ')' * 150"
    nest = "def f(n): return n if n == 0 else sorted([n], key=lambda k: f(n - 1))[0]\nf(450)"
    done = boxer(
        "run", "--entrypoint", "python", example("hello"), "-c", f"print(eval({text}))\n{nest}"
    )
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr
