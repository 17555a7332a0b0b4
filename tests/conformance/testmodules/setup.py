"""CPython's modules for its own tests, as a package: a box is given them like any other extension.

Beside this file lie CPython's Modules and Include, as far as they are needed (see `running`).
"""

from pathlib import Path

from setuptools import Extension, setup

NAMES = {
    *("_ctypes_test", "_testbuffer", "_testcapi", "_testclinic", "_testclinic_limited"),
    *("_testimportmultiple", "_testinternalcapi", "_testlimitedcapi", "_testmultiphase"),
    *("_testsinglephase", "xxlimited", "xxlimited_35", "xxsubtype"),
}
INCLUDES = ["Include/internal", "Include/internal/mimalloc", "Modules"]


def extensions() -> list[Extension]:
    """As Setup.stdlib.in lists them: `@MODULE_NAME_TRUE@name source...`."""
    found = []
    for line in Path("Modules/Setup.stdlib.in").read_text().splitlines():
        name, *sources = line.rpartition("@")[2].split() or [""]
        if line.startswith("@MODULE_") and name in NAMES:
            paths = [f"Modules/{source}" for source in sources]
            found.append(Extension(name, paths, include_dirs=INCLUDES))
    return found


setup(name="cpython-test-modules", version="0", ext_modules=extensions(), py_modules=[])
