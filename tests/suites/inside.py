"""Runs in the box: one module of a package's own tests under pytest, each outcome said as it comes.

`python inside.py MODULE [OPTION=JSON ...]`: lines `OUTCOME TEST-ID`, then `done` where pytest came
to its end, which tests/conformance reads. The options are those of the package's own conftest,
which pytest finds after it has read its command line.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

SETTINGS = ("-q", "-p", "no:cacheprovider", "-W", "ignore", "--tb=short", "--pyargs")


# pytest's exit statuses where it has come to its end: all well, some failed, there were none.
ENDED = (0, 1, 5)


class Telling:
    """Says each outcome at once."""

    def pytest_configure(self, config: pytest.Config) -> None:
        for word in sys.argv[2:]:
            name, _, value = word.partition("=")
            setattr(config.option, name, json.loads(value))

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


def tell(outcome: str, name: str, detail: str = "") -> None:
    """name: without spaces, which the parameters of a test may have. detail: its last words."""
    text = " ".join(detail.split())[-300:]
    line = f"{outcome} {name.replace(' ', '_')} {text}\n"
    stream = sys.__stdout__
    assert stream is not None
    stream.write("\n" + line.encode("ascii", "backslashreplace").decode())
    stream.flush()


if __name__ == "__main__":
    status = pytest.main([*SETTINGS, sys.argv[1]], plugins=[Telling()])
    if status not in ENDED:
        sys.exit(status)
    tell("done", sys.argv[1])
