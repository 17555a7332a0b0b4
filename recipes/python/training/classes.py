"""Objects: methods, properties, slots, operators, inheritance, exceptions, pattern matching."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple


class Kind(enum.Enum):
    NUMBER = "number"
    NAME = "name"
    SIGN = "sign"
    END = "end"


class Token(NamedTuple):
    kind: Kind
    text: str


class Machine:
    """A stack machine, with a method for each instruction."""

    __slots__ = ("names", "stack", "steps")

    def __init__(self, names: dict[str, int]) -> None:
        self.names = names
        self.stack: list[int] = []
        self.steps = 0

    def push(self, value: int) -> None:
        self.stack.append(value)

    def pop(self) -> int:
        return self.stack.pop()

    def execute(self, code: list[tuple[str, int | str]]) -> int:
        for name, argument in code:
            self.steps += 1
            getattr(self, "do_" + name)(argument)
        return self.pop()

    def do_constant(self, value: int) -> None:
        self.push(value)

    def do_load(self, name: str) -> None:
        try:
            self.push(self.names[name])
        except KeyError:
            self.push(0)

    def do_sign(self, sign: str) -> None:
        right, left = self.pop(), self.pop()
        if sign == "+":
            self.push(left + right)
        elif sign == "-":
            self.push(left - right)
        elif sign == "*":
            self.push(left * right % 1_000_003)
        else:
            self.push(left // right if right else 0)


class Reader:
    """Infix to the machine's code, by recursive descent."""

    def __init__(self, text: str) -> None:
        self._tokens = self._split(text)
        self._token = next(self._tokens)

    def _split(self, text: str) -> Iterator[Token]:
        place = 0
        while place < len(text):
            start = place
            if text[place].isdigit():
                while place < len(text) and text[place].isdigit():
                    place += 1
                yield Token(Kind.NUMBER, text[start:place])
            elif text[place].isalpha():
                while place < len(text) and text[place].isalnum():
                    place += 1
                yield Token(Kind.NAME, text[start:place])
            elif text[place] == " ":
                place += 1
            else:
                place += 1
                yield Token(Kind.SIGN, text[start])
        yield Token(Kind.END, "")

    def _take(self) -> Token:
        token = self._token
        if token.kind is not Kind.END:
            self._token = next(self._tokens)
        return token

    def sum(self) -> list[tuple[str, int | str]]:
        code = self.product()
        while self._token.text in ("+", "-"):
            sign = self._take().text
            code = [*code, *self.product(), ("sign", sign)]
        return code

    def product(self) -> list[tuple[str, int | str]]:
        code = self.atom()
        while self._token.text in ("*", "/"):
            sign = self._take().text
            code = [*code, *self.atom(), ("sign", sign)]
        return code

    def atom(self) -> list[tuple[str, int | str]]:
        match self._take():
            case Token(Kind.NUMBER, text):
                return [("constant", int(text))]
            case Token(Kind.NAME, text):
                return [("load", text)]
            case Token(Kind.SIGN, "("):
                code = self.sum()
                self._take()
                return code
            case token:
                raise SyntaxError(f"`{token.text}` is out of place")


class Shape:
    count = 0

    def __init__(self, name: str) -> None:
        self.name = name
        Shape.count += 1

    @property
    def area(self) -> float:
        raise NotImplementedError

    def __lt__(self, other: Shape) -> bool:
        return self.area < other.area

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, {self.area:.2f})"


class Square(Shape):
    def __init__(self, name: str, side: float) -> None:
        super().__init__(name)
        self.side = side

    @property
    def area(self) -> float:
        return self.side**2


class Circle(Shape):
    def __init__(self, name: str, radius: float) -> None:
        super().__init__(name)
        self._radius = radius

    @property
    def area(self) -> float:
        return 3.14159 * self._radius**2


@dataclass(order=True)
class Account:
    number: int
    owner: str = field(compare=False)
    balance: int = field(default=0, compare=False)
    entries: list[int] = field(default_factory=list, compare=False)

    def book(self, amount: int) -> None:
        if self.balance + amount < 0:
            raise ValueError(f"account {self.number} has only {self.balance}")
        self.balance += amount
        self.entries.append(amount)


class Tree:
    """A search tree without balance."""

    def __init__(self, key: int) -> None:
        self.key = key
        self.left: Tree | None = None
        self.right: Tree | None = None

    def insert(self, key: int) -> None:
        node = self
        while True:
            if key < node.key:
                if node.left is None:
                    node.left = Tree(key)
                    return
                node = node.left
            else:
                if node.right is None:
                    node.right = Tree(key)
                    return
                node = node.right

    def __iter__(self) -> Iterator[int]:
        if self.left is not None:
            yield from self.left
        yield self.key
        if self.right is not None:
            yield from self.right

    def depth(self) -> int:
        left = self.left.depth() if self.left else 0
        right = self.right.depth() if self.right else 0
        return 1 + max(left, right)


def bank(rounds: int) -> int:
    accounts = [Account(n, f"owner {n}", 100) for n in range(20)]
    refused = 0
    for n in range(rounds):
        try:
            accounts[n % 20].book(n % 37 - 20)
        except ValueError as error:
            refused += len(str(error))
    return refused + sum(account.balance for account in sorted(accounts, reverse=True))


def run() -> None:
    names = {"a": 3, "b": 4, "longer": 50}
    code = Reader("(a + b * 12) * (longer - 7) / 3 - unknown + 2 * (a * (b + 1))").sum()
    machine = Machine(names)
    for n in range(400):
        names["a"] = n
        machine.execute(code)
    for n in range(150):
        Reader(f"a{n} + 12 * (b - {n} / 3) * longer").sum()
    shapes: list[Shape] = []
    for n in range(1500):
        shapes.append(Square(f"s{n}", n % 17) if n % 2 else Circle(f"c{n}", n % 13))
    shapes.sort()
    sum(len(repr(shape)) for shape in shapes)
    sum(shape.area for shape in shapes if isinstance(shape, Square))
    bank(5000)
    tree = Tree(500)
    for n in range(3000):
        tree.insert(n * 7919 % 10007)
    sum(tree)
    tree.depth()
