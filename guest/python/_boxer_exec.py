"""exec of another Python program: the interpreter that is there becomes it.

Belongs here: os.execv and its kin where the program is Python, by itself or by its first line.
Does not: any other program; the kernel has no execve, and a shell takes a program's place only from
a shell.

What Linux would throw away stays: imported modules, open threads. What a program sees of itself is
the new one's: sys.argv, sys.path, `__main__`, the environment.
"""

import atexit
import errno
import io
import os
import posix
import sys
import types

REASON = "a box is one process: a program can be replaced by a Python program only"
# Options of python(1) that have a value.
VALUED = ("-W", "-X", "--check-hash-based-pycs")


def replacing(original):
    """original: posix.execv or posix.execve, which looks at its arguments and can do no more."""

    def execute(path, argv, *rest):
        try:
            original(path, argv, *rest)
        except OSError as error:
            if error.errno != errno.ENOSYS or isinstance(path, int):
                raise
        become(os.fsdecode(path), [os.fsdecode(word) for word in argv], *rest)

    execute.__name__ = original.__name__
    execute.__doc__ = original.__doc__
    execute.__text_signature__ = original.__text_signature__
    return execute


def become(path, argv, environment=None):
    with io.open_code(path) as file:
        line = file.readline(256)
    if not os.access(path, os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
    if line.startswith(b"#!boxer python"):
        words = argv[1:]
    elif line.startswith(b"#!") and b"python" in line:
        words = [path, *argv[1:]]
    else:
        raise OSError(errno.ENOSYS, REASON, path)
    if environment is not None:
        os.environ.clear()
        os.environ.update({os.fsdecode(k): os.fsdecode(v) for k, v in environment.items()})
    atexit._clear()
    status = run(words)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os._exit(status)


def run(words):
    """A command line of python(1) without its name; gives the exit status."""
    try:
        start(words)
        return 0
    except SystemExit as leaving:
        if leaving.code is None or isinstance(leaving.code, int):
            return (leaving.code or 0) & 0xFF
        print(leaving.code, file=sys.stderr)
        return 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    finally:
        atexit._run_exitfuncs()


def start(words):
    import runpy

    words = list(words)
    while words and words[0].startswith("-") and words[0] not in ("-c", "-m", "-"):
        if words.pop(0) in VALUED and words:
            words.pop(0)
    main = types.ModuleType("__main__")
    main.__builtins__ = __builtins__
    sys.modules["__main__"] = main
    if words[:1] == ["-c"] and len(words) > 1:
        sys.argv = ["-c", *words[2:]]
        sys.path[0] = ""
        exec(compile(words[1], "<string>", "exec"), main.__dict__)
    elif words[:1] == ["-m"] and len(words) > 1:
        sys.argv = ["-m", *words[2:]]
        sys.path[0] = posix.getcwd()
        runpy._run_module_as_main(words[1])
    elif words and words[0] != "-":
        sys.argv = words
        sys.path[0] = os.path.realpath(words[0]).rpartition("/")[0] or "/"
        main.__file__ = words[0]
        with io.open_code(words[0]) as file:
            code = compile(file.read(), words[0], "exec")
        exec(code, main.__dict__)
    else:
        raise OSError(errno.ENOSYS, REASON, "python")


def install():
    for name in ("execv", "execve"):
        plain = getattr(posix, name)
        if getattr(os, name) is plain and not hasattr(posix, f"_plain_{name}"):
            ours = replacing(plain)
            setattr(posix, f"_plain_{name}", plain)
            setattr(posix, name, ours)
            setattr(os, name, ours)
            if plain in os.supports_fd:
                os.supports_fd.add(ours)
