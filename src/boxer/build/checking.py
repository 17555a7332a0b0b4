"""`boxer check`: a Dockerfile read and planned, and not built.

Belongs here: joining the parser's warnings, the linter's and the planner's errors. Does not: the
rules (`dockerfile.lint`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from boxer.build.sources import find_sources
from boxer.dockerfile import Finding, lint, parse
from boxer.errors import Where
from boxer.plan import plan


def check(
    context: Path,
    dockerfile: Path | None = None,
    build_args: Mapping[str, str] | None = None,
    target: str | None = None,
) -> list[Finding]:
    """What there is to say. Raises what reading and planning raise; bases are not looked for."""
    sources = find_sources(context, dockerfile)
    parsed = parse(sources.text, str(sources.path))
    plan(parsed, build_args or {}, target, _environment)
    warnings = [
        Finding("NoEmptyContinuation", warning.message, warning.where)
        for warning in parsed.warnings
    ]
    return sorted([*warnings, *lint(parsed)], key=lambda finding: finding.where.line or 0)


def _environment(reference: str, where: Where) -> Mapping[str, str]:
    """A check asks for no base."""
    return {}
