"""`boxer ps`, `boxer port`: which boxes run detached, and how they are reached."""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from typing import TYPE_CHECKING, Any

from boxer.errors import ServiceOptionError, ServiceStateError

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from boxer.services import Service, State

_HEADS = ("id", "image", "command", "created", "status", "ports", "name")
_WIDEST_COMMAND = 24
_FIELD = re.compile(r"\{\{\s*(json )?\.(\w+)\s*\}\}")


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    listing = subparsers.add_parser("ps", help="list detached boxes", allow_abbrev=False)
    listing.add_argument("-a", "--all", action="store_true", help="those that do not run, too")
    listing.add_argument("-q", "--quiet", action="store_true", help="ids only")
    listing.add_argument("--no-trunc", action="store_true", help="ids and commands in full")
    listing.add_argument(
        "--format", metavar="json|TEMPLATE", help="an object a line; or like '{{.Names}}'"
    )
    listing.set_defaults(run=run_list)
    ports = subparsers.add_parser("port", help="show a box's published ports", allow_abbrev=False)
    ports.add_argument("service", metavar="SERVICE")
    ports.add_argument("port", nargs="?", metavar="PORT[/PROTOCOL]")
    ports.set_defaults(run=run_ports)


def run_list(options: argparse.Namespace) -> int:
    from boxer.console import draw_error, draw_table
    from boxer.escape import escape_json
    from boxer.services import ServiceStore, as_json, look

    store = ServiceStore()
    store.sweep()
    found: list[tuple[Service, State, str]] = []
    for service in store.list():
        try:
            state, status = look(service)
        except ServiceStateError as error:
            draw_error(error, sys.stderr)
            continue
        if options.all or status in ("running", "restarting"):
            found.append((service, state, status))
    for damage in store.damaged():
        draw_error(damage, sys.stderr)
    if options.format not in (None, "table"):
        for one in found:
            described = as_json(*one)
            if options.format == "json":
                print(escape_json(json.dumps(described, ensure_ascii=False)))
            else:
                print(_filled(options.format, described))
    elif options.quiet:
        for service, _, _ in found:
            print(service.record.id if options.no_trunc else service.record.id[:12])
    else:
        rows = [_row(*one, whole=options.no_trunc) for one in found]
        draw_table(rows, sys.stdout, _HEADS)
    return 0


def _row(service: Service, state: State, status: str, whole: bool) -> tuple[str, ...]:
    from boxer.services import described, ports_text, since

    record = service.record
    command = record.command.replace("\n", "\\n").replace("\t", "\\t")
    if len(command) > _WIDEST_COMMAND and not whole:
        command = command[: _WIDEST_COMMAND - 1] + "…"
    return (
        record.id if whole else record.id[:12],
        record.box,
        command,
        f"{since(time.time() - record.created)} ago",
        described(status, state),
        ports_text(state) if status == "running" else "",
        record.name,
    )


def _filled(template: str, values: dict[str, Any]) -> str:
    """`{{.Names}}` and `{{json .Ports}}`, of Go's templates. Raises `ServiceOptionError`."""
    from boxer.escape import escape, escape_json

    def value_of(match: re.Match[str]) -> str:
        if match[2] not in values:
            raise ServiceOptionError(
                f"`{match[0]}` is no field of a box.", hint=", ".join(values) + "."
            )
        value = values[match[2]]
        if match[1] or not isinstance(value, str):
            return escape_json(json.dumps(value, ensure_ascii=False))
        return escape(value)

    if "{{" in _FIELD.sub("", template):
        raise ServiceOptionError(
            f"`--format {template}` is not understood.", hint="--format json, or '{{.Names}}'"
        )
    return _FIELD.sub(value_of, template)


def run_ports(options: argparse.Namespace) -> int:
    from boxer.services import ServiceStore, look, port_lines

    service = ServiceStore().get(options.service)
    state, status = look(service)
    if status != "running":
        raise ServiceStateError(
            f"`{service.name}` does not run.", hint=f"boxer start {service.name}"
        )
    lines = port_lines(state, options.port)
    if options.port is not None and not lines:
        published = ", ".join(port_lines(state)) or "none"
        raise ServiceStateError(
            f"`{service.name}` publishes no port `{options.port}`.", hint=f"Published: {published}."
        )
    for line in lines:
        print(line)
    return 0
