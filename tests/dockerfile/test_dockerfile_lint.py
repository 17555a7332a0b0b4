"""What the linter says, as BuildKit's does."""

from __future__ import annotations

import pytest

from boxer.dockerfile import lint, parse

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
    ],
)
def test_nothing_is_said_of_what_is_well_written(text: str) -> None:
    assert lint(parse(text)) == []
