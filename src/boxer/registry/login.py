"""How a request is let in: a password, or a token that a registry's server gives for it.

Belongs here: the challenge of a 401 and the answer to it. Does not: where logins are kept
(`credentials`). Sources: RFC 9110, section 11; distribution, token authentication and OAuth2.

Invariants
1. A password goes to the registry, and to the token server it names, over HTTPS; over plain HTTP
   only where the registry itself may be talked to so.
2. A registry that was answered once and still says 401 is not asked again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import urlencode

from boxer.errors import RegistryDeniedError, RegistryError
from boxer.registry import credentials
from boxer.registry.credentials import Credentials
from boxer.registry.transport import Answer, Body, Transport, checked

_LARGEST_TOKEN = 1 << 20
_PARAMETER = re.compile(r'([A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))\s*(?:,|$)\s*')
_CLIENT = "boxer"


class Session:
    """Requests to one registry as one user; None: as docker's configuration says."""

    def __init__(self, transport: Transport, login: Credentials | None = None) -> None:
        self.transport = transport
        self._login = login
        self._has_looked = login is not None
        self._authorization = ""

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | Body | None = None,
    ) -> Answer:
        """Raises `RegistryError`, `CredentialsError`."""
        answer = self._once(method, url, headers, body)
        if answer.status != 401:
            return answer
        challenges = answer.headers.get("WWW-Authenticate", "")
        answer.close()
        self._authorization = self._answer(challenges)
        return self._once(method, url, headers, body)

    def _once(
        self, method: str, url: str, headers: Mapping[str, str] | None, body: bytes | Body | None
    ) -> Answer:
        own = {"Authorization": self._authorization} if self._authorization else {}
        return self.transport.request(method, url, {**(headers or {}), **own}, body)

    def _answer(self, text: str) -> str:
        """The Authorization for a challenge. Raises `RegistryDeniedError`."""
        scheme, _, rest = text.strip().partition(" ")
        if scheme.lower() == "basic":
            login = self._found()
            if login and not login.identity_token:
                return login.basic
            raise self._denied("wants a login")
        if scheme.lower() != "bearer":
            raise self._denied(f"wants a login of the kind `{scheme or 'unknown'}`")
        fields = {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(rest)}
        if not fields.get("realm"):
            raise RegistryError(f"`{self.transport.registry}` names no token server.")
        return f"Bearer {self._token(fields)}"

    def _token(self, fields: Mapping[str, str]) -> str:
        realm, login = fields["realm"], self._found()
        asked = {name: fields[name] for name in ("service", "scope") if fields.get(name)}
        if login and login.identity_token:
            form = {"grant_type": "refresh_token", "refresh_token": login.identity_token}
            data = urlencode({**asked, **form, "client_id": _CLIENT}).encode()
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = self._ask("POST", realm, kind, data)
        else:
            if login:
                asked |= {"account": login.user}
            mark = "&" if "?" in realm else "?"
            headers = {"Authorization": login.basic} if login else {}
            answer = self._ask("GET", f"{realm}{mark}{urlencode(asked)}", headers)
        if answer.status in (400, 401, 403):
            answer.close()
            raise self._denied("refuses the login" if login else "wants a login")
        checked(answer, "a token", 200)
        try:
            found = json.loads(answer.read(_LARGEST_TOKEN))
            token = found.get("token") or found.get("access_token")
        except (ValueError, AttributeError, RecursionError):
            token = None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise RegistryError(f"The token server of `{self.transport.registry}` gives no token.")
        return token

    def _ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        """The token server may be another host than the registry's; it is not redirected from."""
        return self.transport.once(method, url, headers, body)

    def _found(self) -> Credentials | None:
        if not self._has_looked:
            self._login = credentials.find(self.transport.registry)
            self._has_looked = True
        return self._login

    def _denied(self, said: str) -> RegistryDeniedError:
        registry = self.transport.registry
        return RegistryDeniedError(f"`{registry}` {said}.", hint=f"`boxer login {registry}`")


def check_login(transport: Transport, login: Credentials) -> None:
    """Whether a registry takes it. Raises `RegistryDeniedError`, `RegistryError`."""
    answer = Session(transport, login).request("GET", "/v2/")
    checked(answer, "a login", 200).close()
