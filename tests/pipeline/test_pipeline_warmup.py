"""What the user says of the time before the freeze."""

from __future__ import annotations

import pytest

from boxer.boxfile import ImageConfig
from boxer.errors import WarmupError
from boxer.pipeline.imports import Imports
from boxer.pipeline.warmup import warmup

PROGRAM = Imports(("json", "re"), ("flask",))


def steps(option: str | None = None, **labels: str) -> tuple[str, ...]:
    named = tuple((f"boxer.{name}", value) for name, value in labels.items())
    return warmup(ImageConfig(labels=named), ("io", "re"), PROGRAM, option)


def test_everything_the_program_imports_is_imported_once_and_in_order() -> None:
    assert steps() == ("io", "re", "json", "flask")


@pytest.mark.parametrize(
    ("kind", "imported"),
    [
        ("packages", ("io", "re", "json", "flask")),
        ("library", ("io", "re", "json")),
        ("none", ("io", "re")),
    ],
)
def test_a_label_says_what_is_imported(kind: str, imported: tuple[str, ...]) -> None:
    assert steps(preimport=kind) == imported


def test_the_users_own_set_up_comes_last() -> None:
    assert steps(init="app.setup:main")[-1] == "app.setup:main"


def test_an_option_replaces_the_label() -> None:
    assert steps("other:run", init="app:main")[-1] == "other:run"


@pytest.mark.parametrize("bad", ["app", "app:", ":f", "app f:g", "app:f()", "1app:f", "a..b:f"])
def test_what_is_no_function_is_refused(bad: str) -> None:
    with pytest.raises(WarmupError):
        steps(bad)


def test_an_unknown_word_is_refused() -> None:
    with pytest.raises(WarmupError, match="everything"):
        steps(preimport="everything")
