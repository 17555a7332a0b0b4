"""`boxer login`, `boxer logout`: logins of registries, where docker keeps them."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "login", help="keep a registry's login where docker does", allow_abbrev=False
    )
    parser.add_argument("registry", metavar="HOST[:PORT]")
    parser.add_argument("-u", "--username", metavar="NAME")
    parser.add_argument("-p", "--password", metavar="TEXT", help="others can see it: better stdin")
    parser.add_argument("--password-stdin", action="store_true", help="read it from stdin")
    parser.add_argument(
        "--insecure", action="store_true", help="talk plain HTTP if the registry does"
    )
    parser.set_defaults(run=run)
    parser = subparsers.add_parser("logout", help="forget a registry's login", allow_abbrev=False)
    parser.add_argument("registry", metavar="HOST[:PORT]")
    parser.set_defaults(run=_logout)


def run(options: argparse.Namespace) -> int:
    from boxer.escape import escape
    from boxer.registry import Credentials, Transport, check_login, keep

    registry = _registry(options.registry)
    login = Credentials(*_asked(options))
    check_login(Transport(registry, insecure=options.insecure), login)
    print(f"Login Succeeded: kept in {escape(keep(registry, login))}")
    return 0


def _logout(options: argparse.Namespace) -> int:
    from boxer.registry import forget

    registry = _registry(options.registry)
    was = forget(registry)
    print(f"{'Removed the login of' if was else 'There was no login of'} {registry}")
    return 0


def _registry(text: str) -> str:
    """A host, as it stands in a name. Raises `BadReferenceError`."""
    from boxer.describe import parse_reference
    from boxer.errors import BadReferenceError

    reference = parse_reference(f"{text}/name")
    if reference.host != text:
        raise BadReferenceError(
            f"`{text}` is no registry's host.", hint="HOST[:PORT], for example localhost:5000"
        )
    return text


def _asked(options: argparse.Namespace) -> tuple[str, str]:
    """Raises `CredentialsError`."""
    import getpass

    from boxer.errors import CredentialsError

    user, password = options.username, options.password
    if options.password_stdin:
        if not user or password:
            raise CredentialsError(
                "`--password-stdin` goes with `--username`, and without `--password`."
            )
        password = sys.stdin.read(65536).rstrip("\r\n")
    elif not (user and password) and not sys.stdin.isatty():
        raise CredentialsError(
            "There is no terminal to ask for the login.",
            hint="-u NAME --password-stdin",
        )
    user = user or input("Username: ")
    password = password or getpass.getpass("Password: ")
    if not user or not password or ":" in user:
        raise CredentialsError("A login is a name without colons, and a password.")
    return user, password
