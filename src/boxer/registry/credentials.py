"""Logins of registries, where docker keeps them: config.json and credential helpers.

Belongs here: finding, keeping and forgetting one. Does not: sending it (`login`). Source:
docker's command-line reference, `docker login`, credential stores.

Invariants
1. A helper is a program of the PATH's absolute folders, by its name alone; never one of the
   current folder.
2. config.json is replaced, readable to its user alone; what else it says stays as it is.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boxer.blobstore import home_folder, make_folder, read_limited, write_file
from boxer.errors import CredentialsError, InputTooLargeError

_LARGEST = 4 << 20
_PATIENCE = 60.0
_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
# The user's name where the secret is an identity token.
_TOKEN_USER = "<token>"


@dataclass(frozen=True, slots=True)
class Credentials:
    """identity_token: instead of a password, what a registry's token server gave."""

    user: str
    password: str = ""
    identity_token: str = ""

    def __repr__(self) -> str:
        return f"Credentials({self.user!r})"

    @property
    def basic(self) -> str:
        text = f"{self.user}:{self.password}".encode()
        return f"Basic {base64.b64encode(text).decode()}"


def find(registry: str) -> Credentials | None:
    """The login of a registry, if there is one. Raises `CredentialsError`."""
    config = _read()
    helper = _helper_of(config, registry)
    if helper:
        found = _ask(helper, registry)
        return found or _of_file(config, registry)
    return _of_file(config, registry)


def keep(registry: str, login: Credentials) -> str:
    """Keeps a login; says where. Raises `CredentialsError`, `WriteError`."""
    config = _read()
    helper = _helper_of(config, registry)
    auths = config.setdefault("auths", {})
    if helper:
        fields = {"ServerURL": registry, "Username": login.user, "Secret": login.password}
        if login.identity_token:
            fields |= {"Username": _TOKEN_USER, "Secret": login.identity_token}
        _call(helper, "store", json.dumps(fields))
        auths[registry] = {}
        _write(config)
        return f"docker-credential-{helper}"
    entry = {"auth": login.basic.removeprefix("Basic ")}
    if login.identity_token:
        entry["identitytoken"] = login.identity_token
    auths[registry] = entry
    _write(config)
    return str(_path())


def forget(registry: str) -> bool:
    """Whether there was a login. Raises `CredentialsError`, `WriteError`."""
    config = _read()
    helper = _helper_of(config, registry)
    was = bool(helper and _ask(helper, registry))
    if helper and was:
        _call(helper, "erase", registry)
    auths = config.get("auths", {})
    keys = [key for key in _keys(registry) if key in auths]
    for key in keys:
        del auths[key]
    if keys:
        _write(config)
    return was or bool(keys)


def _path() -> Path:
    folder = os.environ.get("DOCKER_CONFIG")
    return (Path(folder) if folder else home_folder() / ".docker") / "config.json"


def _read() -> dict[str, Any]:
    path = _path()
    try:
        config = json.loads(read_limited(path, _LARGEST, f"`{path}`"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError, InputTooLargeError) as error:
        raise CredentialsError(f"`{path}` cannot be read: {error}") from None
    parts = ("auths", "credHelpers")
    if not isinstance(config, dict) or any(
        not isinstance(config.get(part, {}), dict) for part in parts
    ):
        raise CredentialsError(f"`{path}` is no configuration of docker's.")
    return config


def _write(config: dict[str, Any]) -> None:
    path = _path()
    make_folder(path.parent)
    data = json.dumps(config, indent="\t", ensure_ascii=False).encode()
    try:
        # Of a link, what it leads to is replaced.
        write_file(path.resolve(), lambda descriptor: _fill(descriptor, data))
    except OSError as error:
        raise CredentialsError(f"`{path}` cannot be written: {error.strerror}.") from None


def _fill(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _keys(registry: str) -> tuple[str, ...]:
    """How docker has written a registry's name, now and before."""
    return (
        registry,
        f"https://{registry}",
        f"https://{registry}/v1/",
        f"https://{registry}/v2/",
        f"http://{registry}",
    )


def _of_file(config: dict[str, Any], registry: str) -> Credentials | None:
    for key in _keys(registry):
        entry = config.get("auths", {}).get(key)
        if not isinstance(entry, dict):
            continue
        token = entry.get("identitytoken")
        text = entry.get("auth")
        if isinstance(text, str) and text:
            user, password = _decoded(text, key)
            return Credentials(user, password, token if isinstance(token, str) else "")
        name, secret = entry.get("username"), entry.get("password")
        if isinstance(name, str) and isinstance(secret, str) and name:
            return Credentials(name, secret)
        if isinstance(token, str) and token:
            return Credentials(_TOKEN_USER, "", token)
    return None


def _decoded(text: str, key: str) -> tuple[str, str]:
    try:
        user, colon, password = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        colon = ""
    if not colon:
        raise CredentialsError(
            f"The login of `{key}` in `{_path()}` cannot be read.",
            hint=f"`boxer login {key}` makes it anew.",
        )
    return user, password.rstrip("\0")


def _helper_of(config: dict[str, Any], registry: str) -> str:
    helper = config.get("credHelpers", {}).get(registry) or config.get("credsStore") or ""
    if helper and (not isinstance(helper, str) or not _HELPER.match(helper)):
        raise CredentialsError(f"`{helper}` in `{_path()}` is no name of a credential helper.")
    return str(helper)


def _ask(helper: str, registry: str) -> Credentials | None:
    for key in _keys(registry)[:2]:
        text = _call(helper, "get", key, missing_is_none=True)
        if text is None:
            continue
        try:
            fields = json.loads(text)
            user, secret = str(fields["Username"]), str(fields["Secret"])
        except (ValueError, KeyError, TypeError):
            raise CredentialsError(
                f"`docker-credential-{helper} get` answers no login for `{registry}`."
            ) from None
        if user == _TOKEN_USER:
            return Credentials(user, "", secret)
        return Credentials(user, secret)
    return None


def _call(helper: str, order: str, text: str, *, missing_is_none: bool = False) -> str | None:
    """What a helper prints. Raises `CredentialsError`."""
    name = f"docker-credential-{helper}"
    folders = [f for f in os.environ.get("PATH", "").split(os.pathsep) if Path(f).is_absolute()]
    program = shutil.which(name, path=os.pathsep.join(folders) or os.devnull)
    if program is None:
        raise CredentialsError(
            f"`{name}`, which `{_path()}` names, is not there.",
            hint="Install it, or take `credsStore` and `credHelpers` out of that file.",
        )
    try:
        done = subprocess.run(
            [program, order], input=text.encode(), capture_output=True,
            timeout=_PATIENCE, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CredentialsError(f"`{name} {order}` fails: {error}") from None
    said = done.stdout.decode(errors="replace")
    if done.returncode == 0:
        return said
    if missing_is_none and "credentials not found" in said:
        return None
    told = (said.strip() or done.stderr.decode(errors="replace").strip())[:300]
    raise CredentialsError(f"`{name} {order}` fails: {told or done.returncode}")
