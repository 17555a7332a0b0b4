"""What is made before the freeze: its containers are immortal, its instances are not."""

import collections, functools, itertools, weakref


class Plain:
    pass


class Final:
    def __del__(self):
        lost.append(self.name)


class Slotted:
    __slots__ = ("held", "__weakref__")


lost = []
kept = {}


@functools.lru_cache(maxsize=3)
def squared(pair):
    return [pair[0] * pair[0]]


def plain(**values):
    made = Plain()
    for name, value in values.items():
        setattr(made, name, value)
    return made


def counting(limit):
    for n in range(limit):
        yield [n]


def made():
    kept["inline"] = plain(name="inline", held=["a"])
    seen = plain(name="seen", held=["b"])
    kept["seen"], kept["dictionary of seen"] = seen, vars(seen)
    cyclic = plain(name="cyclic")
    cyclic.itself, cyclic.dictionary = cyclic, vars(cyclic)
    kept["cyclic"] = cyclic
    final = Final()
    final.name = "final"
    kept["final"] = final
    kept["watched"] = weakref.ref(seen, lambda _: lost.append("seen"))
    kept["weak values"] = weakref.WeakValueDictionary(seen=seen, cyclic=cyclic)
    slotted = Slotted()
    slotted.held = [slotted]
    kept["slotted"] = slotted
    for n in range(3):
        squared((n, "key"))
    kept["generator"] = counting(5)
    next(kept["generator"])
    kept["enumerated"] = enumerate(["x", "y", "z"])
    next(kept["enumerated"])
    kept["zipped"] = zip("abc", "abc")
    next(kept["zipped"])
    kept["items"] = iter({n: n for n in range(5)}.items())
    next(kept["items"])
    kept["ordered"] = collections.OrderedDict((n, [n]) for n in range(5))
    kept["queue"] = collections.deque(([n] for n in range(5)), maxlen=5)
    kept["tee"] = itertools.tee(iter([[1], [2], [3]]))
    kept["text"] = "".join(["not", " interned"])
    kept["function"] = lambda held=["default"]: held
    kept["class"] = type("Made", (Plain,), {"held": ["class"]})
    kept["instances"] = [plain(n=n, held=[n]) for n in range(50)]
    kept["dictionaries"] = [vars(one) for one in kept["instances"][::2]]
