import gc
import sys

from state import Plain, kept, lost, plain, squared

gc.set_threshold(1)
dictionary = kept.pop("dictionary of seen")
watched = kept.pop("watched")
for name in ("inline", "seen", "cyclic", "final", "slotted"):
    del kept[name]
gc.collect()
assert dictionary == {"name": "seen", "held": ["b"]}, dictionary
dictionary["held"].append("c"), dictionary.update(more=[1])
assert watched() is None and "seen" in lost and "final" in lost, lost
assert "seen" not in kept["weak values"]
for n in range(40):
    assert squared((n, "key")) == [n * n]
    assert squared((n, "".join(["k", "ey"]))) == [n * n]
assert squared.cache_info().currsize == 3
squared.cache_clear()
assert [n for n in kept.pop("generator")] == [[1], [2], [3], [4]]
assert list(kept.pop("enumerated")) == [(1, "y"), (2, "z")]
assert list(kept.pop("zipped")) == [("b", "b"), ("c", "c")]
assert list(kept.pop("items")) == [(n, n) for n in range(1, 5)]
ordered = kept.pop("ordered")
ordered.move_to_end(0), ordered.popitem(), ordered.update({9: [9]})
assert list(ordered) == [1, 2, 3, 4, 9]
queue = kept.pop("queue")
for n in range(20):
    queue.append([n]), queue.rotate()
first, second = kept.pop("tee")
assert list(first) == list(second) == [[1], [2], [3]]
text = kept.pop("text")
assert sys.intern(text) is sys.intern("not" + " interned")
text += "!"
assert kept.pop("function")() == ["default"]
made = kept.pop("class")
below = type("Below", (made,), {})
assert below().held == ["class"]
made.held = ["changed"]
assert below().held == ["changed"]
del below, made
gc.collect()
assert all(kind.__name__ != "Below" for kind in Plain.__subclasses__())
instances, dictionaries = kept.pop("instances"), kept.pop("dictionaries")
while instances:
    one = instances.pop()
    one.more = plain(back=one)
    del one
assert [found["n"] for found in dictionaries] == list(range(0, 50, 2))
assert all(found["held"] == [found["n"]] for found in dictionaries)
for found in dictionaries:
    found.clear()
gc.unfreeze()
gc.collect()
gc.freeze()
gc.collect()
kept.clear()
gc.collect()
print("all as it was, and let go:", sorted(lost))
