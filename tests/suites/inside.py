"""Runs in the box: a package's own tests under pytest, each outcome said as it comes.

`python inside.py SETTINGS`: lines `OUTCOME TEST-ID`, then `done` where pytest came to its end, as
tests/conformance reads them. SETTINGS are JSON: arguments, pytest's; options, those of a package's
own conftest, which pytest finds after it has read its command line; behind, after which test to
begin.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import signal
import sys
from typing import Any

import pytest

# Workers of tests import this as their parent's main module.
SETTINGS: dict[str, Any] = json.loads(sys.argv[1]) if __name__ == "__main__" else {}
ARGUMENTS = ("-q", "-p", "no:cacheprovider", "-W", "ignore", "--tb=short")
# pytest takes descriptor 1 while a test runs, and tests replace os.write.
TOLD, WRITE = os.dup(1), os.write


# pytest's exit statuses where it has come to its end: all well, some failed, there were none.
ENDED = (0, 1, 5)


class Telling:
    """Says each outcome at once."""

    def pytest_configure(self, config: pytest.Config) -> None:
        for name, value in SETTINGS["options"].items():
            setattr(config.option, name, value)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        names = [said(item.nodeid) for item in items]
        if SETTINGS["behind"] in names:
            del items[: names.index(SETTINGS["behind"]) + 1]

    def pytest_runtest_logstart(self, nodeid: str, location: object) -> None:
        tell("begin", nodeid)

    def pytest_runtest_logreport(self, report: Any) -> None:
        expected = hasattr(report, "wasxfail")
        if report.failed and not expected:
            tell("fail", report.nodeid, str(report.longrepr))
        elif report.skipped and not expected:
            tell("skip", report.nodeid, str(report.longrepr))
        elif report.when == "call":
            tell("ok", report.nodeid)

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            tell("fail", report.nodeid or "collection", str(report.longrepr))


def said(name: str) -> str:
    """As one word, which the parameters of a test may not be."""
    return name.replace(" ", "_").encode("ascii", "backslashreplace").decode()


def tell(outcome: str, name: str, detail: str = "") -> None:
    """detail: its last words."""
    text = " ".join(detail.split())[-300:].encode("ascii", "backslashreplace")
    WRITE(TOLD, f"\n{outcome} {said(name)} ".encode() + text + b"\n")


if __name__ == "__main__":
    with contextlib.suppress(AttributeError):  # where there are no signals
        faulthandler.register(signal.SIGUSR1, file=os.dup(2), chain=True)
        # Ignored where this was started in the background.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    status = pytest.main([*ARGUMENTS, *SETTINGS["arguments"]], plugins=[Telling()])
    if status not in ENDED:
        sys.exit(status)
    tell("done", "pytest")
