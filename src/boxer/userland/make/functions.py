"""The functions of a makefile: $(wildcard ..), $(patsubst ..), $(shell ..) ..

Belongs here: what each gives. Does not: expansion (`variables`).

Source: GNU make manual, chapter 8. `guile`, `load` and `file` are not there.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable

from boxer.userland.make.host import Host, MakeError
from boxer.userland.make.patterns import match, substitute
from boxer.userland.make.variables import Variable, Variables

# Arguments of these stay as they are written until the function asks for them.
_MANY = 10_000
# Characters of one argument times those of another: what a function makes of both, or the pairs it
# looks at, is not more.
_MOST_PAIRS = 1 << 30
_DIGITS = 18


def install(
    variables: Variables,
    host: Host,
    read: Callable[[str], None],
    environment: Callable[[], dict[str, str]],
) -> None:
    """Gives the variables their functions. read: takes lines of a makefile, for $(eval)."""
    texts = _TextFunctions(variables)
    files = _FileFunctions(variables, host, environment)
    control = _ControlFunctions(variables, host, read)
    for group in (texts, files, control):
        variables.functions.update(group.table())


class _Group:
    def __init__(self, variables: Variables) -> None:
        self.variables = variables

    def arguments(self, text: str, most: int) -> list[str]:
        return [self.variables.expand(part) for part in split_arguments(text, most)]

    def plain(self, count: int, function: Callable[..., str]) -> Callable[[str], str]:
        """A function of `count` texts, expanded; missing ones are empty."""

        def call(text: str) -> str:
            given = self.arguments(text, count)
            if len(given) > 1 and len(given[-1]) * len(given[-2]) > _MOST_PAIRS:
                raise MakeError("*** a function's arguments are too large.  Stop.")
            return function(*given, *[""] * (count - len(given)))

        return call


class _TextFunctions(_Group):
    def table(self) -> dict[str, Callable[[str], str]]:
        one, two, three = 1, 2, 3
        return {
            "subst": self.plain(
                three, lambda old, new, text: text.replace(old, new) if old else text + new
            ),
            "patsubst": self.plain(
                three, lambda p, r, text: _each(text, lambda w: substitute(p, r, w))
            ),
            "strip": self.plain(one, lambda text: " ".join(text.split())),
            "findstring": self.plain(two, lambda wanted, text: wanted if wanted in text else ""),
            "filter": self.plain(two, lambda p, text: _kept(p, text, True)),
            "filter-out": self.plain(two, lambda p, text: _kept(p, text, False)),
            "sort": self.plain(one, lambda text: " ".join(sorted(set(text.split())))),
            "word": self.plain(two, _word),
            "wordlist": self.plain(three, _wordlist),
            "words": self.plain(one, lambda text: str(len(text.split()))),
            "firstword": self.plain(one, lambda text: "".join(text.split()[:1])),
            "lastword": self.plain(one, lambda text: "".join(text.split()[-1:])),
            "join": self.plain(two, _join),
            "addprefix": self.plain(two, lambda p, text: _each(text, lambda w: p + w)),
            "addsuffix": self.plain(two, lambda s, text: _each(text, lambda w: w + s)),
            "dir": self.plain(one, lambda text: _each(text, _dir)),
            "notdir": self.plain(one, lambda text: _each(text, lambda w: w.rpartition("/")[2])),
            "basename": self.plain(
                one, lambda text: _each(text, lambda w: posixpath.splitext(w)[0])
            ),
            "suffix": self.plain(one, lambda text: " ".join((_each(text, _suffix)).split())),
        }


class _FileFunctions(_Group):
    def __init__(
        self, variables: Variables, host: Host, environment: Callable[[], dict[str, str]]
    ) -> None:
        super().__init__(variables)
        self._host = host
        self._environment = environment

    def table(self) -> dict[str, Callable[[str], str]]:
        return {
            "wildcard": self.plain(1, self._wildcard),
            "abspath": self.plain(1, lambda text: _each(text, self._absolute)),
            "realpath": self.plain(1, lambda text: " ".join(_each(text, self._host.real).split())),
            "shell": self.plain(1, self._shell),
        }

    def _wildcard(self, text: str) -> str:
        return " ".join(name for pattern in text.split() for name in self._host.glob(pattern))

    def _absolute(self, word: str) -> str:
        return posixpath.normpath(posixpath.join(self._host.cwd, word))

    def _shell(self, script: str) -> str:
        ran = self._host.shell(script, self._environment())
        self.variables.define(".SHELLSTATUS", str(ran.status), False, "override")
        self._host.write(b"", ran.err)
        text = ran.out.decode("utf-8", "surrogateescape").rstrip("\n")
        return text.replace("\n", " ")


class _ControlFunctions(_Group):
    def __init__(self, variables: Variables, host: Host, read: Callable[[str], None]) -> None:
        super().__init__(variables)
        self._host = host
        self._read = read

    def table(self) -> dict[str, Callable[[str], str]]:
        return {
            "if": self._if,
            "or": self._or,
            "and": self._and,
            "foreach": self._foreach,
            "call": self._call,
            "eval": self.plain(1, self._eval),
            "value": self.plain(1, self._raw),
            "origin": self.plain(1, self._origin),
            "flavor": self.plain(1, self._flavor),
            "info": self.plain(1, self._info),
            "warning": self.plain(1, self._warning),
            "error": self.plain(1, self._error),
        }

    def _if(self, text: str) -> str:
        condition, *branches = split_arguments(text, 3)
        chosen = 0 if self.variables.expand(condition.strip()) else 1
        return self.variables.expand(branches[chosen]) if chosen < len(branches) else ""

    def _or(self, text: str) -> str:
        values = (self.variables.expand(part.strip()) for part in split_arguments(text, _MANY))
        return next((value for value in values if value), "")

    def _and(self, text: str) -> str:
        value = ""
        for part in split_arguments(text, _MANY):
            value = self.variables.expand(part.strip())
            if not value:
                return ""
        return value

    def _foreach(self, text: str) -> str:
        parts = split_arguments(text, 3)
        if len(parts) < 3:
            raise MakeError("*** insufficient number of arguments to function 'foreach'.  Stop.")
        name = self.variables.expand(parts[0]).strip()
        found = []
        for word in self.variables.expand(parts[1]).split():
            with self.variables.scope({name: Variable(word, False, "automatic")}):
                found.append(self.variables.expand(parts[2]))
                self.variables.count(len(found[-1]))
        return " ".join(found)

    def _call(self, text: str) -> str:
        name, *given = self.arguments(text, _MANY)
        name = name.strip()
        if name in self.variables.functions:
            return self.variables.functions[name](",".join(given))
        found = self.variables.find(name)
        if found is None:
            return ""
        # Arguments that were not given do not show those of an outer call.
        values = [name, *given, *[""] * max(0, 9 - len(given))]
        numbered = {str(n): Variable(value, False, "automatic") for n, value in enumerate(values)}
        with self.variables.scope(numbered):
            return self.variables.expand(found.value)

    def _eval(self, text: str) -> str:
        self._read(text)
        return ""

    def _raw(self, name: str) -> str:
        found = self.variables.find(name)
        return found.value if found else ""

    def _origin(self, name: str) -> str:
        found = self.variables.find(name)
        return found.origin if found else "undefined"

    def _flavor(self, name: str) -> str:
        found = self.variables.find(name)
        if found is None:
            return "undefined"
        return "recursive" if found.recursive else "simple"

    def _info(self, text: str) -> str:
        self._host.write((text + "\n").encode("utf-8", "surrogateescape"))
        return ""

    def _warning(self, text: str) -> str:
        self._host.complain(text)
        return ""

    def _error(self, text: str) -> str:
        raise MakeError(f"*** {text}.  Stop.")


def split_arguments(text: str, most: int) -> list[str]:
    """A function's arguments: at commas outside references and parentheses, the last one whole."""
    parts: list[str] = []
    depth = 0
    start = 0
    for place, letter in enumerate(text):
        if letter in "({":
            depth += 1
        elif letter in ")}":
            depth -= 1
        elif letter == "," and depth == 0 and len(parts) < most - 1:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]


def _each(text: str, change: Callable[[str], str]) -> str:
    return " ".join(change(word) for word in text.split())


def _kept(patterns: str, text: str, wanted: bool) -> str:
    listed = patterns.split()

    def matches(word: str) -> bool:
        return any(match(pattern, word) is not None for pattern in listed)

    return " ".join(word for word in text.split() if matches(word) is wanted)


def _number(text: str, function: str) -> int:
    if not text.strip().isdecimal() or len(text) > _DIGITS:
        raise MakeError(f"*** non-numeric argument to '{function}' function: '{text}'.  Stop.")
    return int(text)


def _word(number: str, text: str) -> str:
    at = _number(number, "word")
    return "".join(text.split()[at - 1 : at]) if at else ""


def _wordlist(first: str, last: str, text: str) -> str:
    start, end = _number(first, "wordlist"), _number(last, "wordlist")
    return " ".join(text.split()[max(start, 1) - 1 : end])


def _join(first: str, second: str) -> str:
    left, right = first.split(), second.split()
    longest = max(len(left), len(right))
    padded = ([*words, *[""] * (longest - len(words))] for words in (left, right))
    return " ".join(a + b for a, b in zip(*padded, strict=True))


def _dir(word: str) -> str:
    folder, slash, _ = word.rpartition("/")
    return folder + slash or "./"


def _suffix(word: str) -> str:
    return posixpath.splitext(word)[1]


def joined(words: Iterable[str]) -> str:
    """Words without their repetitions, in order: `$^`."""
    return " ".join(dict.fromkeys(words))
