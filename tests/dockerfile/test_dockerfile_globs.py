"""Patterns of a `.dockerignore`: as the library reads them, in a time that does not explode."""

from __future__ import annotations

import contextlib

import pytest
from e2b_dockerfile_utils import PatternMatcher
from hypothesis import given, settings
from hypothesis import strategies as st

from boxer.dockerfile import Ignore
from boxer.dockerfile.globs import Glob
from boxer.errors import DockerfileSyntaxError, InputTooLargeError

PIECES = ["a", "b", "/", "*", "**", "**/", "?", "[ab]", "[^a]", "\\*", ".", "é"]


@given(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map("".join),
    st.lists(st.sampled_from(["a", "b", "/", "*", ".", "é", "\n"]), min_size=1, max_size=8).map(
        "".join
    ),
)
@settings(max_examples=2000, deadline=None)
def test_a_pattern_means_what_the_library_says(pattern: str, path: str) -> None:
    try:
        matcher = PatternMatcher([pattern])
    except ValueError:
        return
    (cleaned,) = matcher.patterns
    if cleaned.startswith("!") or "*" not in cleaned or "***" in cleaned or "\n" in path:
        return
    if cleaned.startswith("**") and cleaned.count("*") == 2:
        return  # the library compares the end of the text: `**a` and `**/a`, too
    assert Glob(cleaned).match(path) == matcher._patterns[0].match(path)


@pytest.mark.parametrize(
    "pattern", ["*a*a*a*a*a*a*a*a*a*a*b", "**/*a*a*a*a*a*a*b", "**/" * 30 + "x", "**a" * 20 + "b"]
)
def test_stars_beyond_number_are_matched_in_an_instant(pattern: str) -> None:
    ignore = Ignore([pattern, "kept/**/*.tmp*"])
    assert not ignore.excludes("a" * 250 + "/" + "a/" * 100 + "a", False)
    assert ignore.excludes("kept/x/y.tmp1", False)


def test_more_patterns_than_anybody_writes_are_refused() -> None:
    with pytest.raises(InputTooLargeError):
        Ignore(["a"] * 1001)


@given(st.lists(st.text(max_size=20), max_size=5))
def test_any_text_is_patterns_or_our_error(patterns: list[str]) -> None:
    with contextlib.suppress(DockerfileSyntaxError):
        Ignore.from_text("\n".join(patterns)).excludes("a/b", False)
