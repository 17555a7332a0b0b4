"""`boxer serve --e2b`: its own options, and what it says of itself."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from typing import TYPE_CHECKING

from boxer.errors import ServeError

if TYPE_CHECKING:
    from boxer.runtime import Mount

VARIABLE = "BOXER_API_KEY"


def add_sandbox_options(parser: argparse.ArgumentParser) -> None:
    """Of `boxer serve`."""
    group = parser.add_argument_group("sandboxes for agents (--e2b)")
    group.add_argument(
        "--e2b", action="store_true",
        help="serve sandboxes to the SDKs e2b and e2b-code-interpreter, not an application",
    )  # fmt: skip
    group.add_argument(
        "--template", action="append", default=[], metavar="NAME=BOX",
        help="another box that sandboxes can be made of",
    )  # fmt: skip
    group.add_argument(
        "--prepare", action="append", default=[], metavar="CODE",
        help="Python run once, whose imports and names each sandbox has",
    )  # fmt: skip
    group.add_argument("--sandboxes", type=int, default=1000, metavar="N", help="at once (1000)")
    group.add_argument(
        "--sandbox-timeout", type=int, default=300, metavar="SECONDS",
        help="how long one lives, where its client does not say (300)",
    )  # fmt: skip


def serve_sandboxes(options: argparse.Namespace, host: str, port: int) -> int:
    """Runs the server. Raises `ServeError`."""
    from boxer.cli import networkoptions, runoptions
    from boxer.runtime import Limits
    from boxer.sandboxes import E2bService, Settings, serve_e2b

    if options.workers != 1:
        raise ServeError("Sandboxes live in one process: --workers is not for --e2b.")
    if options.sandboxes < 1 or not 1 <= options.sandbox_timeout <= 86_400:
        raise ServeError("--sandboxes is at least 1, --sandbox-timeout 1 to 86400.")
    own_limits, net_limits = networkoptions.split_limits(options.limit)
    lines = [line for path in options.env_file for line in runoptions.read_environment_file(path)]
    network = networkoptions.read_outbound(options, net_limits)
    key = os.environ.get(VARIABLE)
    if key is None:
        key = secrets.token_urlsafe(24)
    elif not key:
        raise ServeError(f"{VARIABLE} is empty.", hint="Set it to a secret, or unset it.")
    settings = Settings(
        limits=runoptions.read_limits(own_limits, Limits(time=None, cpu=None)),
        env=runoptions.read_environment([*lines, *options.env]),
        network=network if network.allow else None,
        most=options.sandboxes,
        timeout=options.sandbox_timeout,
    )

    def tell(taken: int) -> None:
        _tell(host, taken, key, bool(options.tls_cert))

    serve_e2b(
        E2bService(
            boxes=(options.box, *options.template),
            key=key,
            host=host,
            port=port,
            cells=options.prepare,
            settings=settings,
            access_log=not options.no_access_log,
            certificate=str(options.tls_cert) if options.tls_cert else None,
            certificate_key=str(options.tls_key) if options.tls_key else None,
        ),
        tell,
    )
    return 0


def mount_of(text: str) -> Mount:
    """A folder of this host, which is there."""
    from boxer.cli.grants import parse_volume
    from boxer.runtime import Mount

    grant = parse_volume(text)
    if grant.kind != "bind" or grant.source is None:
        raise ServeError(f"`-v {text}`: name a folder of this host.", hint="-v ./data:/data:ro")
    return Mount(grant.source, grant.target, grant.read_only)


def _tell(host: str, port: int, key: str, tls: bool) -> None:
    url = f"http{'s' if tls else ''}://{f'[{host}]' if ':' in host else host}:{port}"
    told = "" if os.environ.get(VARIABLE) else f"export E2B_API_KEY={key}\n"
    sys.stderr.write(
        f"sandboxes: {url}\nexport E2B_API_URL={url}\nexport E2B_SANDBOX_URL={url}\n{told}"
    )
    sys.stderr.flush()
