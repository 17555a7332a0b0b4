"""Runs in the box: one module of CPython's test package, each outcome said as it comes.

`python inside.py test_os [LEFT-OUT ...]`: lines `OUTCOME TEST-ID`, then `done`. A test that hangs
or ends the program is the last one that was begun. Left out are tests or classes, by their names.
"""

from __future__ import annotations

import importlib
import sys
import traceback
import unittest


class Telling(unittest.TestResult):
    """Says each outcome at once. Subtests that fail make their test fail."""

    def __init__(self) -> None:
        super().__init__()
        self._bad: dict[str, str] = {}

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self._said = False
        tell("begin", test.id())

    def stopTest(self, test: unittest.TestCase) -> None:
        super().stopTest(test)
        if not self._said:
            tell("ok", test.id())

    def _say(self, outcome: str, test: unittest.TestCase, detail: str = "") -> None:
        self._said = True
        tell(outcome, test.id(), detail)

    def addError(self, test, err) -> None:  # type: ignore[no-untyped-def]
        super().addError(test, err)
        self._say("error", test, last_line(err))

    def addFailure(self, test, err) -> None:  # type: ignore[no-untyped-def]
        super().addFailure(test, err)
        self._say("fail", test, last_line(err))

    def addSkip(self, test, reason) -> None:  # type: ignore[no-untyped-def]
        super().addSkip(test, reason)
        self._say("skip", test, reason)

    def addExpectedFailure(self, test, err) -> None:  # type: ignore[no-untyped-def]
        super().addExpectedFailure(test, err)
        self._say("ok", test)

    def addUnexpectedSuccess(self, test) -> None:  # type: ignore[no-untyped-def]
        super().addUnexpectedSuccess(test)
        self._say("fail", test, "unexpected success")

    def addSubTest(self, test, subtest, err) -> None:  # type: ignore[no-untyped-def]
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._say("fail", test, last_line(err))


def last_line(err) -> str:  # type: ignore[no-untyped-def]
    lines = "".join(traceback.format_exception(*err)).strip().splitlines()
    places = [line.strip() for line in lines if line.startswith("  File ")]
    return f"{lines[-1]} ({places[-1] if places else ''})"


def tell(outcome: str, name: str, detail: str = "") -> None:
    text = " ".join(detail.split())[:300]
    # A class that cannot be set up is `setUpClass (name)`.
    name = name.replace(" ", ":")
    stream = sys.__stdout__
    assert stream is not None
    stream.write(f"{outcome} {name} {text}\n".encode("ascii", "replace").decode())
    stream.flush()


def without(suite: unittest.TestSuite, names: frozenset[str]) -> unittest.TestSuite:
    """The same suite, but for tests and classes of these names."""
    kept = unittest.TestSuite()
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            kept.addTest(without(test, names))
        elif not {test.id(), test.id().rpartition(".")[0]} & names:
            kept.addTest(test)
    return kept


def main() -> None:
    support = importlib.import_module("test.support")
    setup = importlib.import_module("test.libregrtest.setup")
    vars(support)["use_resources"] = []
    # Threads take turns here: what the other side has not done after this long it will never do.
    vars(support)["LOOPBACK_TIMEOUT"] = 0.5
    sys.stdout = sys.stderr
    setup.setup_process()
    omitted = frozenset(sys.argv[2:])
    try:
        suite = unittest.defaultTestLoader.loadTestsFromName(f"test.{sys.argv[1]}")
        (without(suite, omitted) if omitted else suite).run(Telling())
    except unittest.SkipTest as skip:  # the module as a whole
        tell("skip", f"test.{sys.argv[1]}", str(skip))
    tell("done", sys.argv[1])


if __name__ == "__main__":
    main()
