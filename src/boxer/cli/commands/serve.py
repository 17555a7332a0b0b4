"""`boxer serve`: HTTP in front of a box, a fresh machine for every request."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from boxer.cli.networkoptions import add_outbound_options
from boxer.cli.sandboxing import add_sandbox_options, serve_sandboxes
from boxer.errors import ServeError

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from boxer.boxfile import BoxInfo

LABEL = "boxer.rehearse"
# Between the rehearsals of a label: a comma, but one in a body.
SEPARATOR = re.compile(r",(?=\s*[A-Za-z]+ /|\s*$)")
KEEP_LABEL = "boxer.rehearse.keep"


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "serve", help="serve a box's web application, each request on a fresh machine"
    )
    parser.add_argument("box", metavar="BOX", help="a file, or NAME[:TAG]")
    parser.add_argument(
        "-p", "--port", default="8000", metavar="[IP:]PORT", help="where to listen (8000)"
    )
    parser.add_argument(
        "--app", metavar="MODULE:OBJECT", help="instead of what the box's command names"
    )
    parser.add_argument(
        "--own-server",
        action="store_true",
        help="the box's command serves: each connection begins where it waits for its first one",
    )
    parser.add_argument(
        "--box-port",
        type=int,
        default=0,
        metavar="PORT",
        help="that a server of the box's own listens on (the first that it does)",
    )
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes (1)")
    parser.add_argument(
        "--machines", type=int, default=16, metavar="N", help="at once in a worker (16)"
    )
    parser.add_argument(
        "--streams",
        type=int,
        default=256,
        metavar="N",
        help="streamed answers and WebSockets at once in a worker, beside those (256)",
    )
    parser.add_argument(
        "--isolation",
        default="request",
        metavar="KIND",
        help="a machine for each request (default), connection, session, or none: one for all",
    )
    parser.add_argument(
        "--session-header", metavar="NAME", help="names a session, instead of a cookie of ours"
    )
    parser.add_argument(
        "--sessions", type=int, default=1000, metavar="N", help="at most, asleep or not (1000)"
    )
    parser.add_argument(
        "--session-idle",
        type=float,
        default=1800,
        metavar="SECONDS",
        help="after which one is forgotten (1800)",
    )
    parser.add_argument(
        "-v",
        "--volume",
        action="append",
        default=[],
        metavar="SOURCE:TARGET[:ro]",
        help="mount a volume, a folder or a file, as `boxer run` does",
    )
    parser.add_argument("-e", "--env", action="append", default=[], metavar="K[=V]")
    parser.add_argument(
        "--env-file", action="append", default=[], type=Path, metavar="FILE", help="lines K[=V]"
    )
    parser.add_argument(
        "--limit",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="of each request: time (30), cpu, memory, output, storage, files, tasks, call_depth",
    )
    parser.add_argument(
        "--body", default="16MiB", metavar="SIZE", help="of a request, at most (16MiB)"
    )
    parser.add_argument(
        "--rehearse",
        action="append",
        metavar='"METHOD PATH [BODY]"',
        help='requests made once before, on machines thrown away (`LABEL boxer.rehearse`, "GET /")',
    )
    parser.add_argument("--no-rehearse", action="store_true")
    parser.add_argument(
        "--keep-rehearsals",
        action="store_true",
        help="requests begin with what these have left (`LABEL boxer.rehearse.keep=true`)",
    )
    parser.add_argument(
        "--development", action="store_true", help="answers of requests that failed tell why"
    )
    parser.add_argument(
        "--stream-time",
        type=float,
        default=3600,
        metavar="SECONDS",
        help="that a streamed answer or a WebSocket lasts, at most (3600)",
    )
    parser.add_argument(
        "--metrics",
        nargs="?",
        const="/metrics",
        default="",
        metavar="PATH",
        help="figures for Prometheus (/metrics)",
    )
    parser.add_argument(
        "--reload", type=Path, metavar="CONTEXT", help="build anew when a file there changes"
    )
    parser.add_argument(
        "--host-lib",
        default="uvicorn",
        choices=("uvicorn", "granian"),
        help="the server in front (uvicorn); granian has HTTP/2",
    )
    parser.add_argument("--no-access-log", action="store_true")
    parser.add_argument("--tls-cert", type=Path, metavar="FILE", help="PEM: serve HTTPS")
    parser.add_argument("--tls-key", type=Path, metavar="FILE")
    add_sandbox_options(parser)
    add_outbound_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    if options.reload is not None:
        return _reload(options)
    from functools import partial

    from boxer.cli import grants, networkoptions, runoptions
    from boxer.runtime import Limits, parse_size
    from boxer.serving import Service, key_of_start, serve

    host, port = address_of(options.port)
    if options.e2b:
        return serve_sandboxes(options, host, port)
    _check(options)
    lines = [line for path in options.env_file for line in runoptions.read_environment_file(path)]
    own_limits, net_limits = networkoptions.split_limits(options.limit)
    limits = runoptions.read_limits(own_limits, Limits(time=30.0))
    env = runoptions.read_environment([*lines, *options.env])
    image_key = ""  # while a box is changed again and again, nothing is kept
    if not options.development:
        image_key = key_of_start(options.box, _asked(options), limits, env)
    app, is_sure, rehearse, keep = _start(options, "" if options.keep_rehearsals else image_key)
    if options.rehearse:
        _check_rehearsals(options, app, image_key)
    granted = [grants.parse_volume(text) for text in options.volume]
    with grants.mounts_of(granted, partial(grants.copy_of, options.box)) as mounts:
        service = Service(
            box=options.box,
            app="" if options.own_server else app,
            may_be_own=not (is_sure or options.rehearse),
            rehearsed=app if options.own_server else "",
            box_port=options.box_port,
            host=host,
            port=port,
            workers=options.workers,
            machines=options.machines,
            limits=limits,
            env=env,
            network=networkoptions.read_outbound(options, net_limits),
            rehearse=rehearse,
            keep_rehearsals=keep,
            body_bytes=parse_size(options.body),
            development=options.development,
            access_log=not options.no_access_log,
            certificate=str(options.tls_cert) if options.tls_cert else None,
            key=str(options.tls_key) if options.tls_key else None,
            streams=options.streams,
            isolation=options.isolation,
            session_header=options.session_header,
            sessions=options.sessions,
            session_idle=options.session_idle,
            mounts=tuple((str(one.host), one.guest, one.read_only) for one in mounts),
            longest=options.stream_time,
            metrics=options.metrics,
            host_lib=options.host_lib,
            image_key="" if keep else image_key,
        )
        serve(service)
    return 0


def _check(options: argparse.Namespace) -> None:
    for name in ("workers", "machines", "streams", "sessions", "session_idle", "stream_time"):
        least = 0 if name == "streams" else 1
        if getattr(options, name) < least:
            option = name.replace("_", "-")
            raise ServeError(f"--{option} {getattr(options, name)}: at least {least}.")
    if options.own_server and options.keep_rehearsals:
        raise ServeError(
            "--keep-rehearsals: a server of the box's own keeps nothing of them but imports.",
            hint="Leave it out: what the server did before it waits is kept.",
        )
    if not 0 <= options.box_port < 1 << 16:
        raise ServeError(f"--box-port {options.box_port} is no port.")
    if options.metrics and not options.metrics.startswith("/"):
        raise ServeError(f"`{options.metrics}` is no path.", hint="--metrics /metrics")


def _check_rehearsals(options: argparse.Namespace, app: str, image_key: str) -> None:
    if not app:
        raise ServeError(
            "--rehearse: the box's command does not say which application its server serves.",
            hint="Import what requests need where the program starts.",
        )
    if options.own_server and not image_key:
        raise ServeError(
            "--rehearse: the image of a server of the box's own is on disk for its processes, and"
            " has no values of -e or --env-file.",
            hint="Leave out --rehearse, or -e, --env-file and --development.",
        )


def _reload(options: argparse.Namespace) -> int:
    import sys

    from boxer.serving import serve_again

    given = sys.argv[sys.argv.index("serve") + 1 :]
    kept, skips = [], 0
    for word in given:
        if skips:
            skips -= 1
        elif word == "--reload":
            skips = 1
        elif not word.startswith("--reload="):
            kept.append(word)
    serve_again(options.box, options.reload, [*kept, "--development"])
    return 0


def address_of(text: str) -> tuple[str, int]:
    """`[IP:]PORT`; 0: any port that is free."""
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdecimal() and int(port[:6]) < 1 << 16):
        raise ServeError(f"`{text}` is not [IP:]PORT.", hint="-p 8000, -p 0.0.0.0:80, -p [::1]:80")
    return host.strip("[]") or "127.0.0.1", int(port)


def _asked(options: argparse.Namespace) -> dict[str, object]:
    rehearse = [] if options.no_rehearse else options.rehearse or None
    return {"app": options.app, "own": options.own_server, "rehearse": rehearse}


def _start(options: argparse.Namespace, image_key: str) -> tuple[str, bool, tuple[str, ...], bool]:
    """The application, whether that is sure, the rehearsals, and whether what they leave is kept:
    as an earlier start has found them, or from the box. Of what is left so no image is kept."""
    from boxer.library import settings_of
    from boxer.serving import known_start

    known = known_start(image_key)
    if known is not None:
        return *known, False
    info = settings_of(options.box)
    app, is_sure = _app_of(options, info)
    keep = not options.own_server and (options.keep_rehearsals or _are_kept(info))
    return app, is_sure, _rehearsals(options, info), keep


def _app_of(options: argparse.Namespace, info: BoxInfo) -> tuple[str, bool]:
    """`module:object`, or nothing where the command is a server of its own; and whether that is
    sure: of `python FILE` it shows when the file is imported. With --own-server it is the one of
    which requests are rehearsed."""
    from boxer.serving import is_script

    if options.own_server and options.app:
        raise ServeError("--app and --own-server do not go together.")
    if options.app:
        return options.app, True
    words = [*(info.config.entrypoint or ()), *(info.config.cmd or ())]
    if options.own_server and (options.no_rehearse or is_script(words)):
        return "", True
    try:
        return _named_app(options.box, info), not is_script(words)
    except ServeError:
        if not words and not options.own_server:
            raise
        return "", True


def _named_app(name: str, info: BoxInfo) -> str:
    from boxer.boxfile import read_box
    from boxer.describe import load_bytes
    from boxer.filetree import Directory
    from boxer.pipeline import files_of
    from boxer.serving import application_of

    config = info.config
    words = [*(config.entrypoint or ()), *(config.cmd or ())]
    node = files_of(read_box(load_bytes(name))).get(config.working_dir or "/")
    files = []
    if isinstance(node, Directory):
        for entry, below in node.entries.items():
            files.append(entry)
            if isinstance(below, Directory):
                files.extend(f"{entry}/{inner}" for inner in below.entries)
    return application_of(words, config.env, files)


def _are_kept(info: BoxInfo) -> bool:
    told = dict(info.config.labels).get(KEEP_LABEL, "false")
    if told not in ("true", "false"):
        raise ServeError(f"LABEL {KEEP_LABEL}={told}: it is true or false.")
    return told == "true"


def _rehearsals(options: argparse.Namespace, info: BoxInfo) -> tuple[str, ...]:
    if options.no_rehearse:
        return ()
    if options.rehearse:
        return tuple(options.rehearse)
    labels = dict(info.config.labels)
    told = [line.strip() for line in SEPARATOR.split(labels.get(LABEL, "GET /"))]
    return tuple(line for line in told if line)
