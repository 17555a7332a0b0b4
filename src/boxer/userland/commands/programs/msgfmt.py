#!/usr/bin/env python3
"""msgfmt of GNU gettext: makes .mo files of .po files, as `compilemessages` of Django asks for it.

The form of a .mo file is that of the gettext manual ("The Format of GNU MO Files").
"""

import argparse
import ast
import re
import struct
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

MAGIC = 0x950412DE
_KEYWORD = re.compile(r'(msgctxt|msgid_plural|msgid|msgstr)(?:\[(\d+)\])?\s*(".*")\s*$')
# A directive of printf(3) or of Python's %, with a name or without.
_DIRECTIVE = re.compile(r"%(?:\((\w+)\))?[-#0 +]*[\d*]*(?:\.[\d*]+)?[hlL]?([diouxXeEfFgGcrsa])")
_FIELD = re.compile(r"\{(\w*)[^{}]*\}")


class PoError(Exception):
    """What is wrong with a file, and where."""


class Entry:
    def __init__(self, line: int) -> None:
        self.line = line
        self.flags: set[str] = set()
        self.texts: dict[tuple[str, int], str] = {}  # (keyword, number) -> text

    @property
    def source(self) -> str | None:
        return self.texts.get(("msgid", 0))

    @property
    def key(self) -> str | None:
        context, plural = self.texts.get(("msgctxt", 0)), self.texts.get(("msgid_plural", 0))
        if self.source is None:
            return None
        key = self.source if context is None else f"{context}\x04{self.source}"
        return key if plural is None else f"{key}\0{plural}"

    @property
    def translations(self) -> list[str]:
        return [text for (word, _), text in sorted(self.texts.items()) if word == "msgstr"]


def entries(lines: Sequence[str], name: str) -> Iterator[Entry]:
    """The entries of a .po file; those that begin with `#~` are obsolete."""
    entry = Entry(1)
    last: tuple[str, int] | None = None
    for number, line in enumerate(lines, 1):
        line = line.strip()
        match = _KEYWORD.match(line)
        begins = line.startswith("#") or (match and match[1] in ("msgctxt", "msgid"))
        if begins and ("msgstr", 0) in entry.texts:
            yield entry
            entry, last = Entry(number), None
        if line.startswith("#,"):
            entry.flags.update(flag.strip() for flag in line[2:].split(","))
        elif match:
            last = (match[1], int(match[2] or 0))
            entry.texts[last] = unquoted(match[3], name, number)
        elif line.startswith('"') and last:
            entry.texts[last] += unquoted(line, name, number)
        elif line and not line.startswith("#"):
            raise PoError(f"{name}:{number}: syntax error")
    if ("msgstr", 0) in entry.texts:
        yield entry
    elif entry.texts:
        raise PoError(f"{name}:{entry.line}: missing 'msgstr' section")


def unquoted(text: str, name: str, number: int) -> str:
    try:
        return str(ast.literal_eval(text))
    except (SyntaxError, ValueError):
        raise PoError(f"{name}:{number}: end-of-line within string") from None


def charset(text: bytes) -> str:
    """The encoding that a file's header states."""
    found = re.search(rb"charset=([\w-]+)", text)
    word = found[1].decode() if found else "utf-8"
    return "utf-8" if word in ("CHARSET", "utf8") else word


def check_format(entry: Entry, name: str) -> None:
    """--check-format: a translation has the directives of what it translates."""
    source = entry.source or ""
    sources = [source, entry.texts.get(("msgid_plural", 0), source)]
    for text in filter(None, entry.translations):
        for flag, expression in (
            ("c-format", _DIRECTIVE),
            ("python-format", _DIRECTIVE),
            ("python-brace-format", _FIELD),
        ):
            found = sorted(expression.findall(text.replace("%%", "")))
            allowed = [sorted(expression.findall(one.replace("%%", ""))) for one in sources]
            # A form of a plural may leave the number out.
            fewer = sources[0] != sources[1] and any(set(found) <= set(one) for one in allowed)
            if flag in entry.flags and found not in allowed and not fewer:
                raise PoError(
                    f"{name}:{entry.line}: format specifications in 'msgid' and 'msgstr' are not "
                    "the same"
                )


def catalogue(path: str, options: argparse.Namespace) -> tuple[dict[str, str], dict[str, int], str]:
    """The messages of a file, and how many were left out."""
    data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    data = data.removeprefix(b"\xef\xbb\xbf")
    messages: dict[str, str] = {}
    seen: set[str] = set()
    left = {"fuzzy": 0, "untranslated": 0}
    for entry in entries(data.decode(charset(data)).splitlines(), path):
        key = entry.key
        if key is None:
            raise PoError(f"{path}:{entry.line}: missing 'msgid' section")
        if key in seen:
            raise PoError(f"{path}:{entry.line}: duplicate message definition")
        seen.add(key)
        if options.check_format or options.check:
            check_format(entry, path)
        if "fuzzy" in entry.flags and key and not options.use_fuzzy:
            left["fuzzy"] += 1
        elif not all(entry.translations):
            left["untranslated"] += 1
        else:
            messages[key] = "\0".join(entry.translations)
    return messages, left, charset(data)


def binary(messages: Mapping[str, str], encoding: str) -> bytes:
    """The bytes of a .mo file: a header, two tables of lengths and places, and the texts."""
    pairs = sorted((key.encode(encoding), text.encode(encoding)) for key, text in messages.items())
    start = 28
    place = start + 16 * len(pairs)
    tables, texts = [b"", b""], b""
    for table in (0, 1):
        for pair in pairs:
            tables[table] += struct.pack("<II", len(pair[table]), place + len(texts))
            texts += pair[table] + b"\0"
    header = struct.pack("<7I", MAGIC, 0, len(pairs), start, start + 8 * len(pairs), 0, place)
    return header + tables[0] + tables[1] + texts


def main() -> None:
    parser = argparse.ArgumentParser(prog="msgfmt", allow_abbrev=False)
    parser.add_argument("files", nargs="+")
    parser.add_argument("-o", "--output-file", default="messages.mo")
    parser.add_argument("-f", "--use-fuzzy", action="store_true")
    parser.add_argument("-c", "--check", action="store_true")
    parser.add_argument("-v", "--verbose", action="store_true")
    for switch in ("--check-format", "--check-header", "--check-domain", "--statistics"):
        parser.add_argument(switch, action="store_true")
    parser.add_argument("-V", "--version", action="version", version="msgfmt (GNU gettext) 0.23")
    options = parser.parse_args()
    messages: dict[str, str] = {}
    left, encoding = {"fuzzy": 0, "untranslated": 0}, "utf-8"
    try:
        for path in options.files:
            more, fewer, encoding = catalogue(path, options)
            messages.update(more)
            left = {kind: left[kind] + fewer[kind] for kind in left}
        data = binary(messages, encoding)
        if options.output_file == "-":
            sys.stdout.buffer.write(data)
        else:
            Path(options.output_file).write_bytes(data)
    except PoError as error:
        sys.exit(f"{error}\nmsgfmt: found 1 fatal error")
    except (OSError, UnicodeError, LookupError) as error:
        sys.exit(f"msgfmt: {error}")
    if options.statistics or options.verbose:
        count = len(messages) - ("" in messages)
        counts = [
            (left["fuzzy"], "fuzzy translation"),
            (left["untranslated"], "untranslated message"),
        ]
        said = [f"{count} translated message{'s' * (count != 1)}"]
        said += [f"{number} {what}{'s' * (number != 1)}" for number, what in counts if number]
        print(", ".join(said) + ".", file=sys.stderr)


if __name__ == "__main__":
    main()
