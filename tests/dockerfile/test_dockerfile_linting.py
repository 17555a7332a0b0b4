"""What the linter says, as BuildKit's does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxer.dockerfile import lint, parse, skipped_rules
from boxer.dockerfile.lintvariables import references

FROM = "FROM a\n"


@pytest.mark.parametrize(
    ("text", "rule", "line"),
    [
        ("FROM a AS Builder\n", "StageNameCasing", 1),
        ("FROM a as b\n", "FromAsCasing", 1),
        ("FROM a AS b\nFROM a AS b\n", "DuplicateStageName", 2),
        ("FROM a AS scratch\n", "ReservedStageName", 1),
        ("FROM --platform=linux/amd64 a\n", "FromPlatformFlagConstDisallowed", 1),
        (FROM + "MAINTAINER me\n", "MaintainerDeprecated", 2),
        (FROM + "CMD echo a\n", "JSONArgsRecommended", 2),
        (FROM + "ENTRYPOINT echo a\n", "JSONArgsRecommended", 2),
        (FROM + "WORKDIR app\n", "WorkdirRelativePath", 2),
        (FROM + "ENV API_KEY=1\n", "SecretsUsedInArgOrEnv", 2),
        (FROM + "ARG GITHUB_TOKEN\n", "SecretsUsedInArgOrEnv", 2),
        (FROM + "ENV a b\n", "LegacyKeyValueFormat", 2),
        (FROM + "EXPOSE 80/TCP\n", "ExposeProtoCasing", 2),
        (FROM + 'CMD ["a"]\nCMD ["b"]\n', "MultipleInstructionsDisallowed", 2),
        (FROM + "RUN a\nrun b\n", "ConsistentInstructionCasing", 3),
        (FROM + "EXPOSE 127.0.0.1:80:80\n", "ExposeInvalidFormat", 2),
        (FROM + "EXPOSE 5000:80/tcp\n", "ExposeInvalidFormat", 2),
        ("FROM alpine:${TAG}\n", "UndefinedArgInFrom", 1),
        ("FROM --platform=$TARGETPLATFORM a\n", "RedundantTargetPlatform", 1),
        ("ARG TAG\nFROM alpine:${TAG}\n", "InvalidDefaultArgInFrom", 2),
        ("ARG IMAGE\nFROM $IMAGE\n", "InvalidDefaultArgInFrom", 2),
        ("ARG F=\nFROM alpine:${F:+x}\n", "InvalidDefaultArgInFrom", 2),
        ("FROM python:3.13\nCOPY $PTH /\n", "UndefinedVar", 2),
        ('FROM scratch\nENV A=1 B="${A}"\n', "UndefinedVar", 2),
        ("ARG V=1\nFROM alpine:$V\nLABEL v=$V\n", "UndefinedVar", 3),
        ("FROM alpine AS a\nARG X\nFROM a\nWORKDIR /$X\n", "UndefinedVar", 4),
        ("FROM alpine\nWORKDIR /$TARGETARCH\n", "UndefinedVar", 2),
        ("FROM alpine\nRUN $x\nUSER ${UID}\n", "UndefinedVar", 3),
    ],
)
def test_rule_is_told_with_its_line(text: str, rule: str, line: int) -> None:
    assert [(found.rule, found.where.line) for found in lint(parse(text))] == [(rule, line)]


@pytest.mark.parametrize(
    "text",
    [
        FROM + 'SHELL ["/bin/bash", "-c"]\nCMD echo a\n',
        FROM + "WORKDIR /app\nWORKDIR sub\n",
        FROM + "ENV A=1 B=2 PUBLIC_KEY=3 MONKEY=4\n",
        FROM + "EXPOSE 80/tcp 443\n",
        'FROM a\nCMD ["a"]\nFROM b\nCMD ["b"]\n',
        "from a as b\nrun x\n",
        "ARG V=1\nFROM --platform=$BUILDPLATFORM a:${V}\n",
        "ARG V\nFROM alpine:${V:-3.20}\n",
        'ARG V="3.20"\nFROM alpine:$V\n',
        "FROM alpine:${V:-3.20}\n",
        "FROM python:3.13\nENV PATH=/x:$PATH V=$PYTHON_VERSION\n",
        "FROM alpine\nARG A\nENV B=${A:-1} C='$D' E=\\$F\nLABEL x=\"$B\"\n",
        'FROM alpine\nWORKDIR /${U:-app}\nRUN echo $HOME\nCMD ["$x"]\n',
        "FROM alpine AS a\nENV X=1\nARG Y=2\nFROM a\nWORKDIR /$X/$Y\n",
        "FROM node:20\nENV V=$NODE_VERSION\n",
        "FROM alpine\nARG TARGETARCH\nCOPY bin-$TARGETARCH /bin/\n",
    ],
)
def test_nothing_is_said_of_what_is_well_written(text: str) -> None:
    assert lint(parse(text)) == []


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("# check=skip=JSONArgsRecommended,StageNameCasing\nFROM a\n", 2),
        ("# syntax=docker/dockerfile:1\n# check=error=true;skip=all\nFROM a\n", 1),
        ("FROM a\n# check=skip=all\n", 0),
        ("# about this\n# check=skip=all\nFROM a\n", 0),
    ],
)
def test_rules_are_turned_off_by_a_directive(text: str, rules: int) -> None:
    assert len(skipped_rules(text)) == rules


@given(st.text("$ab{}:-+'\"\\/ "), st.sampled_from("\\`"))
def test_any_text_has_references_that_stand_in_it(text: str, escape: str) -> None:
    assert all(name in text for name, _ in references(text, escape))
