"""What a box says to its pip beside the command line: PIP_* variables and pip.conf.

Belongs here: reading them as options of a command line, and `pip config set`. Does not: those of
this machine (`settings`), what options mean (`options`).

Order, later ones win: /etc/pip.conf, the user's, the environment's, the one PIP_CONFIG_FILE names,
the variables. What pip does not know there it passes over, and so do we.

Source: pip, "Configuration".
"""

from __future__ import annotations

import configparser
import posixpath
from collections.abc import Iterator, Mapping

from boxer.filetree import File, Tree
from boxer.packages.options import kind_of

_FALSE = ("", "0", "false", "no", "off", "f", "n")
_NULL = "/dev/null"


def pip_settings(tree: Tree, root: str, home: str, variables: Mapping[str, str]) -> list[str]:
    """The options of `pip install` that are said so. root: the environment's folder."""
    found: dict[str, str] = {}
    for path in _files(root, home, variables):
        found.update(_read(tree, path))
    for name, value in variables.items():
        if name.startswith("PIP_"):
            found[name.removeprefix("PIP_").lower().replace("_", "-")] = value
    if "default-timeout" in found:
        found["timeout"] = found.pop("default-timeout")
    return [word for name, value in found.items() for word in _option(f"--{name}", value)]


def config_file(place: str, root: str, home: str) -> str:
    """The file that `pip config set` writes. place: `global`, `site` or `user`."""
    return {
        "global": "/etc/pip.conf",
        "site": f"{root}/pip.conf",
    }.get(place, f"{home}/.config/pip/pip.conf")


def with_setting(text: str, name: str, value: str) -> str:
    """A pip.conf with `section.key` set. Raises ValueError for a name without a section."""
    section, dot, key = name.partition(".")
    if not dot:
        raise ValueError(name)
    parser = configparser.RawConfigParser(strict=False)
    parser.read_string(text)
    if not parser.has_section(section):
        parser.add_section(section)
    parser.set(section, key, value)
    lines = []
    for part in parser.sections():
        lines.append(f"[{part}]")
        lines += [f"{key} = {value}".replace("\n", "\n    ") for key, value in parser.items(part)]
        lines.append("")
    return "\n".join(lines)


def _option(name: str, value: str) -> Iterator[str]:
    kind = kind_of(name)
    if kind == "switch" and value.strip().lower() not in _FALSE:
        yield name
    elif kind == "value":
        for word in value.split():
            yield from (name, word)


def _files(root: str, home: str, variables: Mapping[str, str]) -> Iterator[str]:
    named = variables.get("PIP_CONFIG_FILE", "")
    if named == _NULL:
        return
    yield "/etc/pip.conf"
    yield f"{home}/.pip/pip.conf"
    yield posixpath.join(variables.get("XDG_CONFIG_HOME") or f"{home}/.config", "pip/pip.conf")
    yield f"{root}/pip.conf"
    if named:
        yield named


def _read(tree: Tree, path: str) -> dict[str, str]:
    node = tree.get(path)
    if not isinstance(node, File):
        return {}
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(node.data.decode("utf-8", "replace"))
    except configparser.Error:
        return {}
    sections = [section for section in ("global", "install") if parser.has_section(section)]
    return {k.replace("_", "-"): v for section in sections for k, v in parser.items(section)}
