"""`.dockerignore`: which files of the context do not exist for a build (moby/patternmatcher)."""

from __future__ import annotations

from e2b_dockerfile_utils import PatternMatcher

from boxer.dockerfile.globs import Glob
from boxer.errors import DockerfileSyntaxError, InputTooLargeError, Where

MOST_PATTERNS = 1000
# With more, the time a regular expression takes for one path of 4,096 characters is not bounded.
_FEW_STARS = 2


class Ignore:
    """The patterns of a `.dockerignore`, the last that matches wins."""

    def __init__(self, patterns: list[str], file: str = ".dockerignore") -> None:
        if len(patterns) > MOST_PATTERNS:
            raise InputTooLargeError(
                f"There are more than {MOST_PATTERNS} patterns.", where=Where(file)
            )
        try:
            self._matcher = PatternMatcher(patterns)
        except (ValueError, OverflowError, RecursionError) as error:
            raise DockerfileSyntaxError(f"{error}.", where=Where(file)) from None
        for text, pattern in zip(self._matcher.patterns, self._matcher._patterns, strict=True):
            if text.count("*") > _FEW_STARS:
                pattern.match = Glob(text.removeprefix("!")).match

    @classmethod
    def from_text(cls, text: str, file: str = ".dockerignore") -> Ignore:
        """Reads the file: one pattern a line, `#` in the first column begins a comment."""
        lines = text.removeprefix("\ufeff").splitlines()
        return cls([line.strip() for line in lines if line.strip() and line[0] != "#"], file)

    def excludes(self, path: str, is_dir: bool) -> bool:
        """path: relative to the context, with `/`. A folder below which a pattern with `!` may
        bring something back is not excluded itself."""
        if not self._matcher.matches(path):
            return False
        return not (is_dir and self._matcher.may_match_under(path))
