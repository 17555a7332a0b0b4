"""What BuildKit's linter says of a Dockerfile that can be built all the same.

Belongs here: its rules, by their names, as far as the text alone tells, and the comment that turns
them off. Does not: variables (`lintvariables`), files of the context (`build.checking`), errors
(`parsing`), what a box cannot do (`boxer doctor`).

Source: docs.docker.com/reference/build-checks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from boxer.dockerfile.finding import Finding
from boxer.dockerfile.instructions import (
    Arg,
    Cmd,
    Entrypoint,
    Env,
    Expose,
    From,
    HealthCheck,
    Instruction,
    Maintainer,
    Shell,
    Workdir,
)
from boxer.dockerfile.lintvariables import variable_findings
from boxer.dockerfile.parsing import Dockerfile

_SECRET = re.compile(
    r"(?i)(?:^|_)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)"
)
_PUBLIC = re.compile(r"(?i)(?:^|_)public(?:_|$)")
_DIRECTIVE = re.compile(r"#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+)")
_RESERVED = ("scratch", "context")
_LEGACY = re.compile(r"\S+\s+[\w.-]+\s+[^=\s]")


def lint(dockerfile: Dockerfile) -> list[Finding]:
    """The findings in the order of their lines."""
    found = [
        *_stages(dockerfile),
        *_each(dockerfile),
        *_casing(dockerfile),
        *variable_findings(dockerfile),
    ]
    return sorted(found, key=lambda finding: (finding.where.line or 0, finding.rule))


def skipped_rules(text: str) -> frozenset[str]:
    """The rules that a `# check=skip=` among the parser directives names; `all` means each."""
    listed = (value for name, value in _check_settings(text) if name == "skip")
    return frozenset(rule.strip() for value in listed for rule in value.split(","))


def findings_are_errors(text: str) -> bool:
    """Whether a `# check=error=true` among the parser directives has a build stop at findings."""
    return ("error", "true") in [(name, value.lower()) for name, value in _check_settings(text)]


def _check_settings(text: str) -> list[tuple[str, str]]:
    for line in text.removeprefix("\ufeff").splitlines():
        found = _DIRECTIVE.fullmatch(line.strip())
        if found is None:
            break
        if found[1].lower() == "check":
            settings = (part.partition("=") for part in found[2].split(";"))
            return [(name.strip().lower(), value.strip()) for name, _, value in settings]
    return []


def _each(dockerfile: Dockerfile) -> Iterator[Finding]:
    shell_set = False
    workdir = False
    for entry in dockerfile.instructions:
        where = entry.where
        match entry:
            case From():
                shell_set = workdir = False
            case Shell():
                shell_set = True
            case Maintainer():
                message = "MAINTAINER is deprecated; use `LABEL maintainer=`."
                yield Finding("MaintainerDeprecated", message, where)
            case Cmd() | Entrypoint():
                if entry.command.argv is None and not shell_set:
                    name = type(entry).__name__.upper()
                    message = f"{name} in shell form does not get signals; write it in JSON form."
                    yield Finding("JSONArgsRecommended", message, where)
            case Workdir():
                if not workdir and not entry.path.startswith(("/", "$")):
                    message = f"WORKDIR `{entry.path}` is relative, and no WORKDIR came before it."
                    yield Finding("WorkdirRelativePath", message, where)
                workdir = True
            case Env() | Arg():
                yield from _secrets(entry)
                if isinstance(entry, Env) and _LEGACY.match(entry.text) and len(entry.pairs) == 1:
                    message = "`ENV key value` is the old form; write `ENV key=value`."
                    yield Finding("LegacyKeyValueFormat", message, where)
            case Expose():
                for port in entry.ports:
                    if ":" in port and "$" not in port:
                        message = f"`{port}` maps a port of the host, which EXPOSE does not do."
                        yield Finding("ExposeInvalidFormat", message, where)
                    elif "/" in port and port != port.lower() and "$" not in port:
                        message = f"The protocol in `{port}` should be in lower case."
                        yield Finding("ExposeProtoCasing", message, where)


def _secrets(entry: Env | Arg) -> Iterator[Finding]:
    for name, _ in entry.pairs:
        if _SECRET.search(name) and not _PUBLIC.search(name):
            kind = type(entry).__name__.upper()
            message = f"A secret in {kind} (`{name}`) stays in the box for everyone to read."
            yield Finding("SecretsUsedInArgOrEnv", message, entry.where)


def _stages(dockerfile: Dockerfile) -> Iterator[Finding]:
    names: set[str] = set()
    last: dict[type[Instruction], Instruction] = {}
    for entry in dockerfile.instructions:
        if isinstance(entry, From):
            last = {}
            yield from _name_of_stage(entry, names)
        elif isinstance(entry, Cmd | Entrypoint | HealthCheck):
            before = last.get(type(entry))
            if before is not None:
                name = type(entry).__name__.upper()
                message = f"A later {name} of the stage takes this one's place."
                yield Finding("MultipleInstructionsDisallowed", message, before.where)
            last[type(entry)] = entry


def _name_of_stage(entry: From, names: set[str]) -> Iterator[Finding]:
    words = entry.text.split()
    if entry.platform and not entry.platform.startswith("$"):
        message = f"`--platform={entry.platform}` is a constant; a box is of no platform."
        yield Finding("FromPlatformFlagConstDisallowed", message, entry.where)
    if not entry.stage_name:
        return
    written, keyword = words[-1], words[-2]
    if written != written.lower():
        message = f"The name of the stage `{written}` should be in lower case."
        yield Finding("StageNameCasing", message, entry.where)
    if words[0].isupper() != keyword.isupper():
        message = f"`{keyword}` and `{words[0]}` are not in the same case."
        yield Finding("FromAsCasing", message, entry.where)
    if entry.stage_name in names:
        message = f"There is a stage `{entry.stage_name}` already."
        yield Finding("DuplicateStageName", message, entry.where)
    if entry.stage_name in _RESERVED:
        message = f"`{entry.stage_name}` is a reserved name."
        yield Finding("ReservedStageName", message, entry.where)
    names.add(entry.stage_name)


def _casing(dockerfile: Dockerfile) -> Iterator[Finding]:
    words = [(entry.text.split()[0], entry.where) for entry in dockerfile.instructions]
    upper = sum(word.isupper() for word, _ in words)
    most_upper = 2 * upper >= len(words)
    for word, where in words:
        if word.isupper() != most_upper or not (word.isupper() or word.islower()):
            case = "upper" if most_upper else "lower"
            message = f"`{word}` should be in {case} case as the others are."
            yield Finding("ConsistentInstructionCasing", message, where)
