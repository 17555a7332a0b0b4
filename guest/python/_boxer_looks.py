"""What imports before the freeze look at, and which of them a run may go on from.

Belongs here: watching the environment and the imports themselves, and judging all looks. Does not:
system calls and getenv(3), which guest/python/looks.c watches; what is imported (`_boxer`). No
frozen machine has this module: it is let go of when it has reported.

A module is frozen if each thing that it and what it imports looked at is one of
1. what no run can change: its own code and data below /usr, the folders of sys.path, /dev/null;
2. what can be compared when a run begins: single variables of the environment, the host's name, the
   working directory, the user. Where one is not as it was, the run starts afresh;
3. HARMLESS, each with its reason.
Any other look leaves it to the run, with all that imports it.
"""

import builtins
import gc
import json
import os
import posix
import sys
import time

import _boxer_standing

MARK = b"\x1eboxer-imports "

# (what is looked at, the module whose import looks, or a package it is in) -> why it may be frozen
# all the same.
HARMLESS = {
    ("random", "random"): "its generator is seeded anew in every run",
    ("clock", "dateutil.parser._parser"): "the year it is now is looked at in every run",
    ("clock", "logging"): "its start is set anew in every run",
    ("limits", "multiprocessing.util"): "the number of open files is asked for anew in every run",
    ("random", "billiard.process"): "its key is drawn anew in every run",
    ("random", "multiprocessing.process"): "its key is drawn anew in every run",
    ("random", "numpy.random"): "its generator is seeded anew in every run",
    ("random", "pydantic_core"): "seeds of hash tables, as those of strings are the image's",
    ("random", "rich.style"): "names of links, that are to differ on one terminal",
    **dict.fromkeys(
        (
            ("random", "opentelemetry.baggage"),
            ("random", "opentelemetry.context"),
            ("random", "opentelemetry.trace.propagation"),
            ("random", "fastapi.telemetry._api"),
        ),
        "names of keys that are to differ within a process, and leave it nowhere",
    ),
}
# The same, by the module whose code looks, whoever imports.
HARMLESS_CODE = {
    ("clock", "_strptime"): "only for the zone's names, which it compares each time",
    ("random", "pydantic"): "seeds of hash tables of pydantic_core",
}
# Whole names of looks for people; %s: which one.
REASONS = {
    "argv": "reads sys.argv",
    "clock": "reads a clock",
    "environ": "reads all of the environment",
    "file": "looks at %s",
    "limits": "reads limits of the process",
    "network": "uses a socket",
    "overflow": "looks at more than can be watched",
    "pid": "reads the process's number",
    "process": "starts a process",
    "random": "draws random bytes",
    "setenv": "sets %s in the environment",
    "terminal": "looks at the standard streams",
}
# How a run compares them (guest/python/looks.c).
COMPARED = {"hostname": "@hostname", "cwd": "@cwd", "user": "@user"}
# From what keeps `sys.argv` to the module it belongs to: attributes, containers.
_FARTHEST = 8
_COMMAND_LINES = ("argv", "orig_argv")
_OURS = (__file__, os.__file__, os.__file__.replace("os.py", "_collections_abc.py"))
_BOOTSTRAPS = ("importlib._bootstrap", "importlib._bootstrap_external")
_IMPORT_SYSTEM = ("<frozen importlib._bootstrap_external>", "<frozen zipimport>")

# Generators that a whole program shares, and what tells that one was used.
GENERATORS = {
    "random": lambda module: hasattr(module, "_inst") and module._inst.getstate(),
    "numpy.random.mtrand": lambda module: hasattr(module, "_rand") and _key(module._rand),
}
_states = {}
# Generators of modules' own that were made without a seed: id -> it, and the look that it is where
# numbers were drawn from it. Till a life begins they have this one:
_generators = {}
FROZEN_SEED = 0x75AC_39D1_E58B_4F07  # nobody's own
_seed_of = None

_looks = []  # (what, which, innermost file, files of modules that are being imported)
_by_packages = set()  # what packages look at that can be compared
_edges = {}  # module -> modules that import it
failed = {}  # name that was asked for -> the error
asked = []
_zones = {}
_original = {}


class Environment(dict):
    """`os.environ._data` that notes which variables are read."""

    def __getitem__(self, key):
        _note("env", os.fsdecode(key))
        return dict.__getitem__(self, key)

    def __contains__(self, key):
        _note("env", os.fsdecode(key))
        return dict.__contains__(self, key)

    def __iter__(self):
        _note("environ")
        return dict.__iter__(self)

    def __len__(self):
        _note("environ")
        return dict.__len__(self)

    def copy(self):
        _note("environ")
        return dict(self)

    def __setitem__(self, key, value):
        _note("setenv", os.fsdecode(key))
        dict.__setitem__(self, key, value)

    def __delitem__(self, key):
        _note("setenv", os.fsdecode(key))
        dict.__delitem__(self, key)


class Arguments(list):
    """`sys.argv`, or `sys.orig_argv`, that notes that it is read."""

    def __getitem__(self, key):
        _note("argv")
        return list.__getitem__(self, key)

    def __iter__(self):
        _note("argv")
        return list.__iter__(self)

    def __len__(self):
        _note("argv")
        return list.__len__(self)


_arguments = []


def _note_keepers():
    """Who keeps `sys.argv` itself reads it later, and a run's is another list."""
    near = tuple(_arguments)
    _arguments.clear()
    for _ in range(_FARTHEST):  # a tuple, which is no referrer then
        near = near and tuple(one for one in gc.get_referrers(*near) if not _noted(one))


def _noted(holder):
    kind = type(holder)  # a proxy's __class__ may do anything
    if kind is type(_note):
        file = holder.__code__.co_filename
    elif kind is dict and "__spec__" in holder:
        file = holder.get("__file__")
    else:
        return False
    if file:
        _note("argv", file=file)
    return True


def _note(what, which="", file=None):
    _looks.append(_look(what, which, file))


def _look(what, which="", file=None):
    """file: of the module whose code looked, where it is no longer on the stack."""
    frame, innermost, modules = sys._getframe(1), file or "", [file] if file else []
    while frame is not None:
        file = frame.f_code.co_filename
        if not innermost and file not in _OURS:
            innermost = file
        if frame.f_code.co_name == "<module>":
            modules.append(file)
        frame = frame.f_back
    return what, which, innermost, tuple(modules)


def _key(generator):
    _, key, *rest = generator.get_state()
    return (key.tobytes(), *rest)


def _drawn():
    """Whether a shared generator has given numbers since it was asked last."""
    found = False
    for name, state_of in GENERATORS.items():
        module = sys.modules.get(name)
        state = (state_of(module) if module is not None else None) or None
        found |= state is not None and _states.get(name) not in (None, state)
        _states[name] = state
    return found


def _seed(self, a=None, version=2):
    """Stands in for `random.Random.seed`: what has no seed of its own is seeded in every life."""
    if a is None:
        _generators[id(self)] = self, _look("random")
        a = FROZEN_SEED
    else:
        _generators.pop(id(self), None)
    _seed_of(self, a, version)


def _watch_generators():
    global _seed_of
    random = sys.modules.get("random")
    if _seed_of is None and hasattr(random, "_inst"):
        _seed_of, random.Random.seed = random.Random.seed, _seed


def _leave_generators():
    """Those that modules have made and keep, which every fork seeds."""
    global _seed_of
    if _seed_of is None:
        return []
    random = sys.modules["random"]
    random.Random.seed, _seed_of = _seed_of, None
    frozen = random.Random(FROZEN_SEED).getstate()
    has_copies = any(
        issubclass(type(found), random.Random)  # a proxy's __class__ may do anything
        and id(found) not in _generators
        and random.Random.getstate(found) == frozen
        for found in gc.get_objects()
    )
    kept = []
    while _generators:
        generator, look = _generators.popitem()[1]
        if has_copies or random.Random.getstate(generator) != frozen:
            _looks.append(look)
        if sys.getrefcount(generator) > 2:  # somebody has it still
            os.register_at_fork(after_in_child=generator.seed)
            kept.append(generator)
    return kept


def _watched_import(name, globals=None, locals=None, fromlist=(), level=0):
    if _drawn():
        _note("random")
    module = _import(name, globals, locals, fromlist, level)
    _watch_generators()
    _boxer_standing.watch()
    if _drawn():
        last = sys.modules.get(name if not level else "", module)
        _note("random", file=getattr(last, "__file__", None))
    frame = sys._getframe(1)
    importers = {_importer(globals, frame)}
    while frame is not None:
        if frame.f_code.co_name == "<module>":
            importers.add(frame.f_globals.get("__name__"))
            break
        frame = frame.f_back
    imported = [getattr(module, "__name__", name) if level or fromlist else name]
    imported += [f"{imported[0]}.{part}" for part in fromlist or ()]
    for one in imported:
        if one in sys.modules:
            _edges.setdefault(one, set()).update(importers)
    return module


def _importer(globals, frame):
    """The name of the module that imports. One in C has no frame: it is what the import system
    executes then."""
    name = (globals or {}).get("__name__")
    while frame is not None and name in _BOOTSTRAPS:
        if frame.f_code.co_name == "exec_module":
            return getattr(frame.f_locals.get("module"), "__name__", None)
        frame = frame.f_back
    return name


def _zone(name):
    """The names of `time` that follow TZ, noted when they are asked for."""
    if name not in _zones:
        raise AttributeError(f"module 'time' has no attribute {name!r}")
    _note("env", "TZ")
    return _zones[name]


def begin():
    """Watches from here on."""
    global _import
    for name in ("tzname", "timezone", "altzone", "daylight"):
        _zones[name] = time.__dict__.pop(name)
    time.__getattr__ = _zone
    _original.update(os.environ._data)
    _set_environment(Environment(_original))
    for name in _COMMAND_LINES:
        _arguments.append(Arguments(getattr(sys, name)))
        setattr(sys, name, _arguments[-1])
    _import = builtins.__import__
    builtins.__import__ = _watched_import
    _watch_generators()


def end():
    """Puts everything back as it was. Gives the generators that are seeded in every life."""
    if _drawn():
        _note("random")
    generators = _leave_generators()
    del time.__getattr__
    time.__dict__.update(_zones)
    builtins.__import__ = _import
    for name in _COMMAND_LINES:
        setattr(sys, name, list(list.__iter__(getattr(sys, name))))
    _note_keepers()
    _set_environment(dict(dict.items(os.environ._data)))
    return generators


def _set_environment(data):
    os.environ._data = os.environb._data = data


def report(lines):
    """Tells the builder what was left; the names of what a run must find as it is now.

    lines: the looks that were seen from below.
    """
    for line in lines:
        what, which, innermost, *modules = line.split("\x1f")
        _looks.append((what, which, innermost, tuple(modules)))
    spoilt, assumed, by_init = {}, {}, set()
    for look in dict.fromkeys(_looks):
        _judge(look, spoilt, assumed, by_init)
    left = _left(spoilt)
    kept = {name for name, users in assumed.items() if not users <= left.keys()}
    told = {
        "left": {name: reason for name, reason in left.items() if name in asked},
        "failed": failed,
        "assumed": sorted(kept),
        "by_packages": sorted(kept & _by_packages),
        "init": sorted(by_init),
    }
    posix.write(1, MARK + json.dumps(told).encode() + b"\n")
    for state in (_looks, _edges, _states, _by_packages, asked, failed, _original):
        state.clear()
    return [os.fsencode(name) for name in sorted(kept)]


def _judge(look, spoilt, assumed, by_init):
    """Puts a look where it belongs. spoilt: module -> reason. assumed: name -> who looked."""
    what, which, innermost, files = look
    modules = [module for module in map(_module, files) if module != "__main__"]
    code = _module(innermost)
    if what == "setenv" and os.environ._data.get(os.fsencode(which)) == _original.get(
        os.fsencode(which)
    ):
        return
    if what == "file" and (innermost in _IMPORT_SYSTEM or _is_fixed(which)):
        return
    if what == "file" and which in ("/dev/urandom", "/dev/random"):
        what = "random"
    if modules and any((what, name) in HARMLESS for name in _with_parents(modules[0])):
        return
    if (what, code.partition(".")[0]) in HARMLESS_CODE:
        return
    reason = REASONS[what].replace("%s", which) if what in REASONS else ""
    if not modules:  # code of `boxer.init`, called after the imports
        if what in REASONS:
            by_init.add(reason)
    elif what in REASONS:
        for module in modules:
            spoilt.setdefault(module, f"`{modules[0]}` {reason}")
    else:
        assumed.setdefault(COMPARED.get(what, which), set()).update(modules)
        if modules[0].partition(".")[0] not in sys.stdlib_module_names:
            _by_packages.add(COMPARED.get(what, which))


def _with_parents(name):
    while name:
        yield name
        name = name.rpartition(".")[0]


def _module(file):
    """The name of the module in a file, as far as its path tells."""
    if file.startswith("<frozen "):
        return file[len("<frozen ") : -1]
    folder = max(
        (path for path in sys.path if path and file.startswith(path + "/")), key=len, default=None
    )
    if folder is None:
        return file
    name = file[len(folder) + 1 :].removesuffix(".py").removesuffix("/__init__")
    return name.replace("/", ".")


def _is_fixed(path):
    """Whether a path is the box's own, which no run has otherwise."""
    if path == "/dev/null" or path in sys.path:
        return True
    folders = ["/usr", sys.prefix, sys.base_prefix]
    folders += [folder for folder in sys.path if folder.endswith("/site-packages")]
    inside = any(path == folder or path.startswith(folder + "/") for folder in folders)
    above = any(folder.startswith(path.rstrip("/") + "/") for folder in (*folders, *sys.path))
    return inside or above or _is_metadata(path)


def _is_metadata(path):
    """What importlib.metadata reads of a folder of the path."""
    return any(
        path.startswith(f"{folder}/") and ".dist-info" in path[len(folder) :].split("/")[1]
        for folder in sys.path
        if folder
    )


def _left(spoilt):
    """All modules that cannot be frozen, each with the reason: those that looked, what imports
    them, and what is inside of them."""
    left, waiting = {}, list(spoilt.items())
    while waiting:
        module, reason = waiting.pop(0)
        if module in left:
            continue
        left[module] = reason
        waiting += [(importer, reason) for importer in sorted(filter(None, _edges.get(module, ())))]
        inside = module + "."
        waiting += [
            (name, reason) for name in sorted({*sys.modules, *asked}) if name.startswith(inside)
        ]
    return left
