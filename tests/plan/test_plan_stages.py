"""Stages and variables, as BuildKit has them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from boxer.dockerfile import Copy, Env, Expose, Label, Run, Workdir, mount_fields, parse
from boxer.errors import BoxerError, StageError, UnknownBaseError, VariableError, Where
from boxer.plan import BaseImage, Plan, plan, unused_build_args


def _base(reference: str, where: Where) -> Mapping[str, str]:
    if reference.startswith("python"):
        return {"PATH": "/usr/bin", "FROM_BASE": "yes"}
    raise UnknownBaseError(f"`{reference}`", where=where)


def _plan(text: str, target: str | None = None, **args: str) -> Plan:
    return plan(parse(text), args, target, _base)


def _labels(text: str, **args: str) -> dict[str, str]:
    (stage,) = _plan(text, **args).stages
    pairs = [s.instruction.pairs for s in stage.steps if isinstance(s.instruction, Label)]
    return dict(pair for group in pairs for pair in group)


FORMS = [
    ("$A", "1"),
    ("${A}x", "1x"),
    ("${U:-d}", "d"),
    ("${A:-d}", "1"),
    ("${A:+s}", "s"),
    ("${U:+s}", ""),
    ("${E:-d}", "d"),
    ("${E-d}", ""),
    ("${P#*/}", "b/c.tar.gz"),
    ("${P##*/}", "c.tar.gz"),
    ("${P%.*}", "a/b/c.tar"),
    ("${P%%.*}", "a/b/c"),
    ("${P/b/x}", "a/x/c.tar.gz"),
    ("\\$A", "$A"),
    ("'$A'", "$A"),
    ('"$A b"', "1 b"),
    ("$U", ""),
]


@pytest.mark.parametrize(("form", "value"), FORMS)
def test_variable_form(form: str, value: str) -> None:
    text = f"FROM python\nENV A=1 E= P=a/b/c.tar.gz\nLABEL x={form}\n"
    assert _labels(text) == {"x": value}


def test_required_variable_that_is_missing_names_its_line() -> None:
    with pytest.raises(VariableError) as caught:
        _plan("FROM python\nLABEL x=${NOPE:?missing}\n")
    assert caught.value.where is not None
    assert caught.value.where.line == 2


def test_env_of_one_line_sees_the_values_from_before_it() -> None:
    assert _labels("FROM python\nENV a=1\nENV a=2 b=$a\nLABEL x=$b\n") == {"x": "1"}


def test_arg_before_from_is_seen_by_from_and_only_after_another_arg() -> None:
    text = "ARG V=3.13\nFROM python:$V\nLABEL a=$V\nARG V\nLABEL b=$V\n"
    (stage,) = _plan(text).stages
    assert isinstance(stage.base, BaseImage)
    assert stage.base.reference == "python:3.13"
    assert _labels(text) == {"a": "", "b": "3.13"}


def test_build_arg_replaces_a_default_and_env_wins_over_arg() -> None:
    text = "FROM python\nARG a=1\nARG b=1\nENV b=env\nLABEL a=$a b=$b\n"
    assert _labels(text, a="9", b="9") == {"a": "9", "b": "env"}


def test_an_arg_after_an_env_wins_until_the_next_env() -> None:
    text = "FROM python\nENV a=env b=env\nARG a=arg\nARG b\nLABEL x=$a y=$b\nENV a=$a-later\n"
    assert _labels(f"{text}LABEL z=$a\n") == {"x": "arg", "y": "env", "z": "arg-later"}
    (stage,) = _plan(f"{text}RUN x\n").stages
    assert [step.args.get("a") for step in stage.steps] == [None, "arg", None, None]
    (stage,) = _plan("FROM python\nARG FROM_BASE\nRUN x\n", FROM_BASE="given").stages
    assert stage.steps[-1].args == {"FROM_BASE": "given"}


def test_build_arg_without_arg_is_not_seen() -> None:
    assert _labels("FROM python\nLABEL a=$a\n", a="9") == {"a": ""}


def test_platform_args_need_an_arg_line() -> None:
    assert _labels("FROM python\nLABEL a=$TARGETOS\nARG TARGETOS\nLABEL b=$TARGETOS\n") == {
        "a": "",
        "b": "linux",
    }


def test_the_target_stage_is_an_automatic_argument() -> None:
    text = "FROM python AS one\nARG TARGETSTAGE\nLABEL s=$TARGETSTAGE\n"
    assert _labels(text) == {"s": "one"}
    assert _labels(text.replace(" AS one", "")) == {"s": "default"}
    assert _labels(text, TARGETSTAGE="given") == {"s": "given"}
    stages = _plan("FROM python AS one\nFROM $TARGETSTAGE AS two\n", "one").stages
    assert [stage.name for stage in stages] == ["one"]


def test_build_args_replace_automatic_ones_in_from() -> None:
    text = "FROM python:$TARGETARCH\n"
    bases = [_plan(text, **given).stages[0].base for given in ({}, {"TARGETARCH": "arm64"})]
    assert bases == [
        BaseImage(f"python:{arch}", {"PATH": "/usr/bin", "FROM_BASE": "yes"})
        for arch in ("amd64", "arm64")
    ]


def test_build_args_that_no_arg_asks_for_are_named() -> None:
    parsed = parse("ARG BASE=python\nFROM $BASE\nARG VERSION\nONBUILD ARG LATER\n")
    given = dict.fromkeys(
        ("VERSION", "BASE", "LATER", "HTTP_PROXY", "BUILDKIT_INLINE_CACHE", "TARGETARCH"), ""
    )
    assert unused_build_args(parsed, given) == {}
    assert unused_build_args(parsed, {"VERSON": "", "X": ""}) == {"VERSON": "VERSION", "X": ""}


def test_variables_of_the_base_and_of_the_stage_below_are_seen() -> None:
    text = "FROM python AS a\nENV X=1\nFROM a\nLABEL x=$X f=$FROM_BASE\n"
    stage = _plan(text).stages[-1]
    label = stage.steps[0].instruction
    assert isinstance(label, Label)
    assert dict(label.pairs) == {"x": "1", "f": "yes"}
    assert stage.base == 0


def test_args_of_the_stage_below_are_seen() -> None:
    text = "FROM python AS a\nARG X=1 Y\nFROM a\nARG Y=2\nLABEL x=$X$Y\nFROM python\nLABEL x=$X"
    labels = [
        dict(step.instruction.pairs)
        for name in (None, "1")
        for step in _plan(text, name).stages[-1].steps
        if isinstance(step.instruction, Label)
    ]
    assert labels == [{"x": ""}, {"x": "12"}]


def test_the_stage_of_a_mount_is_named_by_its_number() -> None:
    text = (
        "FROM python AS Build\nFROM python\n"
        "RUN --mount=type=bind,from=build,source=/w,target=/w --mount=from=other,target=/o x\n"
    )
    stages = _plan(text).stages
    run = stages[-1].steps[0].instruction
    assert isinstance(run, Run)
    assert list(run.mounts) == ["type=bind,from=0,source=/w,target=/w", "from=other,target=/o"]
    assert len(stages) == 2


def test_variables_in_a_mount_are_expanded() -> None:
    text = (
        "FROM python\nARG D=/c U=7\n"
        'RUN --mount=type=cache,target=$D/x,uid=${U},ro --mount=source="a b,c",target=/$NONE x\n'
    )
    run = _plan(text).stages[-1].steps[0].instruction
    assert isinstance(run, Run)
    fields = [mount_fields(mount) for mount in run.mounts]
    assert fields[0] == [("type", "cache"), ("target", "/c/x"), ("uid", "7"), ("ro", None)]


@pytest.mark.parametrize("line", ["COPY --from=$X /a /b", "RUN --mount=from=${X},target=/x true"])
def test_a_stage_is_named_without_variables(line: str) -> None:
    with pytest.raises(StageError) as caught:
        _plan(f"ARG X=a\nFROM python AS a\nFROM python\nARG X\n{line}\n")
    assert caught.value.where == Where("Dockerfile", 5, 5)
    assert caught.value.hint is not None
    assert "AS tools" in caught.value.hint


def test_only_stages_the_target_needs_are_planned() -> None:
    text = (
        "FROM python AS a\nFROM python AS unused\nFROM python AS b\nCOPY --from=a /x /x\n"
        "FROM python AS c\nCOPY --from=0 /x /x\n"
    )
    assert [s.index for s in _plan(text, "b").stages] == [0, 2]
    assert [s.index for s in _plan(text).stages] == [0, 3]
    copy = _plan(text, "B").stages[-1].steps[0].instruction
    assert isinstance(copy, Copy)
    assert copy.from_stage == "0"


MISSING = [
    ("FROM python\n", "x"),
    ("FROM python\nCOPY --from=1 a b\n", None),
    ("FROM python AS a\nCOPY --from=b a b\nFROM python AS b\nCOPY --from=a x y\n", None),
    ("FROM $NONE\n", None),
]


@pytest.mark.parametrize(("text", "target"), MISSING)
def test_stage_that_is_not_there_is_refused(text: str, target: str | None) -> None:
    with pytest.raises(StageError):
        _plan(text, target)


def test_image_nobody_knows_is_refused_with_its_line() -> None:
    with pytest.raises(BoxerError) as caught:
        _plan("FROM python\nFROM windows\n")
    assert caught.value.where is not None
    assert caught.value.where.line == 2


def test_expose_of_an_unset_variable_is_nothing_and_workdir_is_expanded() -> None:
    (stage,) = _plan("FROM python\nENV D=/srv\nEXPOSE $PORT 80\nWORKDIR $D/app\n").stages
    env, expose, workdir = (step.instruction for step in stage.steps)
    assert isinstance(env, Env)
    assert isinstance(expose, Expose)
    assert expose.ports == ("80",)
    assert isinstance(workdir, Workdir)
    assert workdir.path == "/srv/app"


def test_triggers_of_the_stage_below_come_first() -> None:
    text = "FROM python AS a\nONBUILD\tLABEL x=$A\nFROM a\nARG A=no\nLABEL x=2 y=2\n"
    (*_, stage) = _plan(text).stages
    labels = [s.instruction for s in stage.steps if isinstance(s.instruction, Label)]
    assert [label.pairs for label in labels] == [(("x", ""),), (("x", "2"), ("y", "2"))]
    assert labels[0].where == Where("Dockerfile", 3, 3)
