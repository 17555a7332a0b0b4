"""One instruction's own rules: arguments and flags (BuildKit, frontend/dockerfile/instructions).

Belongs here: what each instruction makes of its line. Does not: flags as such (`line`).

Each reader takes a `Line` and returns the typed instruction, or raises ValueError with a sentence's
worth of what is wrong; `parsing` adds the place.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from e2b_dockerfile_utils import chomp_heredoc_content

from boxer.dockerfile.instructions import (
    Add,
    Arg,
    Cmd,
    Command,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    HealthCheck,
    Heredoc,
    Instruction,
    Label,
    Maintainer,
    OnBuild,
    Pairs,
    Run,
    Shell,
    StopSignal,
    User,
    Volume,
    Workdir,
)
from boxer.dockerfile.line import Line, last, switch

# What ADD fetches; a variable may become such a thing.
_FETCHED = re.compile(r"https?://|git@|git://|ssh://|\$|.*\.git(?:[#?]|$)")
_STAGE_NAME = re.compile(r"[a-z][a-z0-9._-]*")


def _from(line: Line) -> From:
    platform = last(line.flags("platform"), "platform")
    args = line.args
    if len(args) == 3 and args[1].lower() == "as":
        name = args[2].lower()
        if not _STAGE_NAME.fullmatch(name):
            raise ValueError(f"`{args[2]}` cannot be the name of a stage")
        return From(**line.head, image=args[0], stage_name=name, platform=platform)
    if len(args) != 1:
        raise ValueError("it is written `FROM IMAGE [AS NAME]`")
    return From(**line.head, image=args[0], platform=platform)


def _command(line: Line) -> Command:
    entry = line.entry
    if entry.json:
        return Command(argv=tuple(entry.args))
    text = entry.args[0] if entry.args else ""
    if not entry.heredocs:
        return Command(script=text)
    # `RUN <<EOF` alone: the document is the script. Else the shell reads the documents itself.
    if re.fullmatch(r"<<-?\s*(['\"]?)[\w.-]+\1", text.strip()):
        document = entry.heredocs[0]
        body = chomp_heredoc_content(document.content) if document.chomp else document.content
        return Command(script=body)
    documents = "".join(f"{h.content}{h.name}\n" for h in entry.heredocs)
    return Command(script=f"{text}\n{documents}")


def _run(line: Line) -> Run:
    flags = line.flags("mount", "network", "security", "device")
    command = _command(line)
    if not command.argv and not (command.script or "").strip():
        raise ValueError("the command is missing")
    return Run(
        **line.head,
        command=command,
        mounts=tuple(flags.get("mount", ())),
        network=last(flags, "network"),
        security=last(flags, "security"),
        devices=tuple(flags.get("device", ())),
    )


def _documents(line: Line) -> tuple[Heredoc, ...]:
    return tuple(
        Heredoc(h.name, chomp_heredoc_content(h.content) if h.chomp else h.content, h.expand)
        for h in line.entry.heredocs
    )


def _paths(line: Line) -> tuple[tuple[str, ...], str]:
    if len(line.args) < 2:
        raise ValueError("it needs at least one source and a destination")
    *sources, destination = line.args
    documents = {f"<<{h.name}" for h in line.entry.heredocs}
    if _is_document(destination, documents):
        raise ValueError("the destination cannot be a here-document")
    plain = tuple(source for source in sources if not _is_document(source, documents))
    if len(sources) > 1 and not destination.endswith("/") and destination not in (".", ".."):
        # Whether it is a folder by then is not known yet; BuildKit asks for the slash.
        raise ValueError("with several sources the destination must end in `/`")
    return plain, destination


def _is_document(word: str, documents: set[str]) -> bool:
    return word.startswith("<<") and "<<" + word.lstrip("<-").strip("'\"") in documents


def _copy(line: Line) -> Copy:
    flags = line.flags("from", "chown", "chmod", "link", "parents", "exclude")
    sources, destination = _paths(line)
    return Copy(
        **line.head,
        sources=sources,
        destination=destination,
        heredocs=_documents(line),
        from_stage=last(flags, "from"),
        chown=last(flags, "chown"),
        chmod=last(flags, "chmod"),
        link=switch(flags, "link"),
        parents=switch(flags, "parents"),
        exclude=tuple(flags.get("exclude", ())),
    )


def _add(line: Line) -> Add:
    flags = line.flags("chown", "chmod", "link", "checksum", "keep-git-dir", "exclude", "unpack")
    sources, destination = _paths(line)
    if "checksum" in flags and (line.entry.heredocs or len(sources) != 1):
        raise ValueError("`--checksum` is for one source")
    if "checksum" in flags and not _FETCHED.match(sources[0]):
        raise ValueError("`--checksum` is for what is fetched, by http(s) or git")
    return Add(
        **line.head,
        sources=sources,
        destination=destination,
        heredocs=_documents(line),
        chown=last(flags, "chown"),
        chmod=last(flags, "chmod"),
        link=switch(flags, "link"),
        exclude=tuple(flags.get("exclude", ())),
        checksum=last(flags, "checksum"),
        keep_git_dir=switch(flags, "keep-git-dir"),
        unpack=switch(flags, "unpack") if "unpack" in flags else None,
    )


def _pairs(line: Line) -> Pairs:
    args = line.args
    if not args:
        raise ValueError("it is written `NAME=VALUE`")
    pairs = tuple((args[i], args[i + 1]) for i in range(0, len(args) - 2, 3))
    if any(not name for name, _ in pairs):
        raise ValueError("a name is empty")
    return pairs


def _arg(line: Line) -> Arg:
    pairs: list[tuple[str, str | None]] = []
    for word in line.some("a name"):
        name, equals, value = word.partition("=")
        if not name:
            raise ValueError(f"`{word}` has no name")
        pairs.append((name, value if equals else None))
    return Arg(**line.head, pairs=tuple(pairs))


def _healthcheck(line: Line) -> HealthCheck:
    names = ("interval", "timeout", "start-period", "start-interval", "retries")
    flags = line.flags(*names)
    options = {name: values[-1] for name, values in flags.items()}
    kind = line.args[0].upper() if line.args else ""
    if kind == "NONE":
        return HealthCheck(**line.head, command=None)
    if kind != "CMD" or len(line.args) < 2:
        raise ValueError("it is written `HEALTHCHECK [OPTIONS] CMD command` or `HEALTHCHECK NONE`")
    if line.entry.json:
        command = Command(argv=tuple(line.args[1:]))
    else:
        command = Command(script=line.args[1])
    return HealthCheck(**line.head, command=command, options=options)


def _shell(line: Line) -> Shell:
    if not line.entry.json or not line.args:
        raise ValueError('it is written in JSON form: `SHELL ["/bin/bash", "-c"]`')
    return Shell(**line.head, argv=tuple(line.args))


def _onbuild(line: Line) -> OnBuild:
    trigger = "".join(line.entry.original.split(None, 1)[1:])
    if "".join(trigger.split(None, 1)[:1]).upper() in ("", "ONBUILD", "FROM", "MAINTAINER"):
        raise ValueError("the instruction after it is missing or not allowed there")
    return OnBuild(**line.head, trigger=trigger)


READERS: dict[str, Callable[[Line], Instruction]] = {
    "ADD": _add,
    "ARG": _arg,
    "CMD": lambda line: Cmd(**line.head, command=_command(line)),
    "COPY": _copy,
    "ENTRYPOINT": lambda line: Entrypoint(**line.head, command=_command(line)),
    "ENV": lambda line: Env(**line.head, pairs=_pairs(line)),
    "EXPOSE": lambda line: Expose(**line.head, ports=line.some("a port")),
    "FROM": _from,
    "HEALTHCHECK": _healthcheck,
    "LABEL": lambda line: Label(**line.head, pairs=_pairs(line)),
    "MAINTAINER": lambda line: Maintainer(**line.head, name=line.one("a name")),
    "ONBUILD": _onbuild,
    "RUN": _run,
    "SHELL": _shell,
    "STOPSIGNAL": lambda line: StopSignal(**line.head, signal=line.one("a signal")),
    "USER": lambda line: User(**line.head, user=line.one("a user")),
    "VOLUME": lambda line: Volume(**line.head, paths=line.some("a path")),
    "WORKDIR": lambda line: Workdir(**line.head, path=line.one("a path")),
}
