"""File name patterns and modes, by the tables of those who defined them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxer.errors import BadModeError, BadPatternError
from boxer.filetree.modes import parse_mode
from boxer.instructions.patterns import compile_pattern, split_pattern


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [  # Go, path/filepath/match_test.go
        ("abc", "abc", True),
        ("*", "abc", True),
        ("*c", "abc", True),
        ("a*", "a", True),
        ("a*", "abc", True),
        ("a*b*c*d*e*", "axbxcxdxe", True),
        ("a*b*c*d*e*", "axbxcxdxexxx", True),
        ("a*b?c*x", "abxbbxdbxebxczzx", True),
        ("a*b?c*x", "abxbbxdbxebxczzy", False),
        ("ab[c]", "abc", True),
        ("ab[b-d]", "abc", True),
        ("ab[e-g]", "abc", False),
        ("ab[^c]", "abc", False),
        ("ab[^b-d]", "abc", False),
        ("ab[^e-g]", "abc", True),
        ("a\\*b", "a*b", True),
        ("a\\*b", "ab", False),
        ("a?b", "a☺b", True),
        ("a[^a]b", "a☺b", True),
        ("a???b", "a☺b", False),
        ("[a-ζ]*", "α", True),
        ("*[a-ζ]", "A", False),
        ("[\\]a]", "]", True),
        ("[\\-]", "-", True),
        ("[x\\-]", "x", True),
        ("[x\\-]", "-", True),
        ("[x\\-]", "z", False),
        ("[\\-x]", "a", False),
        ("*x", "xxx", True),
        (".*", ".env", True),
        ("*", ".env", True),
        ("[!a]", "a", True),
        ("[z-a]", "m", False),
        ("[^z-a]", "m", True),
        ("a.c", "abc", False),
    ],
)
def test_patterns_match_as_gos_do(pattern: str, name: str, matches: bool) -> None:
    assert bool(compile_pattern(pattern).fullmatch(name)) == matches


@pytest.mark.parametrize(
    "pattern", ["[]a]", "[-]", "[x-]", "[-x]", "\\", "[a-b-c]", "[", "[^", "[^bc", "a[", "a[x"]
)
def test_patterns_that_go_calls_bad_are_errors(pattern: str) -> None:
    with pytest.raises(BadPatternError):
        compile_pattern(pattern)


@given(st.text(st.sampled_from("ab*?[]^-\\."), max_size=8), st.text("ab.-]", max_size=6))
def test_any_pattern_matches_or_is_bad_and_nothing_else(pattern: str, name: str) -> None:
    try:
        compile_pattern(pattern).fullmatch(name)
    except BadPatternError:
        return


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("a/b", ("a/b", [])),
        ("./a//b/", ("a/b", [])),
        ("a/b*/c", ("a", ["b*", "c"])),
        ("*", ("", ["*"])),
        (".", ("", [])),
        ("a\\*/b", ("", ["a\\*", "b"])),
    ],
)
def test_a_path_is_split_at_its_first_pattern(path: str, parts: tuple[str, list[str]]) -> None:
    assert split_pattern(path) == parts


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("644", 0o777, 0o644),
        ("0755", 0o600, 0o755),
        ("1777", 0, 0o1777),
        ("+x", 0o644, 0o755),
        ("-x", 0o755, 0o644),
        ("+w", 0o444, 0o644),
        ("a+w", 0o444, 0o666),
        ("u=rwx,g=rx,o=", 0o666, 0o750),
        ("g=u", 0o740, 0o770),
        ("o=g-w", 0o770, 0o775),
        ("u+s,+t", 0o755, 0o5755),
        ("go=", 0o777, 0o700),
        ("ug+rw-x", 0o111, 0o661),
        ("a+X", 0o644, 0o644),
        ("a+X", 0o744, 0o755),
    ],
)
def test_modes_change_as_chmod_changes_them(text: str, before: int, after: int) -> None:
    assert oct(parse_mode(text)(before, False)) == oct(after)


@pytest.mark.parametrize("text", ["", "8", "99999", "u", "x+u", "u+q", "755,", "rw", "-0o7", "+ x"])
def test_what_is_no_mode_is_an_error(text: str) -> None:
    with pytest.raises(BadModeError):
        parse_mode(text)
