"""Dockerfiles of a few lines that ask for gigabytes, or for hours."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxer.dockerfile import parse
from boxer.errors import BoxerError, InputTooLargeError, VariableError
from boxer.plan import Plan, plan

FROM = "FROM python\n"
LARGE = "ENV A=" + "a" * 100_000 + "\n"


def _plan(text: str) -> Plan:
    return plan(parse(text), {}, None, lambda *_: {})


@pytest.mark.parametrize(
    "text",
    [
        FROM + "ENV A=0123456789abcdef\n" + "ENV A=$A$A\n" * 26,
        FROM + "ARG A=0123456789abcdef\n" + "ARG A=${A}${A}\n" * 26,
        "ARG A=0123456789abcdef\n" + "ARG A=${A:-x}${A:-x}\n" * 26 + FROM,
        FROM + LARGE + "ENV B=" + "$A" * 2000 + "\n",
        FROM + LARGE + "ENV B=${A//a/$A}\n",
        FROM + LARGE + "".join(f"LABEL l{i}=$A\n" for i in range(1000)),
        FROM + LARGE + "LABEL " + " ".join(f"l{i}=$A" for i in range(1000)) + "\n",
        FROM + LARGE + "COPY <<E /x\n" + "$A\n" * 100 + "E\n",
        FROM + "ENV É=" + "a" * 1000 + "\nENV B=" + "$É²" * 2000 + "\n",
        FROM + "ARG A=1\n" * 5000,
        FROM + "ENV " + " ".join(f"V{i}=1" for i in range(2001)) + "\n",
        "FROM python as a\n" + "ONBUILD RUN true\n" * 200 + "FROM a\n" * 200,
        FROM + "#" * (1 << 20),
    ],
    ids=[
        "env doubled", "arg doubled", "arg before from doubled", "named often",
        "replaced by itself", "many labels", "one label with many", "document",
        "letters of other scripts", "instructions", "variables", "triggers", "size",
    ],
)  # fmt: skip
def test_what_grows_beyond_use_is_refused_at_its_line(text: str) -> None:
    with pytest.raises(InputTooLargeError) as caught:
        _plan(text)
    assert caught.value.where is not None


@pytest.mark.parametrize("form", ["${A##*a*a*a*a*a*b}", "${A%%*a*a*a*b}", "${A/a*a*a*a*b/x}"])
def test_a_pattern_that_would_take_for_ever_is_refused(form: str) -> None:
    with pytest.raises((VariableError, InputTooLargeError)):
        _plan(FROM + "ENV A=" + "a" * 5000 + f"\nENV B={form}\n")


def test_ordinary_words_have_room() -> None:
    text = (
        FROM + "ENV P=/usr/local/lib/python3.13/site-packages/a.tar.gz\n"
        "ENV B=${P##*/} C=${P%.*.*} D=${P//\\//-} PATH=$P:$PATH:/a:/b\n"
    )
    (stage,) = _plan(text * 1).stages
    assert dict(stage.steps[1].instruction.pairs)["D"].startswith("-usr-local")  # type: ignore[attr-defined]
    _plan(FROM + LARGE + "ENV B=$A C=$A\n" * 5)


def test_steps_keep_the_arguments_of_their_line() -> None:
    (stage,) = _plan(FROM + "ARG A=1\nRUN x\nARG A=2\nRUN y\n").stages
    assert [dict(step.args)["A"] for step in stage.steps] == ["1", "2"]


WORDS = st.lists(
    st.sampled_from(
        ["$A", "${A", "}", "${A:-", "${A//a/", "##*", "%", "\\", '"', "'", "é", "x", "/"]
    ),
    max_size=12,
).map("".join)


@given(
    st.lists(
        st.tuples(st.sampled_from(["ENV A=", "LABEL l=", "WORKDIR ", "EXPOSE "]), WORDS), max_size=6
    )
)
@settings(deadline=None)
def test_any_words_are_a_plan_or_our_error(lines: list[tuple[str, str]]) -> None:
    with contextlib.suppress(BoxerError):
        _plan(FROM + "".join(f"{head}{word}\n" for head, word in lines))
