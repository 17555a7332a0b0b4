"""How the checks of a service's health are counted: docker's HEALTHCHECK.

Belongs here: when the next check is due, and what its result means. Does not: running one
(`supervisor`). Times are seconds of any steady clock.

Source: Dockerfile reference, HEALTHCHECK; moby's daemon/health.go.
"""

from __future__ import annotations

from typing import Any

from boxer.services.records import Health, State

# docker keeps as many results, and as much of what a check wrote.
KEPT, OUTPUT = 5, 4096
TIMED_OUT = -1


class Monitor:
    """The health of one life, written to its state. now: when the life began."""

    def __init__(self, health: Health, state: State, now: float) -> None:
        self._health, self._state = health, state
        self._began = now
        state.health, state.failing, state.checks = "starting", 0, []
        self.due = now + self._pause(now)

    def take(self, result: dict[str, Any], exit_code: int, now: float) -> None:
        """A check has ended: 0 is healthy, all else is not. now: its end."""
        state = self._state
        state.checks = [*(state.checks or []), {**result, "exit_code": exit_code}][-KEPT:]
        if exit_code == 0:
            state.health, state.failing = "healthy", 0
        elif not self._is_starting(now):
            state.failing += 1
            if state.failing >= self._health.retries:
                state.health = "unhealthy"
        self.due = now + self._pause(now)

    def _is_starting(self, now: float) -> bool:
        """A check that fails in the start period counts for nothing, until one has passed."""
        return self._state.health == "starting" and now - self._began < self._health.start_period

    def _pause(self, now: float) -> float:
        if self._health.start_period and self._is_starting(now):
            return min(self._health.start_interval, self._health.interval)
        return self._health.interval
