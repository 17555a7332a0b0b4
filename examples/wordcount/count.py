"""Counts words of the standard input, or of the files and folders named."""

import re
import sys
from collections import Counter
from pathlib import Path

WORD = re.compile(r"[^\W\d_]+")


def texts(names):
    if not names:
        yield sys.stdin.read()
    for name in names:
        path = Path(name)
        if not path.exists():
            sys.exit(f"count: no such file: {name}")
        files = sorted(path.rglob("*.txt")) if path.is_dir() else [path]
        for file in files:
            yield file.read_text(encoding="utf-8")


counts = Counter()
for text in texts(sys.argv[1:]):
    counts.update(word.lower() for word in WORD.findall(text))
for word, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:10]:
    print(f"{count:6} {word}")
