"""Words and here-documents of a Dockerfile, as BuildKit's lexer leaves them."""

from __future__ import annotations

import pytest

from boxer.dockerfile import Heredoc
from boxer.errors import Where
from boxer.plan.expand import Expander, Room

HERE = Where("Dockerfile", 1)

# Quotes stay, a backslash is taken away.
DOCUMENTS = [
    ("$A ${A} ${B:-none}\n", "one one none\n"),
    ("\\$A \\\\ \\n \\x\n", "$A \\ n x\n"),
    ("\\\\$A \\\\\\$A\n", "\\one \\$A\n"),
    ('"$A" \'$A\' \\"$A\\"\n', '"one" \'one\' "one"\n'),
    ("goes on \\\nhere\n", "goes on \nhere\n"),
    ("$ $(date) `date` <<EOF\n", "$ $(date) `date` <<EOF\n"),
    ("100% & {}\n", "100% & {}\n"),
]


@pytest.mark.parametrize("escape", ["\\", "`"])
@pytest.mark.parametrize(("text", "result"), DOCUMENTS)
def test_a_document_without_quotes_is_expanded(text: str, result: str, escape: str) -> None:
    expander = Expander(escape, {"A": "one"}, Room())
    assert expander.document(Heredoc("EOF", text, True), HERE).content == result


@pytest.mark.parametrize("text", [text for text, _ in DOCUMENTS])
def test_a_document_with_a_quoted_name_stays_as_it_is(text: str) -> None:
    document = Heredoc("EOF", text, False)
    assert Expander("\\", {"A": "one"}, Room()).document(document, HERE) == document
