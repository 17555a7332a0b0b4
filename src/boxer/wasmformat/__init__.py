"""WebAssembly bytes: read, parted into code and memory, written. Pure: no files, no engine."""

from boxer.wasmformat.entries import (
    MOST_PAGES,
    PAGE,
    DataSegment,
    Export,
    Import,
    Kind,
    MemoryType,
    constant,
    data_segments,
    exports,
    imports,
    memory,
    stack_size,
)
from boxer.wasmformat.linkable import Linkable, object_of, with_object, without_object
from boxer.wasmformat.module import Module, Section, SectionId
from boxer.wasmformat.reader import Buffer, Reader
from boxer.wasmformat.rewrite import (
    HOST,
    check_supported,
    code_digest,
    code_only,
    code_part,
    digest_of,
    initial_segments,
    with_custom,
    with_image,
)
from boxer.wasmformat.writer import encode_name, sleb128, uleb128

__all__ = [
    "HOST",
    "MOST_PAGES",
    "PAGE",
    "Buffer",
    "DataSegment",
    "Export",
    "Import",
    "Kind",
    "Linkable",
    "MemoryType",
    "Module",
    "Reader",
    "Section",
    "SectionId",
    "check_supported",
    "code_digest",
    "code_only",
    "code_part",
    "constant",
    "data_segments",
    "digest_of",
    "encode_name",
    "exports",
    "imports",
    "initial_segments",
    "memory",
    "object_of",
    "sleb128",
    "stack_size",
    "uleb128",
    "with_custom",
    "with_image",
    "with_object",
    "without_object",
]
