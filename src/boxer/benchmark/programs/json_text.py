"""JSON both ways: a nested document written and read again."""

from __future__ import annotations

import json

SIZE = 900


def document(size: int) -> dict[str, object]:
    return {
        "items": [
            {"id": n, "name": f"item {n} \u00e9", "price": n * 0.75, "tags": ["a", "b", None, True]}
            for n in range(size)
        ],
        "text": 'a "quoted" line\n' * 20,
        "nested": {str(n): {"deep": [n] * 5} for n in range(size)},
    }


def run(size: int) -> object:
    value: object = document(size)
    length = 0
    for _ in range(10):
        text = json.dumps(value)
        value = json.loads(text)
        length += len(text)
    return length + len(json.dumps(value, indent=1, sort_keys=True))
