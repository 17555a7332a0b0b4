"""Extension modules' objects: which names others see, and pointers of the wrong type repaired."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from boxer.errors import BaseMissingError, NativePackageError, UnsupportedModuleError
from boxer.filetree import Tree
from boxer.images import load, resolve
from boxer.packages.native.isolate import init_name, isolate
from boxer.packages.native.linking import inittab, link
from boxer.packages.native.modules import ExtensionModule, extension_modules, with_placeholders
from boxer.packages.native.relocatable import INIT_FUNCTIONS, Flag, Relocatable, SymbolKind
from boxer.packages.native.sdk import Sdk, find_sdk

SITE = "/usr/local/lib/python3.13/site-packages"

# Each function is written with another type than its table promises; `wrong` is what pip finds in
# the wild, and traps where nothing is done about it. An array of methods ends with one that has no
# name, whatever else it has.
CASTS = """
#include <Python.h>
int shared_name = 1;
static PyObject *no_arguments(PyObject *self) { return PyLong_FromLong(shared_name); }
static PyObject *seven(PyObject *self) { return PyLong_FromLong(7); }
static PyObject *length(void) { return (PyObject *)3; }
static PyMethodDef methods[] = {
    {"none", (PyCFunction)no_arguments, METH_NOARGS, "doc"}, {NULL, NULL, METH_VARARGS, NULL}};
static PyGetSetDef attributes[] = {{"seven", (getter)seven, NULL, NULL, NULL}, {0}};
static PyType_Slot slots[] = {{Py_tp_getset, attributes}, {Py_mp_length, (void *)length}, {0, 0}};
static PyType_Spec spec = {"casts.Thing", sizeof(PyObject), 0, Py_TPFLAGS_DEFAULT, slots};
static int run(PyObject *module) {
    PyObject *type = PyType_FromSpec(&spec);
    return type ? PyModule_AddObject(module, "Thing", type) : -1;
}
static PyModuleDef_Slot module_slots[] = {{Py_mod_exec, run}, {0, NULL}};
static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "casts", NULL, 0, methods, module_slots, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit_casts(void) { return PyModuleDef_Init(&module); }
"""
RIGHT = CASTS.replace("(PyObject *self)", "(PyObject *self, void *unused)").replace(
    "length(void)", "length(PyObject *self)"
)

# What only looks like a table: the middle of a type (documentation, traverse, clear), slots of a
# kind that is not CPython's, addresses of functions among those of data.
LOOKALIKES = """
#include <Python.h>
static int traverse(PyObject *self, visitproc visit, void *data) { return visit(self, data); }
static int clear(PyObject *self) { return 0; }
PyTypeObject type = {.tp_name = "a.B", .tp_doc = "doc", .tp_traverse = traverse, .tp_clear = clear};
static int five(int a, int b, int c, int d, int e) { return a + b + c + d + e; }
PyType_Slot loops[] = {{1, (void *)five}, {3, (void *)five}, {0, NULL}};
static int none(void) { return 0; }
void *api[] = {&type, (void *)none, (void *)five, NULL, &type, (void *)none, (void *)five, NULL};
void *getters[] = {"name", (void *)none, (void *)five, "doc", NULL};
PyMODINIT_FUNC PyInit_casts(void) { return (PyObject *)loops + (int)api[0] + (int)getters[0]; }
"""


@pytest.fixture(scope="module")
def sdk() -> Sdk:
    try:
        found = find_sdk(load(resolve("python")).info)
    except BaseMissingError:
        pytest.skip("needs the Python base: make bases")
    if found is None:
        pytest.skip("the base has no SDK: make bases")
    return found


@pytest.mark.base
@pytest.mark.parametrize("tool", ["cc", "c++"])
@pytest.mark.parametrize("options", [["-E", "-dM"], ["-DOTHER=1", "-E"], ["-E", "-x", "c"]])
def test_a_compiler_reads_standard_input_as_gcc_does(
    sdk: Sdk, tool: str, options: list[str]
) -> None:
    # What meson asks for a compiler's own macros.
    done = subprocess.run(
        [sdk.program(tool), *options, "-"],
        input="#ifdef __wasm__\n#define FOUND 1\n#endif\nint found = FOUND;\n",
        env={**os.environ, **sdk.environment()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert ("#define FOUND 1" if "-dM" in options else "int found = 1;") in done.stdout


def compiled(sdk: Sdk, folder: Path, text: str, name: str = "casts") -> bytes:
    source, output = folder / f"{name}.c", folder / f"{name}.so"
    source.write_text(text)
    command: list[str | Path] = [
        sdk.program("cc"),
        "-w",
        "-g",
        "-fPIC",
        "-shared",
        source,
        "-o",
        output,
        "-lm",
    ]
    environment = {**os.environ, **sdk.environment()}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return output.read_bytes()


def adapters(data: bytes) -> int:
    """How many functions of an object got one."""
    parsed = Relocatable.parse(isolate(data, "casts").data)
    names = [s.name for s in parsed.symbols if s.kind == SymbolKind.FUNCTION]
    return sum(name.startswith("boxer_adapter_") for name in names)


@pytest.mark.base
def test_an_object_read_and_written_has_the_same_symbols_and_relocations(
    sdk: Sdk, tmp_path: Path
) -> None:
    first = Relocatable.parse(compiled(sdk, tmp_path, CASTS))
    again = Relocatable.parse(first.emit())
    assert again.symbols == first.symbols
    assert again.relocations == first.relocations


@pytest.mark.base
def test_only_the_init_function_is_seen_by_others(sdk: Sdk, tmp_path: Path) -> None:
    data = compiled(sdk, tmp_path, CASTS)
    before = {s.name for s in Relocatable.parse(data).symbols if s.defined}
    assert {"shared_name", "PyInit_casts"} <= before
    parsed = Relocatable.parse(isolate(data, "package.casts").data)
    seen = [s.name for s in parsed.symbols if s.defined and not s.flags & Flag.LOCAL]
    assert seen == [init_name("package.casts")]


@pytest.mark.base
def test_constructors_are_left_to_who_imports_the_module(sdk: Sdk, tmp_path: Path) -> None:
    more = "".join(
        f"__attribute__((constructor{order})) static void {name}(void) {{ call_{name}(); }}"
        for name, order in [("late", ""), ("early", "(200)")]
    )
    more = "extern void call_late(void), call_early(void);" + more
    isolated = isolate(compiled(sdk, tmp_path, CASTS + more), "casts")
    assert isolated.constructors == tuple(f"{init_name('casts')}_{n}" for n in range(2))
    parsed = Relocatable.parse(isolated.data)
    numbers = {s.name: s.index for s in parsed.symbols if s.kind == SymbolKind.FUNCTION}
    first, second = (numbers[name] for name in isolated.constructors)
    assert first > second  # in the source they stand the other way
    assert INIT_FUNCTIONS not in [kind for kind, _ in parsed.others]
    seen = {s.name for s in parsed.symbols if s.defined and not s.flags & Flag.LOCAL}
    assert seen == {init_name("casts"), *isolated.constructors}


@pytest.mark.base
def test_pointers_of_the_wrong_type_get_adapters_and_right_ones_none(
    sdk: Sdk, tmp_path: Path
) -> None:
    assert adapters(compiled(sdk, tmp_path, CASTS)) == 3
    assert adapters(compiled(sdk, tmp_path, RIGHT)) == 0


@pytest.mark.base
def test_what_only_looks_like_a_table_is_left_alone(sdk: Sdk, tmp_path: Path) -> None:
    assert adapters(compiled(sdk, tmp_path, LOOKALIKES)) == 0


@pytest.mark.base
def test_a_module_without_its_init_function_is_refused(sdk: Sdk, tmp_path: Path) -> None:
    with pytest.raises(NativePackageError, match="PyInit_other"):
        isolate(compiled(sdk, tmp_path, CASTS), "package.other")


@pytest.mark.base
def test_two_modules_with_the_same_names_link_side_by_side_and_a_link_is_kept(
    sdk: Sdk, tmp_path: Path
) -> None:
    data = compiled(sdk, tmp_path, CASTS)
    modules = [ExtensionModule(f"/{name}.so", f"{name}.casts", data) for name in ("a", "b")]
    first = link(sdk, modules, tmp_path / "cache")
    again = link(sdk, modules, tmp_path / "cache")
    assert (first.cached, again.cached) == (False, True)
    assert again.module == first.module


@pytest.mark.base
def test_what_a_box_does_not_have_is_named(sdk: Sdk, tmp_path: Path) -> None:
    text = "extern int absent_from_boxes(void);\n" + CASTS.replace(
        "FromLong(shared_name)", "FromLong(absent_from_boxes())"
    )
    module = ExtensionModule("/casts.so", "casts", compiled(sdk, tmp_path, text))
    with pytest.raises(NativePackageError, match="absent_from_boxes"):
        link(sdk, [module], tmp_path / "cache")


def test_a_module_that_is_no_object_is_refused() -> None:
    with pytest.raises(UnsupportedModuleError):
        Relocatable.parse(b"\0asm\1\0\0\0")


def test_modules_are_named_by_the_folder_of_packages_they_lie_in() -> None:
    tree = Tree()
    for path in (
        f"{SITE}/markupsafe/_speedups.cpython-313-wasm32-linux-musl.so",
        "/app/.venv/lib/python3.13/site-packages/yaml/_yaml.so",
        "/app/tool/fast.abi3.so",
    ):
        tree.make_directories(path.rpartition("/")[0])
        tree.add_file(path, b"\0asm\1\0\0\0")
    tree.add_file("/app/tool/__init__.py", b"")
    tree.add_file("/app/tool/linux.so", b"\x7fELF")
    found = extension_modules(tree)
    assert [m.name for m in found] == ["markupsafe._speedups", "tool.fast", "yaml._yaml"]
    own = with_placeholders(tree, found)
    assert own.file("/app/tool/fast.abi3.so").data == b"#!boxer extension tool.fast\n"
    assert tree.file("/app/tool/fast.abi3.so").data == b"\0asm\1\0\0\0"


def test_a_package_in_python_is_taken_before_its_own_module_as_an_object(
    sdk: Sdk, tmp_path: Path
) -> None:
    tree = Tree()
    tree.make_directories(f"{SITE}/zero/part")
    for name in ("__init__", "part/__init__"):
        tree.add_file(f"{SITE}/zero/{name}.cpython-313-wasm32-linux-musl.so", b"\0asm\1\0\0\0")
    tree.add_file(f"{SITE}/zero/__init__.py", b"")
    (module,) = extension_modules(tree)
    assert module.name == "zero.part.__init__"
    with pytest.raises(NativePackageError, match=r"`zero.part` is a package"):
        isolate(compiled(sdk, tmp_path, CASTS), module.name)


def test_the_interpreter_is_told_of_modules_before_it_starts() -> None:
    text = inittab({"a.b": ["first", "second"]})
    assert f'PyImport_AppendInittab("a.b", start_{init_name("a.b")});' in text
    assert text.index("started = 1") < text.index("first();") < text.index("second();")
    assert "__attribute__((constructor))" in text


def test_the_compiler_of_an_sdk_imports_nothing_of_ours() -> None:
    driver = Path(__file__).parents[2] / "recipes" / "extension" / "driver.py"
    command = [sys.executable, "-IS", "-c", f"compile(open({str(driver)!r}).read(), 'd', 'exec')"]
    assert subprocess.run(command, check=False).returncode == 0
    assert "import boxer" not in driver.read_text()
    assert "recipes import" not in driver.read_text()
