"""A project becomes a box that is a function: its module imported, its signature written down.

Belongs here: the Dockerfile that is made, asking the box for the signature. Does not: any other
part of a build (`pipeline`).

Invariant: nothing of the project is imported or run on the host; the signature is what the box's
own interpreter says, and is data (`description`).
"""

from __future__ import annotations

import functools
import hashlib
import json
import mmap
import re
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from boxer.boxfile import Box, read_box, read_info, write_box
from boxer.errors import BoxerError, FreezeError, FunctionError, GuestError, Where
from boxer.functions.description import Description, checked_signature
from boxer.functions.project import Project
from boxer.pipeline import Event, Listener, Notice, build
from boxer.runtime import Frozen, Limits, Pool

HOME = "/app"
TOLD = "/etc/boxer/function.json"
GUEST = "boxer.functions"
# Without a .dockerignore and a Dockerfile of the project's own.
_LEFT_OUT = (".git", ".venv", "**/__pycache__")


def _ignore(event: object) -> None:
    pass


@dataclass(frozen=True, slots=True)
class _Made:
    """The Dockerfile that is made, and whose lines it begins with: None where all are ours."""

    path: Path
    own: Path | None

    def at(self, where: Where | None) -> Where | None:
        """The place in the project's own Dockerfile."""
        if where is None or where.file != str(self.path):
            return where
        return replace(where, file=str(self.own)) if self.own else None

    def told(self, events: Listener, event: Event) -> None:
        """But that the box reads what it is told of its function."""
        if not isinstance(event, Notice):
            events(event)
        elif TOLD not in event.message:
            events(replace(event, where=self.at(event.where)))


@dataclass(frozen=True, slots=True)
class BuiltFunction:
    """data: the box's file. digest: its sha256, hex."""

    project: Project
    data: bytes
    box: Box
    description: Description
    digest: str


def build_function(
    project: Project, *, cache: bool = True, events: Listener = _ignore
) -> BuiltFunction:
    """Raises `FunctionError`, and what a build raises."""
    if project.language == "c":
        from boxer.functions.languages import build_program  # late: few are

        data, signature = build_program(project)
        return described(project, read_box(data), signature)
    with tempfile.TemporaryDirectory(prefix="boxer-function-") as folder:
        dockerfile = Path(folder) / "Dockerfile"
        dockerfile.write_text(dockerfile_of(project), "utf-8")
        ignore, ours = project.folder / ".dockerignore", Path(folder) / "Dockerfile.dockerignore"
        if ignore.is_file():
            ours.write_bytes(ignore.read_bytes())
        elif project.dockerfile is None:
            ours.write_text("\n".join([*_LEFT_OUT, *_boxes_in(project.folder)]) + "\n", "utf-8")
        own = project.folder / project.dockerfile if project.dockerfile else None
        made = _Made(dockerfile, own)
        try:
            result = build(
                project.folder,
                dockerfile=dockerfile,
                init=f"{GUEST}:at_freeze",
                cache=cache,
                events=functools.partial(made.told, events),
            )
        except FreezeError as error:
            raise FunctionError(
                f"`{project.entry}` cannot be loaded.{error.why}",
                hint="The box imports it when it is built: the module is in the folder, what it"
                " imports there or in a `requirements.txt`.",
            ) from None
        except BoxerError as error:
            error.where = made.at(error.where)
            raise
    box = read_box(result.data)
    return described(project, box, _signature(box, project))


def _boxes_in(folder: Path) -> list[str]:
    """What builds have left there: each would be a part of the next one."""
    found = []
    for path in sorted(folder.glob("*.wasm")):
        try:
            with path.open("rb") as file:
                read_info(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))
        except (BoxerError, OSError, ValueError):
            continue  # a file of the program's own
        found.append(re.sub(r"([*?\[\]\\!#])", r"\\\1", path.name))
    return found


def described(project: Project, box: Box, signature: dict[str, Any]) -> BuiltFunction:
    """The box with its description. Raises `FunctionError`."""
    hosts = tuple(sorted({*project.hosts, *signature.pop("hosts", [])}))
    checked = checked_signature(signature, project.name)
    description = Description(project.entry, checked, project.language, hosts, project.limits)
    check_expected(project, description)
    info = replace(box.info, function=description.to_json())
    data = write_box(box.code, box.image, info)
    digest = hashlib.sha256(data).hexdigest()
    return BuiltFunction(project, data, replace(box, info=info), description, digest)


def check_expected(project: Project, description: Description) -> None:
    """Raises `FunctionError` where the signature breaks what callers count on."""
    if project.signature is None:
        return
    from boxer.functions.comparing import compare

    path = project.folder / project.signature
    try:
        expected = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise FunctionError(f"`{path}` is no signature: {error}.") from None
    breaking = [
        change
        for change in compare(checked_signature(expected, str(path)), description.signature)
        if change.breaking
    ]
    if breaking:
        listed = "; ".join(f"`{change.path or '/'}` {change.message}" for change in breaking)
        raise FunctionError(
            f"The function breaks the signature that callers count on: {listed}.",
            hint=f"Restore it, or accept it: `boxer fn inspect --format json` into `{path}`.",
        )


def dockerfile_of(project: Project) -> str:
    """The Dockerfile that is built: the project's own, or one that copies all and installs what is
    required; behind it, what the box is told of its function."""
    told: dict[str, Any] = {"entry": project.entry}
    files: list[str] = []
    command = ["python", "-m", GUEST]
    if project.language == "js":
        from boxer.functions.languages import script_lines  # late: few are

        told, files = script_lines(project)
        command = ["qjs", "--boxer-calls"]
    told["path"] = HOME
    if project.init:
        told["init"] = project.init
    if project.dockerfile is not None:
        path = project.folder / project.dockerfile
        try:
            lines = [path.read_text("utf-8").rstrip("\n")]
        except (OSError, ValueError) as error:
            raise FunctionError(f"`{path}` cannot be read: {error}.") from None
        del told["path"]
    else:
        lines = [*_begun(project), "COPY . ."]
    return "\n".join(
        (
            *lines,
            *files,
            f"COPY <<'END-OF-BOXER' {TOLD}",
            json.dumps(told),
            "END-OF-BOXER",
            f"ENTRYPOINT {json.dumps(command)}",
            "CMD []",
            "",
        )
    )


def _begun(project: Project) -> list[str]:
    if project.language == "js":
        return ["FROM quickjs", f"WORKDIR {HOME}"]
    image = "python" if project.python is None else f"python:{project.python}"
    return [f"FROM {image}", f"WORKDIR {HOME}", *_installed(project.folder)]


def _installed(folder: Path) -> list[str]:
    if (folder / "requirements.txt").is_file():
        return ["COPY requirements.txt ./", "RUN pip install -r requirements.txt"]
    if (folder / "pyproject.toml").is_file():
        return ["COPY pyproject.toml ./", "COPY . .", "RUN pip install ."]
    return []


def _signature(box: Box, project: Project) -> dict[str, Any]:
    try:
        with Pool(Frozen.of(box), 1, Limits()) as pool:
            told = pool.call(f"{GUEST}:open_function")
    except GuestError as error:
        raise FunctionError(
            f"`{project.entry}` is no function that can be called: {error.type}: {error.text}."
            f"{error.shown()}"
        ) from None
    return checked_signature(told, project.name)
