"""unzip(1).

Belongs here: taking a zip archive apart into the tree. Does not: tar (`archives`).
"""

from __future__ import annotations

import fnmatch
import io
import posixpath
import stat
import zipfile

from boxer.filetree import MOST_BYTES, Directory, File, Symlink
from boxer.userland.commands.files import make_folder
from boxer.userland.invocation import (
    Command,
    CommandFailedError,
    Invocation,
    Options,
    parse_options,
)
from boxer.userland.volume import MAX_FILE_BYTES

_TOO_FEW, _DAMAGED, _MISSING, _NOTHING = 10, 2, 9, 11  # unzip(1), DIAGNOSTICS


def unzip(call: Invocation) -> int:
    _gather_excluded(call)
    options = parse_options(call, "qond:ljptx:", absent="u f a b C L M v V z Z X K W T")
    if not options.operands:
        raise CommandFailedError("no archive is named", _TOO_FEW)
    name, *wanted = options.operands
    node = call.node(name) or call.node(f"{name}.zip")
    if not isinstance(node, File):
        raise CommandFailedError(f"cannot find or open {name}, {name}.zip.", _MISSING)
    excluded = options.values.get("x", [])
    found, size, status = False, 0, 0
    try:
        with zipfile.ZipFile(io.BytesIO(node.data)) as archive:
            for entry in archive.infolist():
                if wanted and not any(fnmatch.fnmatchcase(entry.filename, w) for w in wanted):
                    continue
                if any(fnmatch.fnmatchcase(entry.filename, x) for x in excluded):
                    continue
                found, size = True, size + entry.file_size
                if size > MOST_BYTES and not options.has("l"):
                    raise CommandFailedError(f"{name}: more than a box has room for", _DAMAGED)
                status |= call.each([entry], lambda entry: _take(call, archive, entry, options))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise CommandFailedError(f"{name}: {error}", _DAMAGED) from None
    return status if found or not wanted else _NOTHING


def _gather_excluded(call: Invocation) -> None:
    """All words behind -x are names, up to an option: `unzip a.zip -x one two -d there`."""
    words, behind = [], False
    for word in call.arguments:
        if word.startswith("-"):
            behind = word == "-x"
            words += [] if behind else [word]
        else:
            words.append(f"-x{word}" if behind else word)
    call.arguments = words


def _take(
    call: Invocation, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, options: Options
) -> None:
    if options.has("l"):
        call.print(f"{entry.file_size:>9}  {entry.filename}")
        return
    if entry.file_size > MAX_FILE_BYTES:
        raise CommandFailedError(f"{entry.filename}: too large", _DAMAGED)
    # Names that lead out of the folder lose what leads there, as unzip warns and does.
    parts = [part for part in entry.filename.split("/") if part not in ("", ".", "..")]
    folder = call.path(options.value("d") or ".")
    path = posixpath.join(folder, *(parts[-1:] if options.has("j") else parts))
    if entry.is_dir():
        if parts and not options.has("j", "p", "t"):
            make_folder(call, path, None, True)
        return
    if not parts:
        raise CommandFailedError(f"{entry.filename}: no name of a file")
    data = archive.read(entry)
    if options.has("p"):
        call.out += data
    if options.has("p", "t") or (options.has("n") and call.node(path) is not None):
        return
    make_folder(call, posixpath.dirname(path), None, True)
    parent, name = call.parent(path)
    present = parent.entries.get(name)
    if isinstance(present, Directory):
        raise CommandFailedError(f"cannot create {path}: a folder is there")
    if present is not None:
        call.require_removable(parent, present, path)
    unix = entry.external_attr >> 16
    node: File | Symlink
    if stat.S_ISLNK(unix):
        node = Symlink(target=data.decode("utf-8", "surrogateescape"))
    else:
        node = File(mode=unix & 0o777 or 0o644, data=data)
    parent.entries[name] = call.own(node, parent)


COMMANDS = {"unzip": Command(unzip, makes_programs=True)}
