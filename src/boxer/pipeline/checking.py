"""`boxer check`: a Dockerfile read and planned, and not built.

Belongs here: joining the parser's warnings, the linter's and the planner's errors; the rule that
looks at `.dockerignore`. Does not: the other rules (`dockerfile.linting`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from boxer.dockerfile import (
    Copy,
    Dockerfile,
    Finding,
    findings_are_errors,
    lint,
    parse,
    skipped_rules,
)
from boxer.errors import DockerfileSyntaxError, Where
from boxer.pipeline.sources import Sources, find_sources
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
    return findings(parsed, sources)


def stop_at_findings(sources: Sources) -> None:
    """What `# check=error=true` asks of a build. Raises DockerfileSyntaxError at the first one."""
    if not findings_are_errors(sources.text):
        return
    for found in findings(parse(sources.text, str(sources.path)), sources):
        raise DockerfileSyntaxError(
            f"{found.rule}: {found.message}",
            where=found.where,
            hint="`# check=error=true` has a build stop here; `boxer check` lists what it found.",
        )


def findings(parsed: Dockerfile, sources: Sources) -> list[Finding]:
    """What the linter says, in the order of the lines, but for what the Dockerfile skips."""
    warnings = [
        Finding("NoEmptyContinuation", warning.message, warning.where)
        for warning in parsed.warnings
    ]
    found = [*warnings, *lint(parsed), *_ignored_files(parsed, sources)]
    skipped = skipped_rules(sources.text)
    kept = [entry for entry in found if "all" not in skipped and entry.rule not in skipped]
    return sorted(kept, key=lambda finding: finding.where.line or 0)


def _ignored_files(parsed: Dockerfile, sources: Sources) -> Iterator[Finding]:
    """Sources of COPY and ADD that `.dockerignore` takes out of the context."""
    for entry in parsed.instructions:
        if not isinstance(entry, Copy) or entry.from_stage is not None:
            continue
        for source in entry.sources:
            if "://" in source or any(letter in source for letter in "$*?["):
                continue
            parts = [part for part in source.split("/") if part not in ("", ".")]
            paths = ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
            if any(_is_ignored(sources, path) for path in paths):
                message = f"`{source}` is taken out of the context by .dockerignore."
                yield Finding("CopyIgnoredFile", message, entry.where)


def _is_ignored(sources: Sources, path: str) -> bool:
    return sources.ignore.excludes(path, (sources.context / path).is_dir())


def _environment(reference: str, where: Where) -> Mapping[str, str]:
    """A check asks for no base."""
    return {}
