"""`.dockerignore`: which files of the context do not exist for a build (moby/patternmatcher)."""

from __future__ import annotations

from e2b_dockerfile_utils import PatternMatcher

from boxer.errors import DockerfileSyntaxError, Where


class Ignore:
    """The patterns of a `.dockerignore`, the last that matches wins."""

    def __init__(self, patterns: list[str], file: str = ".dockerignore") -> None:
        try:
            self._matcher = PatternMatcher(patterns)
        except ValueError as error:
            raise DockerfileSyntaxError(f"{error}.", where=Where(file)) from None

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
