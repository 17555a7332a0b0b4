"""Building text: f-strings, join, replace, format, split, and a page from a template."""

from __future__ import annotations

from html import escape
from string import Template

SIZE = 4_000
ROW = Template("<tr id='$number'><td>$name</td><td>$price</td></tr>")


def run(size: int) -> object:
    rows = []
    for number in range(size):
        name = escape(f"Item <{number}> & 'more'")
        price = f"{number * 1.25:>10,.2f}".strip()
        rows.append(ROW.substitute(number=number, name=name, price=price))
    page = "<table>\n" + "\n".join(rows) + "\n</table>"
    words: dict[str, int] = {}
    for word in page.replace("<", " <").replace(">", "> ").split():
        key = word.strip("<>/").lower()
        words[key] = words.get(key, 0) + 1
    lines = [f"{key:<20}|{count:>6}|{count / len(words):8.3%}" for key, count in words.items()]
    text = "".join(line.title() if n % 2 else line.upper() for n, line in enumerate(lines))
    return len(text), text.count("TD"), len("%s-%d" % (page, size))  # noqa: UP031
