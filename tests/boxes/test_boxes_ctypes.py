"""libc's functions and Python's own by their names (`ctypes`): as on Linux, or an exception."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from tests.boxes.conftest import ROOT, Boxer

pytestmark = pytest.mark.base

Example = Callable[[str], Path]

HEAD = """import ctypes, errno, os, sys, threading, time
from ctypes import *
from ctypes.util import find_library
libc, libm = CDLL(find_library("c"), use_errno=True), CDLL(find_library("m"))
COMPARE = CFUNCTYPE(c_int, POINTER(c_int), POINTER(c_int))
"""
# What each prints is what it prints on Linux.
PROGRAMS = {
    "libraries": (
        """
        print(find_library("c"), find_library("m"), find_library("none"))
        print(all(CDLL(n).getpid() == os.getpid() for n in (None, "libc.so.6", "libpthread.so.0")))
        print(hasattr(libc, "getpid"), hasattr(libc, "no_such_function"))
        """,
        "libc.so.6 libm.so.6 None\nTrue\nTrue False\n",
    ),
    "ints for what is wider, and arguments too many": (
        """
        now = time.time()
        print(abs(libc.time(None) - now) < 2, libc.strlen(b"hello", 1, 2))
        fd = os.open("/tmp/x", os.O_RDWR | os.O_CREAT)
        os.write(fd, b"0123456789")
        buffer = create_string_buffer(4)
        print(libc.lseek(fd, 3, 0), libc.read(fd, buffer, 2), buffer.value)
        print(libc.pread(fd, buffer, 4, 5), buffer.raw, libc.ftruncate(fd, c_longlong(2)))
        print(os.fstat(fd).st_size, libc.close(fd))
        """,
        "True 5\n3 2 b'34'\n4 b'5678' 0\n2 0\n",
    ),
    "more than three arguments, some of 64 bits": (
        """
        fd = os.open("/tmp/y", os.O_RDWR | os.O_CREAT)
        print(libc.fallocate(fd, 0, c_longlong(0), c_longlong(1 << 20)), os.fstat(fd).st_size)
        print(libc.pwrite(fd, b"data", c_size_t(4), c_longlong(4096)))
        libc.mmap.restype, libc.munmap.argtypes = c_void_p, [c_void_p, c_size_t]
        libc.mmap.argtypes = [c_void_p, c_size_t, c_int, c_int, c_int, c_longlong]
        at = libc.mmap(None, 4096, 1, 2, fd, 4096)
        print(string_at(at, 4), libc.munmap(at, 4096))
        """,
        "0 1048576\n4\nb'data' 0\n",
    ),
    "errno": (
        """
        print(libc.open(b"/none", 0), get_errno() == errno.ENOENT, libc.close(-1), get_errno())
        set_errno(0)
        print(libc.getpid() > 0, get_errno())
        """,
        "-1 True -1 9\nTrue 0\n",
    ),
    "variable arguments": (
        """
        text = create_string_buffer(64)
        size = libc.snprintf(text, c_size_t(64), b"%d %s %.2f %lld %c", -4, b"five",
                             c_double(6.25), c_longlong(7 << 40), ord("8"))
        print(size, text.value.decode())
        sys.stdout.flush()
        libc.printf.argtypes = [c_char_p]
        print(libc.printf(b"%s=%d\\n", b"x", c_int(9)), libc.fflush(None), flush=True)
        print(libc.prctl(15, b"renamed"), open("/proc/self/comm").read())
        number = c_int()
        print(libc.sscanf(b"n 77", b"n %d", byref(number)), number.value)
        """,
        "28 -4 five 6.25 7696581394432 8\nx=9\n4 0\n0 renamed\n\n1 77\n",
    ),
    "doubles": (
        """
        libm.pow.restype, libm.pow.argtypes = c_double, [c_double, c_double]
        libm.fma.restype = libm.ldexp.restype = c_double
        print(libm.pow(2, 10), libm.fma(c_double(2), c_double(3), c_double(4)))
        print(libm.ldexp(c_double(0.75), 3))
        """,
        "1024.0 10.0\n6.0\n",
    ),
    "callbacks, and callbacks in these": (
        """
        def inner(one, other):
            return one[0] - other[0]

        def outer(one, other):
            numbers = (c_int * 3)(3, 1, 2)
            libc.qsort(numbers, 3, 4, COMPARE(inner))
            assert list(numbers) == [1, 2, 3]
            return other[0] - one[0]

        numbers = (c_int * 5)(4, 9, 1, 7, 3)
        libc.qsort(numbers, len(numbers), sizeof(c_int), COMPARE(outer))
        print(list(numbers))
        letters = create_string_buffer(b"dbca")
        libc.qsort(letters, 4, 1, COMPARE(lambda a, b: cast(a, c_char_p).value[0]
                                          - cast(b, c_char_p).value[0]))
        print(letters.value)
        libc.bsearch.restype = c_void_p
        at = libc.bsearch(byref(c_int(7)), numbers, 5, 4, COMPARE(outer))
        print((at - addressof(numbers)) // 4)
        """,
        "[9, 7, 4, 3, 1]\nb'abcd'\n1\n",
    ),
    "memory": (
        """
        libc.malloc.restype = c_void_p
        at = libc.malloc(100)
        memmove(at, b"moved", 6)
        libc.memset(c_void_p(at), ord("M"), 1)
        print(string_at(at), libc.memcmp(c_void_p(at), b"Moved", 6), libc.free(c_void_p(at)) != 1)
        """,
        "b'Moved' 0 True\n",
    ),
    "a thread that waits in one leaves the others their turn": (
        """
        said = []
        def wait():
            libc.usleep(200_000)
            said.append("waited")
        thread = threading.Thread(target=wait)
        thread.start()
        while not said:
            time.sleep(0.001)
            ticks = len(said)
        thread.join()
        print(said)
        """,
        "['waited']\n",
    ),
    "what the interpreter has": (
        """
        pythonapi.PyBytes_FromFormat.restype = pythonapi.PyUnicode_FromFormat.restype = py_object
        print(pythonapi.PyBytes_FromFormat(b"%s-%d-%zd", b"x", c_int(5), c_ssize_t(7)))
        pythonapi.PyCapsule_New.restype = py_object
        pythonapi.PyCapsule_New.argtypes = [c_void_p, c_char_p, c_void_p]
        capsule = pythonapi.PyCapsule_New(5, b"name", None)
        print(pythonapi.PyCapsule_GetPointer(py_object(capsule), b"name"))
        try:
            pythonapi.PyErr_SetString(py_object(KeyError), b"told")
        except KeyError as error:
            print(repr(error))
        def work():
            try:
                while True:
                    pass
            except SystemExit:
                print("stopped")
        thread = threading.Thread(target=work)
        thread.start()
        print(pythonapi.PyThreadState_SetAsyncExc(c_ulong(thread.ident), py_object(SystemExit)))
        thread.join()
        """,
        "b'x-5-7'\n5\nKeyError('told')\n1\nstopped\n",
    ),
    "what a program prints through libc is there at its end": (
        """
        print("first", flush=True)
        libc.printf(b"last\\n")
        """,
        "first\nlast\n",
    ),
}
# Calls that Linux would read garbage in: what the exception says.
REFUSED = {
    "libm.sqrt(c_double(2))": "the result of sqrt is a c_double: set its restype",
    "sqrt(2)": "argument 1 of sqrt: a c_double is needed",
    "libc.memset(c_ulonglong(1 << 40), 0, 1)": "argument 1 of memset: the number does not fit",
    "libc.memset(c_double(1), 0, 1)": "argument 1 of memset: an integer or a pointer is needed",
    "libc.memset(1)": "memset takes more arguments than the 1 it was given",
    "libc.printf(b'%f', c_float(1))": "argument 2 of printf: an integer, a pointer or a c_double",
    "libc.qsort((c_int * 2)(2, 1), 2, 4, 12345)": "a function that compares two pointers is needed",
    "libc.qsort((c_int * 2)(2, 1), 2, 4, CFUNCTYPE(c_int)(int))": "a function that compares",
    "libc.environ(1)": "environ is a variable, which cannot be called",
    "pythonapi.PyCapsule_New(c_void_p(1), b'n', CFUNCTYPE(None, c_void_p)(print))":
        "argument 3 of PyCapsule_New",
}  # fmt: skip
WIDE = {"off_t", "time_t", "int64_t", "long long", "unsigned long long", "double"}
EACH = """
for name in sys.argv[1:]:
    getattr(libc, name)
"""


def program(body: str) -> str:
    return HEAD + dedent(body)


@pytest.mark.parametrize("name", PROGRAMS)
def test_functions_are_found_by_name_and_called(name: str, boxer: Boxer, example: Example) -> None:
    body, printed = PROGRAMS[name]
    done = boxer("run", example("hello"), "python", "-c", program(body))
    assert (done.stdout, done.stderr) == (printed, "")


def test_what_linux_would_read_as_something_else_is_refused(boxer: Boxer, example: Example) -> None:
    lines = [
        "sqrt = CFUNCTYPE(c_double, c_int)(cast(libm.sqrt, c_void_p).value)",
        "import traceback",
    ]
    for call in REFUSED:
        lines += [f"try:\n    {call}\n    print('called')"]
        lines += ["except Exception as error:\n    print(error.__cause__ or error)"]
    done = boxer("run", example("hello"), "python", "-c", program("\n".join(lines)))
    assert done.stderr == ""
    told = done.stdout.splitlines()
    assert len(told) == len(REFUSED)
    for said, expected in zip(told, REFUSED.values(), strict=True):
        assert expected in said


def test_every_name_is_there_and_of_a_type_there_is_code_for(
    boxer: Boxer, example: Example
) -> None:
    names = []
    for part in ("libc", "python"):
        text = (ROOT / "guest" / "python" / f"exported_{part}.h").read_text()
        for match in re.finditer(r"^(F|NONE|MORE|NAMED)\((.*)\)$", text, re.MULTILINE):
            words = [word.strip() for word in match[2].split(",")]
            name, taken = (words[0].strip('"'), words[3:]) if match[1] == "NAMED" else (
                words[1], words[2:])  # fmt: skip
            names.append(name)
            # guest/ffi/call.c: any types up to three parameters, else of 32 bits.
            assert len(taken) <= 3 or not WIDE & set(taken), name
    assert len(names) > 300
    done = boxer("run", example("hello"), "python", "-c", program(EACH), *names)
    assert (done.returncode, done.stderr) == (0, "")
