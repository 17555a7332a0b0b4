"""Many small classes: trees of expressions, simplified, derived and evaluated by their methods."""

from __future__ import annotations

from dataclasses import dataclass

SIZE = 300


class Node:
    def value(self, x: float) -> float:
        raise NotImplementedError

    def derived(self) -> Node:
        raise NotImplementedError

    def simple(self) -> Node:
        return self


@dataclass(frozen=True)
class Number(Node):
    number: float

    def value(self, x: float) -> float:
        return self.number

    def derived(self) -> Node:
        return Number(0.0)


class Variable(Node):
    def value(self, x: float) -> float:
        return x

    def derived(self) -> Node:
        return Number(1.0)


@dataclass(frozen=True)
class Pair(Node):
    left: Node
    right: Node


class Sum(Pair):
    def value(self, x: float) -> float:
        return self.left.value(x) + self.right.value(x)

    def derived(self) -> Node:
        return Sum(self.left.derived(), self.right.derived())

    def simple(self) -> Node:
        left, right = self.left.simple(), self.right.simple()
        if isinstance(left, Number) and isinstance(right, Number):
            return Number(left.number + right.number)
        if left == Number(0.0):
            return right
        return left if right == Number(0.0) else Sum(left, right)


class Product(Pair):
    def value(self, x: float) -> float:
        return self.left.value(x) * self.right.value(x)

    def derived(self) -> Node:
        left, right = self.left, self.right
        return Sum(Product(left.derived(), right), Product(left, right.derived()))

    def simple(self) -> Node:
        left, right = self.left.simple(), self.right.simple()
        if Number(0.0) in (left, right):
            return Number(0.0)
        if left == Number(1.0):
            return right
        return left if right == Number(1.0) else Product(left, right)


def polynomial(degree: int) -> Node:
    tree: Node = Number(1.0)
    for power in range(degree):
        tree = Sum(Product(tree, Variable()), Number(power % 5 - 2.0))
    return tree


def run(size: int) -> object:
    total = 0.0
    for number in range(size):
        tree = polynomial(6 + number % 3)
        slope = tree.derived().simple()
        total += sum(slope.value(x / 8) - tree.value(x / 8) for x in range(8))
    return round(total, 6)
