"""Earlier versions that need no build, in the place of newest ones that cannot be built."""

from __future__ import annotations

import pytest

from boxer.errors import BoxerError, PackageBuildError
from boxer.packages import obtain
from boxer.packages.resolve import ASKED, Locked, Question

QUESTION = Question(lines=["daphne"], python_version="3.13")
# package, its version, the last one with a wheel, who needs it -> the limit, or none
CASES = [
    (("cbor2", "6.3.0", "5.9.0", "autobahn"), ["cbor2<=5.9.0"]),
    (("cbor2", "6.3.0", "5.9.0", ASKED), None),  # another major version has another interface
    (("cbor2", "6.3.0", "6.1.0", ASKED), ["cbor2<=6.1.0"]),
    (("cbor2", "0.7.1", "0.6.0", ASKED), None),
    (("cbor2", "6.3.0", None, "autobahn"), None),
]


@pytest.mark.parametrize(("case", "limits"), CASES)
def test_another_line_is_taken_of_what_only_others_need(
    case: tuple[str, str, str | None, str],
    limits: list[str] | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name, version, earlier, needed_by = case
    monkeypatch.setattr(obtain, "requirers", lambda *_: {name: [needed_by], "autobahn": [ASKED]})
    monkeypatch.setattr(obtain, "next_with_wheel", lambda *_: None)
    monkeypatch.setattr(obtain, "last_with_wheel", lambda *_: earlier)
    failed: list[tuple[Locked, BoxerError]] = [
        (Locked(name, version), PackageBuildError("it cannot be built"))
    ]
    error = obtain._unbuilt(failed, QUESTION, {})
    if limits is None:
        assert isinstance(error, BoxerError)
        assert earlier is None or f"`{name}=={earlier}`" in (error.hint or "")
    else:
        assert isinstance(error, obtain.EarlierError)
        assert error.limits == limits
