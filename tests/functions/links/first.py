"""The first of a chain in mixed languages."""

# mypy: ignore-errors

from boxer import Next


def handler(words: list[str], next: Next[list[str], list[str]]) -> list[str]:
    return ["python", *next([*words, "python"]), "python"]
