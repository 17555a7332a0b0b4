"""Packages with C in them, from their source archives into a box, through the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.boxes.conftest import Boxer
from tests.packages.test_packages_objects import CASTS

pytestmark = [pytest.mark.base, pytest.mark.network]

USES = {
    "markupsafe": "import markupsafe._speedups; from markupsafe import escape; print(escape('<'))",
    "msgpack": "import msgpack._cmsgpack, msgpack; print(msgpack.unpackb(msgpack.packb([1, 'a'])))",
    "xxhash": "import xxhash; print(xxhash.xxh64(b'a').hexdigest())",
}
PRINTED = "&lt;\n[1, 'a']\nd24ec4f1a98c6e5b\n"


def test_packages_with_c_are_built_from_source_and_used_while_building_and_in_the_box(
    boxer: Boxer, tmp_path: Path
) -> None:
    (tmp_path / "main.py").write_text("\n".join(USES.values()) + "\n")
    (tmp_path / "Dockerfile").write_text(
        "FROM python:3.13 AS builder\n"
        f"RUN python -m venv /venv && /venv/bin/pip install {' '.join(USES)}\n"
        'RUN /venv/bin/python -c "import markupsafe._speedups"\n'
        "FROM python:3.13-slim\n"
        "COPY --from=builder /venv /venv\n"
        "COPY main.py /\n"
        'CMD ["/venv/bin/python", "/main.py"]\n'
    )
    box = tmp_path / "box.wasm"
    built = boxer("build", "-o", box, tmp_path)
    assert built.returncode == 0, built.stderr
    assert boxer("run", box).stdout == PRINTED


def test_a_wheel_says_what_is_in_it_and_is_kept(boxer: Boxer, tmp_path: Path) -> None:
    first = boxer("wheel", "-o", tmp_path, "markupsafe")
    assert first.returncode == 0, first.stderr
    assert "markupsafe._speedups" in first.stdout
    assert "kept" in boxer("wheel", "markupsafe").stdout
    assert [file.suffix for file in tmp_path.iterdir()] == [".whl"]


def test_a_package_that_cannot_work_is_refused_with_what_works_instead(boxer: Boxer) -> None:
    refused = boxer("wheel", "greenlet==3.0.3")
    assert refused.returncode == 1
    assert "error[native-package]" in refused.stderr
    assert "hint:" in refused.stderr


THROWS = """
#include <Python.h>
#include <stdexcept>
#include <string>
// Its constructor takes hold of Python, which is there when a module is loaded, and not before.
struct Early {
    PyObject *made;
    Early() {
        PyGILState_STATE state = PyGILState_Ensure();
        made = PyUnicode_FromString("made at import");
        PyGILState_Release(state);
    }
};
static Early early;
static int depth(int n) {
    if (!n)
        throw std::runtime_error("deep " + std::to_string(42));
    return depth(n - 1) + 1;
}
static PyObject *caught(PyObject *self, PyObject *unused) {
    try { return PyLong_FromLong(depth(5)); }
    catch (const std::exception &error) { return PyUnicode_FromString(error.what()); }
}
static PyObject *made(PyObject *self, PyObject *unused) { return Py_NewRef(early.made); }
static PyMethodDef methods[] = {
    {"caught", caught, METH_NOARGS, nullptr}, {"made", made, METH_NOARGS, nullptr}, {}};
static PyModuleDef module = {PyModuleDef_HEAD_INIT, "throws", nullptr, 0, methods};
PyMODINIT_FUNC PyInit_throws() { return PyModule_Create(&module); }
"""
SETUP = """
from setuptools import Extension, setup
setup(name="mine", version="1", py_modules=[], ext_modules=[
    Extension("casts", ["casts.c"]), Extension("throws", ["throws.cpp"])])
"""


def test_a_project_of_the_context_with_casts_in_c_and_exceptions_in_cxx_works_in_the_box(
    boxer: Boxer, tmp_path: Path
) -> None:
    project = tmp_path / "mine"
    project.mkdir()
    (project / "setup.py").write_text(SETUP)
    (project / "casts.c").write_text(CASTS)
    (project / "throws.cpp").write_text(THROWS)
    (tmp_path / "main.py").write_text(
        "import casts, throws\n"
        "thing = casts.Thing()\n"
        "print(casts.none(), thing.seven, len(thing), throws.caught(), throws.made())\n"
    )
    (tmp_path / "Dockerfile").write_text(
        "FROM python:3.13\nCOPY mine /mine\nRUN pip install /mine\nCOPY main.py /\n"
        'CMD ["python", "/main.py"]\n'
    )
    box = tmp_path / "box.wasm"
    built = boxer("build", "-o", box, tmp_path)
    assert built.returncode == 0, built.stderr
    assert boxer("run", box).stdout == "1 7 3 deep 42 made at import\n"
