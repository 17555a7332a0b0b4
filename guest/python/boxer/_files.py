"""Files as the host asks for them: in pieces, so that no file's size is anyone's memory.

Belongs here: one request, one answer. Does not: whole files (src/boxer/library/files.py).
"""

import os
import shutil
import stat

_MOST_ENTRIES, _LARGEST = 100_000, 1 << 24


def answer(channel, head, body):
    told = _DOES[head["do"]](head, body)
    more = told.pop("body", b"") if told else b""
    if len(more) > _LARGEST:
        raise OverflowError("there are more files here than an answer holds")
    channel.send({"id": head["id"], "e": "done", **(told or {})}, more)


def _about(path, name=None, follow=False):
    """What there is of a file to know. Raises OSError."""
    status = os.stat(path) if follow else os.lstat(path)
    told = {
        "name": name if name is not None else os.path.basename(path.rstrip("/")) or "/",
        "path": path,
        "type": _type(status.st_mode),
        "mode": stat.S_IMODE(status.st_mode),
        "size": status.st_size,
        "mtime": status.st_mtime_ns,
        "ino": status.st_ino,
        "uid": status.st_uid,
        "gid": status.st_gid,
        "owner": _name_of(status.st_uid, "passwd"),
        "group": _name_of(status.st_gid, "group"),
    }
    if stat.S_ISLNK(status.st_mode):
        told["target"] = os.readlink(path)
    return told


_names = {}


def _name_of(number, table):
    if (number, table) not in _names:
        name = str(number)
        try:
            with open(f"/etc/{table}", encoding="utf-8", errors="replace") as file:
                for line in file:
                    parts = line.split(":")
                    if len(parts) > 2 and parts[2] == str(number):
                        name = parts[0]
                        break
        except OSError:
            pass
        _names[number, table] = name
    return _names[number, table]


def _type(mode):
    for check, name in ((stat.S_ISREG, "file"), (stat.S_ISDIR, "directory"),
                        (stat.S_ISLNK, "symlink")):  # fmt: skip
        if check(mode):
            return name
    return "other"


def _stat(head, _):
    return {"entry": _about(head["path"], follow=head.get("follow", True))}


def _list(head, _):
    """Those in a folder, `depth` folders deep."""
    found = []

    def visit(folder, depth):
        for name in sorted(os.listdir(folder)):
            path = os.path.join(folder, name)
            try:
                entry = _about(path, name)
            except FileNotFoundError:
                continue
            if len(found) >= _MOST_ENTRIES:
                raise OverflowError(f"more than {_MOST_ENTRIES} files")
            found.append(entry)
            if depth > 1 and entry["type"] == "directory":
                visit(path, depth - 1)

    visit(head["path"], head.get("depth", 1))
    return {"body": _json(found)}


def _json(value):
    import json

    return json.dumps(value, separators=(",", ":")).encode()


def _read(head, _):
    """Some bytes from `offset` on."""
    with open(head["path"], "rb", buffering=0) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(22, "not a regular file")
        if head["offset"]:
            file.seek(head["offset"])
        return {"body": file.read(head["size"]) or b"", "size": status.st_size}


def _write(head, body):
    """A piece of a file: the first one makes it (`begins`), with its folders."""
    path = head["path"]
    made = head.get("begins") and not os.path.lexists(path)
    if made:
        _make_folders(os.path.dirname(path), head.get("owner"))
    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
    flags |= os.O_TRUNC if head.get("begins") else os.O_APPEND
    descriptor = os.open(path, flags, 0o644)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(22, "not a regular file")
        view = memoryview(body)
        while view:
            view = view[os.write(descriptor, view) :]
        if made:
            _own(descriptor, head.get("owner"))
        if head.get("mode") is not None:
            os.fchmod(descriptor, head["mode"])
    finally:
        os.close(descriptor)
    return {"entry": _about(path, follow=True)} if head.get("ends") else {}


def _own(path, owner):
    if owner is not None and os.geteuid() == 0:
        os.chown(path, owner[0], owner[1])


def _make_folders(path, owner):
    if not path or os.path.isdir(path):
        return False
    _make_folders(os.path.dirname(path), owner)
    os.mkdir(path, 0o755)
    _own(path, owner)
    return True


def _mkdir(head, _):
    path = head["path"]
    if os.path.isdir(path):
        return {"made": False, "entry": _about(path, follow=True)}
    if os.path.lexists(path):
        raise FileExistsError(17, "a file is there")
    _make_folders(path, head.get("owner"))
    return {"made": True, "entry": _about(path, follow=True)}


def _remove(head, _):
    path = head["path"]
    if stat.S_ISDIR(os.lstat(path).st_mode):
        if head.get("recursive", True):
            shutil.rmtree(path)
        else:
            os.rmdir(path)
    else:
        os.unlink(path)


def _rename(head, _):
    if head.get("folders"):
        _make_folders(os.path.dirname(head["to"]), head.get("owner"))
    os.rename(head["path"], head["to"])
    return {"entry": _about(head["to"])}


def _link(head, _):
    os.symlink(head["target"], head["path"])


def _set(head, _):
    """mode, and times in seconds."""
    if head.get("mode") is not None:
        os.chmod(head["path"], head["mode"])
    if head.get("mtime") is not None:
        os.utime(head["path"], (head["mtime"], head["mtime"]))


def _users(head, _):
    """/etc/passwd's: name -> [uid, gid, home]."""
    users = {}
    try:
        with open("/etc/passwd", encoding="utf-8", errors="replace") as file:
            for line in file:
                parts = line.rstrip("\n").split(":")
                if len(parts) >= 6 and parts[2].isdigit() and parts[3].isdigit():
                    users[parts[0]] = [int(parts[2]), int(parts[3]), parts[5]]
    except OSError:
        pass
    return {"users": users, "uid": os.geteuid(), "cwd": os.getcwd(), "home": os.environ.get("HOME")}


_DOES = {
    "stat": _stat, "list": _list, "read": _read, "write": _write, "mkdir": _mkdir,
    "remove": _remove, "rename": _rename, "link": _link, "set": _set, "users": _users,
}  # fmt: skip
