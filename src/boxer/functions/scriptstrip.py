"""TypeScript without its types: JavaScript in which all else stands where it stood.

Belongs here: what is taken away, and enums, which become objects. Does not: reading files
(`scriptsyntax`). Types are not checked: that is tsc's.

Invariants
1. Lines stay lines; columns stay, but behind an enum's members: errors tell where the source is.
2. What would have to be made anew (namespaces, parameter properties, decorators) is refused.
"""

from __future__ import annotations

import re
from typing import Any

from boxer.functions.scriptsyntax import Node, Source, walk

# Whole nodes that say nothing but types, below any other.
_TYPES = frozenset((
    "type_annotation", "asserts_annotation", "type_predicate_annotation", "type_parameters",
    "implements_clause", "accessibility_modifier", "override_modifier",
    "opting_type_annotation", "omitting_type_annotation", "adding_type_annotation",
))  # fmt: skip
# Statements, and members of classes.
_STATEMENTS = frozenset((
    "interface_declaration", "type_alias_declaration", "ambient_declaration", "function_signature",
    "abstract_method_signature", "method_signature", "index_signature",
))  # fmt: skip
_WORDS = frozenset(("readonly", "abstract", "declare"))  # of a member or a class
_ENDED = re.compile(r"_(statement|declaration|definition)$")
_REFUSED = {
    "internal_module": "a namespace is made of code that would have to be written for it",
    "module": "a namespace is made of code that would have to be written for it",
    "decorator": "QuickJS has no decorators",
    "import_alias": "`import =` is no import of a module",
    "import_require_clause": "`import =` is no import of a module",
    "jsx_element": "there is no JSX here",
}
_PLAIN = "Say it in JavaScript's own words: what is left without its types is what runs."
_GOES_ON = ("call_expression", "member_expression", "subscript_expression")
_INTEGER = re.compile(r"-?\d+")


def stripped(source: Source) -> str:
    """The JavaScript. Raises `FunctionError` for what cannot be left out."""
    return _Stripping(source).text()


class _Stripping:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._bytes = source.text
        # (from, to, what stands there instead), in bytes
        self._edits: list[tuple[int, int, str]] = []

    def text(self) -> str:
        self._visit(self._source.root)
        self._drop_unused_imports()
        made, at = [], 0
        for begin, end, instead in sorted(self._edits):
            if begin < at:
                continue  # within what is gone
            made += [self._bytes[at:begin].decode(), instead]
            at = end
        return "".join((*made, self._bytes[at:].decode()))

    def _visit(self, node: Node) -> None:
        waiting = [node]
        while waiting:
            here = waiting.pop()
            if not self._edit(here):
                waiting.extend(here.children)

    def _edit(self, node: Node) -> bool:
        """Whether it was dealt with, and what it holds, too."""
        kind = node.type
        if kind in _REFUSED:
            raise self._source.refused(node, f"This cannot run: {_REFUSED[kind]}.", _PLAIN)
        if kind in _TYPES:
            self._blank_type(node)
        elif kind in _STATEMENTS or self._is_of_types(node):
            self._blank_statement(node)
        elif kind == "type_arguments":
            self._blank(node)
        elif kind in ("import_specifier", "export_specifier") and node.children[0].type == "type":
            self._blank_listed(node)
        elif kind == "enum_declaration":
            self._enumeration(node)
        elif kind in ("required_parameter", "optional_parameter"):
            return self._parameter(node)
        else:
            self._edit_within(node)
            return False
        return True

    def _edit_within(self, node: Node) -> None:
        kind = node.type
        if kind in ("as_expression", "satisfies_expression"):
            word = node.children[1]
            self._blank_between(word.start_byte, node.end_byte, self._semicolon(node))
            # What it is said of is visited; the type is within what is gone.
        elif kind == "non_null_expression":
            self._blank_between(node.end_byte - 1, node.end_byte, self._semicolon(node))
        elif kind in ("public_field_definition", "variable_declarator", "method_definition"):
            self._member(node)
        elif kind in ("class_declaration", "abstract_class_declaration", "class"):
            for child in node.children:
                if child.type in _WORDS:
                    self._blank(child)

    def _member(self, node: Node) -> None:
        """Of a class; or a variable."""
        is_field = node.type == "public_field_definition"
        if is_field and any(child.type in ("declare", "abstract") for child in node.children):
            self._blank_statement(node)
            return
        for child in node.children:
            if child.type in ("?", "!") or child.type in _WORDS:
                self._blank(child)

    def _parameter(self, node: Node) -> bool:
        pattern = node.child_by_field_name("pattern")
        if any(child.type in ("accessibility_modifier", "readonly") for child in node.children):
            raise self._source.refused(
                node,
                "This cannot run: a parameter that is a property, too, is code that would have to"
                " be written for it.",
                "Declare the field, and set it in the constructor.",
            )
        if pattern is not None and pattern.type == "this":
            self._blank_listed(node)
            return True
        for child in node.children:
            if child.type == "?":
                self._blank(child)
        return False

    def _is_of_types(self, node: Node) -> bool:
        """Whether it imports or exports types alone."""
        if node.type not in ("import_statement", "export_statement"):
            return False
        if any(child.type == "type" for child in node.children):
            return True
        if node.type == "export_statement" and any(child.type == "=" for child in node.children):
            raise self._source.refused(node, "`export =` is no export of a module.", _PLAIN)
        declaration = node.child_by_field_name("declaration")
        return declaration is not None and declaration.type in _STATEMENTS

    def _blank_type(self, node: Node) -> None:
        """Between `)` and `=>` stands no end of a line: those go behind the arrow."""
        parent = node.parent
        is_result = (
            parent is not None
            and parent.type == "arrow_function"
            and (parent.child_by_field_name("return_type") == node)
        )
        if is_result:
            arrow = next(child for child in parent.children if child.type == "=>")
            lost = self._bytes[node.start_byte : arrow.start_byte].count(b"\n")
            if lost:
                self._edits.append((node.start_byte, arrow.end_byte, "=>" + "\n" * lost))
                return
        self._blank_between(node.start_byte, node.end_byte, self._semicolon(node))

    def _semicolon(self, node: Node) -> bool:
        """Whether the statement ends with it, and what follows could go on with it."""
        end, at = node.end_byte, node
        is_said = node.type in ("as_expression", "satisfies_expression")
        if is_said and node.parent.type in _GOES_ON and node.parent.children[0] == node:
            return (
                True  # behind a type TypeScript goes on with nothing: a new line, a new statement
            )
        while at is not None and at.end_byte == end:
            if _ENDED.search(at.type):
                rest = self._bytes[end:].lstrip()
                return rest[:1] in (b"(", b"[", b"`", b"+", b"-", b"/", b"*", b"<")
            at = at.parent
        return False

    def _blank(self, node: Node) -> None:
        self._blank_between(node.start_byte, node.end_byte)

    def _blank_statement(self, node: Node) -> None:
        self._blank_between(node.start_byte, node.end_byte, True)

    def _blank_listed(self, node: Node) -> None:
        """An item, and the comma behind it."""
        following = node.next_sibling
        end = following.end_byte if following is not None and following.type == "," else None
        self._blank_between(node.start_byte, end or node.end_byte)

    def _blank_between(self, begin: int, end: int, ends_statement: bool = False) -> None:
        blank = re.sub(r"[^\r\n]", " ", self._bytes[begin:end].decode())
        self._edits.append((begin, end, ";" + blank[1:] if ends_statement else blank))

    def _enumeration(self, node: Node) -> None:
        """`enum A { B, C = "c" }` becomes `var A = { B: 0, [0]: "B", C: "c" };`."""
        name, body = (node.child_by_field_name(one) for one in ("name", "body"))
        between = self._bytes[name.end_byte : body.start_byte].decode()
        self._edits.append((node.start_byte, name.start_byte, "var "))
        self._edits.append((name.end_byte, body.start_byte, f" ={between or ' '}"))
        self._edits.append((body.end_byte, body.end_byte, ";"))
        for member, value in enumerated(self._source, node):
            told = member.child_by_field_name("name") or member
            label = self._source.of(told)
            text = label if told.type == "string" else f'"{label}"'
            back = f", [{value}]: {text}" if _INTEGER.fullmatch(value) else ""
            self._edits.append((member.start_byte, member.end_byte, f"{label}: {value}{back}"))

    def _drop_unused_imports(self) -> None:
        """TypeScript leaves out what is imported for types alone."""
        if self._source.path.suffix not in (".ts", ".mts"):
            return
        gone = [(begin, end) for begin, end, _ in self._edits]
        used, listed = set(), []
        for node in walk(self._source.root):
            if node.type in ("import_specifier", "import_clause"):
                listed.append(node)
            if node.type in ("identifier", "shorthand_property_identifier"):
                above = node.parent
                is_import = above.type in ("import_specifier", "import_clause")
                is_gone = any(begin <= node.start_byte < end for begin, end in gone)
                if not is_import and not is_gone:
                    used.add(self._source.of(node))
        self._drop(listed, used)

    def _drop(self, listed: list[Any], used: set[str]) -> None:
        for clause in (node for node in listed if node.type == "import_clause"):
            names = [one for one in walk(clause) if one.type == "import_specifier"]
            kept = [one for one in names if self._local(one) in used]
            others = [one for one in clause.named_children if one.type != "named_imports"]
            if any(self._imported(one) in used for one in others):
                kept = kept or names
            if names and not kept and not any(self._imported(one) in used for one in others):
                self._blank_statement(clause.parent)
            else:
                for one in names:
                    if one not in kept:
                        self._blank_listed(one)

    def _local(self, specifier: Node) -> str:
        alias = specifier.child_by_field_name("alias")
        return self._source.of(alias or specifier.child_by_field_name("name"))

    def _imported(self, node: Node) -> str:
        """The name of a default import, or of `* as name`."""
        return self._source.of(node.named_children[-1] if node.named_children else node)


def enumerated(source: Source, node: Node) -> list[tuple[Node, str]]:
    """The members of an enum, and their values as JSON. Raises `FunctionError`."""
    found, following = [], "0"
    for member in node.child_by_field_name("body").named_children:
        if member.type == "comment":
            continue
        value = member.child_by_field_name("value")
        told = following if value is None else source.of(value)
        if value is not None and value.type == "string":
            told = _quoted(told)
        elif not _INTEGER.fullmatch(told) and not (value is not None and value.type == "number"):
            raise source.refused(
                member, "The value of an enum's member is a text or a number, written out."
            )
        following = str(int(told) + 1) if _INTEGER.fullmatch(told) else ""
        found.append((member, told))
    return found


def _quoted(text: str) -> str:
    if text.startswith("'"):
        text = '"' + text[1:-1].replace("\\'", "'").replace('"', '\\"') + '"'
    return text
