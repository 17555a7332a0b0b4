"""Float arithmetic on attributes: bodies that attract each other, stepped in time."""

from __future__ import annotations

SIZE = 10_000


class Body:
    __slots__ = ("mass", "vx", "vy", "vz", "x", "y", "z")

    def __init__(self, place: tuple[float, float, float], mass: float) -> None:
        self.x, self.y, self.z = place
        self.vx, self.vy, self.vz = 0.01 * self.y, -0.02 * self.x, 0.005
        self.mass = mass


def run(size: int) -> object:
    bodies = [Body((3.0 * n, 7.0 - 2.0 * n, 0.5 * n), 1.0 + n * 0.25) for n in range(5)]
    pairs = [(a, b) for n, a in enumerate(bodies) for b in bodies[n + 1 :]]
    for _ in range(size):
        step(bodies, pairs, 0.001)
    return round(energy(bodies, pairs), 9)


def step(bodies: list[Body], pairs: list[tuple[Body, Body]], dt: float) -> None:
    for a, b in pairs:
        dx, dy, dz = a.x - b.x, a.y - b.y, a.z - b.z
        pull = dt * (dx * dx + dy * dy + dz * dz) ** -1.5
        to_a, to_b = b.mass * pull, a.mass * pull
        a.vx -= dx * to_a
        a.vy -= dy * to_a
        a.vz -= dz * to_a
        b.vx += dx * to_b
        b.vy += dy * to_b
        b.vz += dz * to_b
    for body in bodies:
        body.x += dt * body.vx
        body.y += dt * body.vy
        body.z += dt * body.vz


def energy(bodies: list[Body], pairs: list[tuple[Body, Body]]) -> float:
    total = sum(0.5 * b.mass * (b.vx**2 + b.vy**2 + b.vz**2) for b in bodies)
    for a, b in pairs:
        distance = ((a.x - b.x) ** 2 + (a.y - b.y) ** 2 + (a.z - b.z) ** 2) ** 0.5
        total -= a.mass * b.mass / distance
    return total
