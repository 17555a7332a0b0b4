"""Garbage with an object of every type of the interpreter's C that can hold another one.

Each line below makes one that holds `p`, a dictionary, which then holds it. The collector takes
garbage in the order in which it began to watch it, and a dictionary it watches from its first entry
on: the object has its turn before `p`, so it is cleared, not only freed when `p` is.
"""

import _asyncio, _json, _lsprof, _queue, array, ast, asyncio, collections, contextvars, csv, ctypes
import decimal, functools, gc, io, itertools, operator, pickle, re, sqlite3, struct, sys, threading
import types, typing, weakref
import xml.etree.ElementTree as etree
import xml.parsers.expat as expat

KINDS = """
[p]
(p,)
{1: p}
{f(p)}
frozenset([f(p)])
f(p)
iter([p])
reversed([p])
iter((p,))
iter({1: p}.values())
reversed({1: p}.values())
{1: p}.items()
iter({f(p)})
iter(f(p), 1)
enumerate([p])
zip([p], [p])
map(f(p), [1])
filter(f(p), [1])
slice(p)
property(f(p))
classmethod(f(p))
staticmethod(f(p))
super(Own, own(p))
own(p)
slotted(p)
type("T", (), {"p": p})
type("T", (type,), {"p": p})("U", (), {})
types.CellType(p)
types.FunctionType(f(p).__code__, {}, closure=(types.CellType(p),))
types.GenericAlias(list, (f(p),))
types.MappingProxyType({1: p})
types.MethodType(print, p)
types.SimpleNamespace(a=p)
added(types.ModuleType("m"), p)
int | list[f(p)]
typing.TypeVar("T", bound=f(p))
typing.TypeAliasType("A", f(p))
added(typing.ParamSpec("P"), p)
added(typing.TypeVarTuple("T"), p)
generator(p)
started(p)
coroutine(p)
coroutine(p).__await__()
agenerator(p)
agenerator(p).__anext__()
agenerator(p).asend(p)
agenerator(p).athrow(Error(p))
anext(agenerator(p), p)
frame(p)
weakref.ref(kept, f(p))
weakref.proxy(kept, f(p))
weakref.WeakKeyDictionary({own(p): p})
raised(p)
raised(p).__traceback__
AttributeError(p, obj=p)
BaseExceptionGroup("a", [Error(p)])
ImportError(p, name="a")
NameError(p)
OSError(1, p)
StopIteration(p)
SyntaxError(p)
SystemExit(p)
ast.Constant(value=p)
_asyncio.Future(loop=asyncio.new_event_loop())
done(p)
task(p)
_json.make_encoder({}, f(p), str, None, ":", ",", False, False, True)
_json.make_scanner(scanning(p))
_lsprof.Profiler(f(p))
queue(p)
iter(array.array("b", b"a"))
collections.ChainMap(p)
collections.OrderedDict(a=p)
collections.OrderedDict(a=p).items()
iter(collections.OrderedDict(a=p))
collections.defaultdict(f(p))
collections.deque([p])
iter(collections.deque([p]))
collections.namedtuple("N", "a")(p)
context(p)
contextvars.ContextVar("v", default=p)
contextvars.ContextVar("v").set(p)
csv.reader(iter([p]))
csv.writer(added(io.StringIO(), p))
type("D", (csv.excel,), {"p": p})()
ctypes.py_object(p)
(ctypes.py_object * 2)(p, p)
ctypes.pointer(ctypes.py_object(p))
ctypes.CFUNCTYPE(None)(f(p))
type("S", (ctypes.Structure,), {"_fields_": [("a", ctypes.py_object)]})(p)
type("U", (ctypes.Union,), {"_fields_": [("a", ctypes.py_object)]})(p)
decimal.Context(prec=9)
functools.partial(print, p)
functools.partial(print, a=p)
functools.cmp_to_key(f(p))
functools.cmp_to_key(print)(p)
functools.cached_property(f(p))
functools.singledispatch(f(p))
cached(functools.cache, p)
cached(functools.lru_cache(4), p)
io.BufferedRandom(added(io.BytesIO(), p))
io.BufferedReader(added(io.BytesIO(), p))
io.BufferedWriter(added(io.BytesIO(), p))
io.BufferedRWPair(added(io.BytesIO(), p), io.BytesIO())
io.IncrementalNewlineDecoder(f(p), True)
io.TextIOWrapper(added(io.BytesIO(), p))
added(io.BytesIO(), p)
added(io.FileIO("/dev/null"), p)
added(io.StringIO(), p)
io.BytesIO(b"a").getbuffer()
itertools.accumulate([p])
itertools.batched([p], 1)
itertools.chain([p])
itertools.combinations([p], 1)
itertools.combinations_with_replacement([p], 1)
itertools.compress([p], [1])
itertools.count(1, 2)
begun(itertools.cycle([p]))
itertools.dropwhile(f(p), [1])
itertools.filterfalse(f(p), [1])
begun(itertools.groupby([p, p]))
next(itertools.groupby([p, p]))[1]
itertools.islice([p], 1)
itertools.pairwise([p])
itertools.permutations([p])
itertools.product([p])
itertools.repeat(p)
itertools.starmap(f(p), [()])
itertools.takewhile(f(p), [1])
begun(itertools.tee([p, p])[0])
itertools.zip_longest([p], fillvalue=p)
memoryview(b"a")
operator.attrgetter("a.b")
operator.itemgetter(slice(p))
operator.methodcaller("x", p)
operator.methodcaller("x", a=p)
pickler(p)
unpickler(p)
re.compile("a").scanner("a")
re.match("a", "a")
database(p)
database(p).cursor()
database(p).execute("select 1")
sqlite3.Row(database(p).cursor(), (p,))
struct.iter_unpack("b", b"a")
local(p)
parser(p)
element(p)
element(p).iter()
etree.TreeBuilder(f(p))
etree.XMLParser(target=types.SimpleNamespace(start=f(p)))
""".strip().splitlines()


class Own:
    pass


class Slotted:
    __slots__ = ("a",)


class Error(Exception):
    pass


kept = Own()


def f(p):
    return lambda *_: p


def added(made, p):
    made.a = p
    return made


def own(p):
    return added(Own(), p)


def slotted(p):
    return added(Slotted(), p)


def local(p):
    return added(threading.local(), p)


def generator(p):
    yield p


def begun(made):
    next(made)
    return made


def started(p):
    return begun(generator(p))


async def coroutine(p):
    return p


async def agenerator(p):
    yield p


def frame(p):
    return sys._getframe()


def raised(p):
    try:
        raise Error(p)
    except Error as error:
        return error


def done(p):
    made = asyncio.new_event_loop().create_future()
    made.set_result(p)
    return made


def task(p):
    loop = asyncio.new_event_loop()
    made = loop.create_task(coroutine(p))
    loop.run_until_complete(made)
    return made


def scanning(p):
    hooks = dict.fromkeys(["object_hook", "parse_float", "parse_int", "parse_constant"], f(p))
    return types.SimpleNamespace(strict=True, object_pairs_hook=None, **hooks)


def queue(p):
    made = _queue.SimpleQueue()
    made.put(p)
    return made


def context(p):
    made = contextvars.Context()
    made.run(contextvars.ContextVar("v").set, p)
    return made


def cached(cache, p):
    made = cache(f(p))
    made(1)
    return made


def pickler(p):
    made = pickle.Pickler(io.BytesIO())
    made.dispatch_table = {"a": p}
    return made


def unpickler(p):
    made = pickle.Unpickler(io.BytesIO())
    made.memo = {1: p}
    return made


def database(p):
    made = sqlite3.connect(":memory:")
    made.row_factory = f(p)
    made.create_function("f", 1, f(p))
    return made


def parser(p):
    made = expat.ParserCreate()
    made.StartElementHandler = f(p)
    return made


def element(p):
    made = etree.Element("a", {"b": p})
    made.text = p
    made.append(etree.Element("b"))
    return made


found = set()
for kind in KINDS:
    for with_another in (False, True):
        p = {}
        made = eval(kind)
        found.add(type(made))
        if with_another:
            p["another"] = [made]
        p["made"] = made
        del made, p
        gc.collect()
    print("collected", kind, flush=True)
print(len(KINDS), "kinds,", len(found), "types")
