"""Freeze and thaw as the interpreter sees them (called by guest/python/python.c).

Belongs here: what Python-level state must be renewed when a frozen machine goes on. Does not: the
public functions a program may call (the module `boxer`).
"""

import atexit
import gc
import os
import posix
import sys

import _boxer_standing

hooks = []
# Generators of random numbers that imports made and keep: seeded in every life.
generators = []
frozen_modules = set()
# Where modules are looked for, as the first freeze left it.
frozen_path = []
# Files of ours: this one and its neighbours, and the package.
LIBRARY = __file__.rpartition("/")[0] + "/"
PACKAGES = LIBRARY + "site-packages/"
OURS = (LIBRARY + "_boxer", PACKAGES + "boxer/")
# TZ as it was at the freeze, which the image's clock follows; UNKNOWN: it is looked at anew.
frozen_zone = UNKNOWN = object()


def _renew_key(module):
    module.current_process().authkey = posix.urandom(32)


def _renew_open_files(module):
    now = os.sysconf("SC_OPEN_MAX")
    if now != module.MAXFD:
        module.MAXFD = now


def _renew_year(module):
    info, year = module.DEFAULTPARSER.info, sys.modules["time"].localtime().tm_year
    if info._year != year:
        info._year, info._century = year, year // 100 * 100


# What an import made that each run needs anew: module -> what renews it.
RENEWED = {
    "billiard.process": _renew_key,
    "dateutil.parser._parser": _renew_year,
    "logging": lambda module: setattr(module, "_startTime", sys.modules["time"].time_ns()),
    "multiprocessing.process": _renew_key,
    "multiprocessing.util": _renew_open_files,
    "numpy.random.mtrand": lambda module: module.seed(),
}
# Modules of which all that is done at a fork is about threads and locks.
OF_THREADS = ("concurrent.futures.thread", "logging", "threading")

# What was random before a life that begins while the program stands. What else a thaw renews is the
# program's own by then.
BORN = {
    "numpy.random.mtrand": RENEWED["numpy.random.mtrand"],
    "random": lambda module: module.seed(),
    "tempfile": lambda module: setattr(module, "_name_sequence", None),
}


def prepare(modules, _):
    """Imports `modules` before the freeze; calls `module:callable`s.

    A module that cannot be imported now is left for the program to import: it fails there as it
    would without us. A callable that fails ends the freeze, and so does a thread that stands.
    """
    import _boxer_looks

    _boxer_looks.begin()
    try:
        for name in modules:
            if ":" in name:
                call_init(name)
            else:
                import_one(name, _boxer_looks)
    finally:
        generators.extend(_boxer_looks.end())
    stand_still((), 0)


def stand_still(_, __):
    """No thread but this one, and nothing that is still to be written."""
    _boxer_standing.end()
    sys.stdout.flush()
    sys.stderr.flush()


def be_quiet(_, __):
    """Leaves the heap quiet, without what only the freeze needs."""
    sys.modules.pop("_boxer_looks", None)
    frozen_modules.update(sys.modules)
    frozen_path.extend(() if frozen_path else sys.path)
    gc.collect()


def import_one(name, looks):
    looks.asked.append(name)
    before = set(sys.modules)
    try:
        __import__(name)
    except BaseException as error:
        half = set(sys.modules) - before
        for module in half:
            del sys.modules[module]
        said = f"{type(error).__name__}: {error}".rstrip(": ")
        looks.failed[name] = [said, bool(half - {name})]


def set_up(loaded, _):
    """The user's own set-up, where a frozen interpreter was given up that it was part of."""
    for name in loaded:
        if ":" in name:
            call_init(name)


def call_init(name):
    """The user's own set-up, from the working directory."""
    here = posix.getcwd()
    sys.path.insert(0, here)
    try:
        place, last = find(name)
        getattr(place, last)()
    finally:
        sys.path.remove(here)


def find(target):
    """Of `module:path`, what holds it and its name there. Imported as by a statement: a traceback
    has no frames of the import system then."""
    module, _, path = target.partition(":")
    if not (module and path):
        raise ValueError(f"`{target}` is not `module:function`")
    __import__(module)
    found = sys.modules[module]
    parts = path.split(".")
    for part in parts:
        place = found
        if not hasattr(place, part):
            raise AttributeError(f"`{module}` has no `{part}`", name=part, obj=place)
        found = getattr(place, part)
    return place, parts[-1]


def leave_out_ours(error):
    """The error, with the frames of the program alone: also of what it came from."""
    waiting, seen = [error], set()
    for one in waiting:
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        one.__traceback__ = _of_others(one.__traceback__)
        inner = one.exceptions if isinstance(one, BaseExceptionGroup) else ()
        waiting += (one.__cause__, one.__context__, *inner)
    return error


def _of_others(traceback):
    """Without frames of ours, and of what they call of the standard library."""
    entries, kept, is_ours = [], None, False
    while traceback is not None:
        file = traceback.tb_frame.f_code.co_filename
        if file.startswith(OURS):
            is_ours = True
        elif file.startswith(PACKAGES) or not file.startswith((LIBRARY, "<frozen ")):
            is_ours = False
        if not is_ours:
            entries.append(traceback)
        traceback = traceback.tb_next
    for entry in reversed(entries):
        if entry.tb_next is not kept:
            entry.tb_next = kept
        kept = entry
    return kept


def compiled(command, script):
    """What a run compiles: the code, a script's loader, what linecache is told of a command. None:
    a run is to read it itself, and to say why it cannot, or what it is warned of."""
    warnings, linecache = sys.modules.get("warnings"), sys.modules.get("linecache")
    if warnings is None or linecache is None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            if script is None:
                code = compile(command + "\n", "<string>", "exec", dont_inherit=True)
                return code, None, _lines_of(linecache, code, command + "\n")
            with open(script, "rb") as file:  # noqa: PTH123 - pathlib is large
                source = file.read()
            code = compile(source, script, "exec", dont_inherit=True)
    except (OSError, SyntaxError, ValueError, OverflowError, MemoryError, RecursionError, Warning):
        return None
    loader = sys.modules["_frozen_importlib_external"].SourceFileLoader
    return code, loader("__main__", script), None


def _lines_of(linecache, code, source):
    known = linecache._interactive_cache
    before = dict(known)
    linecache._register_code(code, source, "<string>")
    told = {key: known[key] for key in known if known[key] is not before.get(key)}
    known.clear()
    known.update(before)
    return told


def settle(_, __):
    """Takes what there is now out of the collector's sight."""
    _note_zone()
    gc.collect()
    gc.freeze()


def _note_zone():
    global frozen_zone
    time = sys.modules.get("time")
    if time:
        time.tzset()
    # The names of any other zone are those of the year, and the freeze has a year of its own.
    known = time and time.tzname == ("UTC", "UTC")
    frozen_zone = os.environ._data.get(b"TZ") if known else UNKNOWN


def thaw(environment, unbuffered):
    """Begins a run: environment, standard streams, everything random, the user's hooks."""
    if sys.path != frozen_path:  # calls have been there before, and it was frozen again
        sys.path[:] = frozen_path
    _surround(environment, bool(unbuffered))
    renew()


def put_back(before):
    """Puts `sys` back as it was before a command line was adopted that sets nothing. Whether it was
    as runs find it: what the program has set there before the freeze is its calls' alone."""
    now = vars(sys)
    told = ("argv", "orig_argv")
    same = all(
        name in told or before.get(name) is now[name] or before.get(name) == now[name]
        for name in now
    )
    for name in now if not same else told:
        if name in before:
            setattr(sys, name, before[name])
    return same


def surround_run(environment, unbuffered):
    """What a run finds that is told nothing but a command line."""
    _surround(environment, bool(unbuffered))
    _note_zone()


def _surround(environment, unbuffered):
    """What follows from where a life takes place: each page that is written to is one more to put
    back, and what is as it was is left alone."""
    for variables in (posix.environ, os.environ._data):
        if variables != environment:
            variables.clear()
            variables.update(environment)
    tempfile = sys.modules.get("tempfile")
    if tempfile and (tempfile._name_sequence or tempfile.tempdir):
        tempfile._name_sequence = tempfile.tempdir = None
    _renew_streams(unbuffered)
    _renew_user_site()


def _zone_is_another():
    return "time" in sys.modules and posix.environ.get(b"TZ") != frozen_zone


def renew():
    """What no two lives have in common, and the user's hooks."""
    renew_known()
    for hook in hooks:
        hook()


def renew_known():
    for name, do in RENEWED.items():
        if name in sys.modules:
            do(sys.modules[name])
    if _zone_is_another():
        sys.modules["time"].tzset()


def has_to_renew():
    """Whether `renew` will do anything in a life of this image."""
    return bool(hooks) or _zone_is_another() or any(name in sys.modules for name in RENEWED)


def generator():
    """`random`'s own, of which nothing drawn before is kept; None: there is none."""
    random = sys.modules.get("random")
    found = getattr(random, "_inst", None)
    if found is None or type(found) is not random.Random:
        return None
    found.gauss_next = None
    return found


def of_a_life(functions, seeded):
    """Of what is to be called at a fork, what a life in the image's surroundings needs, too.
    seeded: a generator of which that is not said (seeding.c)."""
    modules = [sys.modules[name] for name in OF_THREADS if name in sys.modules]
    own = [value for module in modules for value in vars(module).values()]

    def is_dealt_with(function):
        owner = getattr(function, "__self__", None)
        if seeded is not None and owner is seeded and function == seeded.seed:
            return True
        wanted = function if owner is None else owner
        return any(wanted is each for each in own)

    return [function for function in functions if not is_dealt_with(function)]


def looked_at():
    """What lives as long as the interpreter does, and is looked at all the time."""
    modules = [module for module in sys.modules.values() if type(module) is type(sys)]
    specs = [module.__dict__.get("__spec__") for module in modules]
    return [os.environ, *(spec for spec in specs if type(spec) is type(sys.__spec__))]


def be_born():
    """Begins a life while the program stands (births.c): everything random, the user's hooks."""
    for name, renew in BORN.items():
        if name in sys.modules:
            renew(sys.modules[name])
    for generator in generators:
        generator.seed()
    for hook in hooks:
        hook()


def modules_of_the_run():
    """What a run has brought: `__main__`, then the modules imported last before those before."""
    brought = [module for name, module in sys.modules.items() if name not in frozen_modules]
    return [sys.modules.get("__main__"), *reversed(brought)]


def wake(environment, _):
    """Begins a life that answers calls: as a run, with the working directory on the path."""
    surround(environment, 0)
    renew()


def surround(environment, _):
    """As `wake`, but for what each life needs anew."""
    _surround(environment, False)
    here = posix.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)


def _renew_streams(unbuffered):
    """Gives the streams the buffering they would have had, had they been opened now."""
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        stream = getattr(sys, name)
        if stream is None:
            continue
        if unbuffered and name != "stdin":
            _unbuffer(stream)
        elif not stream.line_buffering and (name == "stderr" or posix.isatty(descriptor)):
            stream.reconfigure(line_buffering=True)


def _unbuffer(stream):
    """Opens a stream of text again, over the file itself: whoever has it keeps it."""
    buffered = stream.buffer
    if not hasattr(buffered, "raw"):
        return
    stream.flush()
    stream.__init__(buffered.raw, stream.encoding, stream.errors, newline="\n", write_through=True)
    atexit.register(buffered.flush)  # it closes the file when it goes, and someone may have it


def _renew_user_site():
    """The user's own packages are found from HOME and PYTHONUSERBASE of the run, if it has any."""
    site = sys.modules.get("site")
    if site is None or not site.ENABLE_USER_SITE:
        return
    if site._getuserbase() == site.USER_BASE and (
        site.USER_SITE in sys.path or not os.path.isdir(site.USER_SITE)  # noqa: PTH112 - pathlib is large
    ):
        return
    if site.USER_SITE in sys.path:
        sys.path.remove(site.USER_SITE)
    before = list(sys.path)
    site.USER_BASE = site.USER_SITE = None
    site.addusersitepackages(set(before))
    added = sys.path[len(before) :]
    place = next((i for i, folder in enumerate(before) if "site-packages" in folder), len(before))
    sys.path[:] = [*before[:place], *added, *before[place:]]
