"""pydantic's models: their own schema, and their own reading and writing.

Also a part of every base (recipes/layout.py); pydantic is imported where there are models of it,
and was then imported by who made them.
"""

from __future__ import annotations

import functools
import json
import re
from typing import Any

from boxer.schemas.anything import plain
from boxer.schemas.invalid import BadTypeError, InvalidError
from boxer.schemas.scalars import BYTES, Codec, Schema

# Where Python notes that a warning was raised here, whatever becomes of it: pydantic warns of a
# value that is not of its field's type. To ask for an error instead takes twice as long each time.
_WARNED = "__warningregistry__"
_own = globals()


def is_model(hint: Any) -> bool:
    """Whether pydantic knows how to read it: a model, a dataclass of pydantic's."""
    return hasattr(hint, "__pydantic_validator__") and hasattr(hint, "__pydantic_serializer__")


def codec_of(hint: Any, output: bool) -> tuple[Codec, dict[str, Schema]]:
    """And the definitions its schema refers to."""
    from pydantic import (  # type: ignore[import-not-found,unused-ignore]
        TypeAdapter,
        ValidationError,
    )
    from pydantic_core import (  # type: ignore[import-not-found,unused-ignore]
        PydanticSerializationError,
    )

    schemas: Any = "serialization" if output else "validation"
    try:
        adapter: Any = TypeAdapter(hint)
        schema = adapter.json_schema(mode=schemas, ref_template="#/$defs/{model}")
    except Exception as error:
        raise BadTypeError(f"pydantic has no schema for `{hint}`: {error}") from None
    schema = _with_bytes(schema)
    definitions = schema.pop("$defs", {})
    name = getattr(hint, "__name__", "Model")
    if "$ref" not in schema and isinstance(hint, type) and name not in definitions:
        definitions[name] = schema
        schema = {"$ref": f"#/$defs/{name}"}
    told = json.dumps([schema, definitions])
    has_bytes = "contentEncoding" in told
    mode = "python" if has_bytes else "json"
    is_checked = has_bytes or '"number"' in told  # each number is finite
    validate = adapter.validator.validate_python
    if not has_bytes and _is_strict(adapter.core_schema):
        validate = functools.partial(_validated_as_json, adapter.validator.validate_json)
    write = adapter.serializer.to_python

    def load(value: Any) -> Any:
        try:
            return validate(value)
        except ValidationError as error:
            raise _invalid(error) from None

    def dump(value: Any) -> Any:
        # Its own class is told from others at once: pydantic's isinstance looks at attributes.
        if type(value) is not hint and isinstance(hint, type) and not isinstance(value, hint):
            raise InvalidError(f"must be of {name}, is of {type(value).__name__}")
        try:
            made = write(value, mode=mode, by_alias=True)
        except UserWarning:  # where the program makes errors of warnings
            made = checked(value)
        if _WARNED in _own:
            del _own[_WARNED]
            made = checked(value)
        return plain(made) if is_checked else made

    def checked(value: Any) -> Any:
        try:
            return write(value, mode=mode, by_alias=True, warnings="error")
        except PydanticSerializationError as error:
            raise InvalidError(_said(str(error))) from None

    return Codec(schema, load, dump, hint if isinstance(hint, type) else None), definitions


def _said(text: str) -> str:
    """Of what a serializer says: a line about itself, and others, each within the name of a
    class."""
    lines = text.splitlines()
    found = re.fullmatch(r"\s*\w+\((.*)\)", lines[-1]) if len(lines) > 1 else None
    return _sentence(found[1] if found else text)


def _is_strict(schema: Any) -> bool:
    """Whether something in it is read without conversion. JSON has no dates: then they are read
    from their text only where the whole is read as JSON."""
    if isinstance(schema, dict):
        return schema.get("strict") is True or any(map(_is_strict, schema.values()))
    return isinstance(schema, (list, tuple)) and any(map(_is_strict, schema))


def _validated_as_json(validate: Any, value: Any) -> Any:
    return validate(json.dumps(value))


def renamed(
    schema: Schema, definitions: dict[str, Schema], names: dict[str, str]
) -> tuple[Schema, dict[str, Schema]]:
    """Both with other names for some of the definitions."""
    if not names:
        return schema, definitions
    refs = {f"#/$defs/{old}": f"#/$defs/{new}" for old, new in names.items()}
    moved = {names.get(name, name): _referring(one, refs) for name, one in definitions.items()}
    return _referring(schema, refs), moved


def _referring(schema: Any, refs: dict[str, str]) -> Any:
    if isinstance(schema, list):
        return [_referring(one, refs) for one in schema]
    if isinstance(schema, dict):
        return {name: _referring(one, refs) for name, one in schema.items()}
    return refs.get(schema, schema) if isinstance(schema, str) else schema


def _with_bytes(schema: Any) -> Any:
    """Bytes as ours: pydantic calls them `format: binary`, which JSON Schema 2020-12 has not."""
    if isinstance(schema, list):
        return [_with_bytes(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "string" and schema.get("format") in ("binary", "base64url"):
        schema = {name: one for name, one in schema.items() if name != "format"} | BYTES
    return {name: _with_bytes(one) for name, one in schema.items()}


def _invalid(error: Any) -> InvalidError:
    found: InvalidError | None = None
    for one in error.errors(include_url=False, include_context=False, include_input=False):
        found = InvalidError(_sentence(str(one["msg"])), *one["loc"]).joined(found)
    return found or InvalidError(str(error))


def _sentence(text: str) -> str:
    return text[:1].lower() + text[1:]
