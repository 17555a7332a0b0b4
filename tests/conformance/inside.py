"""Runs in the box: one module of CPython's test package, each outcome said as it comes.

`python inside.py test_os SETTINGS`: lines `OUTCOME TEST-ID`, then `done`. A test that hangs or ends
the program is the last one that was begun; `class:NAME` is what is done before a class's tests.
SETTINGS are JSON: left_out, tests or classes by name; behind, after which test to begin; only, a
pattern of names; resources, CPython's word for what a test may use.
"""

from __future__ import annotations

import importlib
import json
import sys
import traceback
import unittest
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any


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


def said(name: str) -> str:
    """As one word: a class that cannot be set up is `setUpClass (name)`."""
    return name.replace(" ", ":")


def tell(outcome: str, name: str, detail: str = "") -> None:
    text = " ".join(detail.split())[:300]
    stream = sys.__stdout__
    assert stream is not None
    stream.write(f"{outcome} {said(name)} {text}\n".encode("ascii", "replace").decode())
    stream.flush()


class Told(unittest.TestSuite):
    """Stands before a class's tests: its setUpClass may hang too."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def run(self, result: unittest.TestResult, debug: bool = False) -> unittest.TestResult:
        tell("begin", self.name)
        return result


def tests_of(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from tests_of(test)
        else:
            yield test


def class_of(test: unittest.TestCase) -> str:
    return "class:" + test.id().rpartition(".")[0]


def after(tests: list[unittest.TestCase], name: str) -> list[unittest.TestCase]:
    """Those behind a test or a class that was said."""
    places = [i for i, test in enumerate(tests) if name in (said(test.id()), class_of(test))]
    return tests[places[-1] + 1 :] if places else tests


def chosen(suite: unittest.TestSuite, settings: dict[str, Any]) -> unittest.TestSuite:
    """The tests to run, in their order."""
    kept, last = unittest.TestSuite(), ""
    for test in after(list(tests_of(suite)), settings["behind"]):
        if {test.id(), class_of(test).removeprefix("class:")} & set(settings["left_out"]):
            continue
        if not fnmatchcase(test.id(), settings["only"]):
            continue
        if class_of(test) != last:
            last = class_of(test)
            kept.addTest(Told(last))
        kept.addTest(test)
    return kept


def main() -> None:
    module, settings = sys.argv[1], json.loads(sys.argv[2])
    support = importlib.import_module("test.support")
    setup = importlib.import_module("test.libregrtest.setup")
    vars(support)["use_resources"] = settings["resources"]
    sys.stdout = sys.stderr
    setup.setup_process()
    try:
        suite = unittest.defaultTestLoader.loadTestsFromName(f"test.{module}")
        chosen(suite, settings).run(Telling())
    except unittest.SkipTest as skip:  # the module as a whole
        tell("skip", f"test.{module}", str(skip))
    tell("done", module)


if __name__ == "__main__":
    main()
