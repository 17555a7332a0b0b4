"""unzip(1).

Belongs here: taking a zip archive apart into the tree. Does not: tar (`archives`).
"""

from __future__ import annotations

import fnmatch
import io
import posixpath
import zipfile

from boxer.filetree import File
from boxer.userland.invocation import (
    Command,
    CommandFailedError,
    Invocation,
    parse_options,
)
from boxer.userland.volume import MAX_FILE_BYTES

_TOO_FEW, _DAMAGED, _MISSING = 10, 2, 9  # unzip(1), DIAGNOSTICS


def unzip(call: Invocation) -> int:
    options = parse_options(call, "qond:ljptx:")
    if not options.operands:
        raise CommandFailedError("no archive is named", _TOO_FEW)
    name, *wanted = options.operands
    node = call.node(name) or call.node(f"{name}.zip")
    if not isinstance(node, File):
        raise CommandFailedError(f"cannot find or open {name}, {name}.zip.", _MISSING)
    folder = call.path(options.value("d") or ".")
    try:
        with zipfile.ZipFile(io.BytesIO(node.data)) as archive:
            for entry in archive.infolist():
                if not wanted or any(fnmatch.fnmatch(entry.filename, w) for w in wanted):
                    _take(call, archive, entry, folder, options.has("l"), options.has("p"))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise CommandFailedError(f"{name}: {error}", _DAMAGED) from None
    return 0


def _take(
    call: Invocation,
    archive: zipfile.ZipFile,
    entry: zipfile.ZipInfo,
    folder: str,
    listing: bool,
    printing: bool,
) -> None:
    if listing:
        call.print(f"{entry.file_size:>9}  {entry.filename}")
        return
    if entry.file_size > MAX_FILE_BYTES:
        raise CommandFailedError(f"{entry.filename}: too large", _DAMAGED)
    # Names that lead out of the folder lose what leads there, as unzip warns and does.
    parts = [part for part in entry.filename.split("/") if part not in ("", ".", "..")]
    path = posixpath.join(folder, *parts)
    uid, gid = call.user.uid, call.user.gid
    if entry.is_dir():
        call.tree.make_directories(path, 0o755, uid, gid, call.epoch)
        return
    data = archive.read(entry)
    if printing:
        call.out += data
        return
    call.tree.make_directories(posixpath.dirname(path), 0o755, uid, gid, call.epoch)
    call.parent(path)
    mode = (entry.external_attr >> 16) & 0o777 or 0o644
    call.tree.add_file(path, data, mode, uid, gid, call.epoch)


COMMANDS = {"unzip": Command(unzip, makes_programs=True)}
