"""HTTP for a box without a network of its own: requests that the host makes, by the same policy.

Invariant: each connection, also behind a redirect, is judged as one of the box's would be
(`boxer.runtime.Outgoing`); bodies are bounded both ways.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Sequence
from typing import TypedDict
from urllib.parse import urljoin, urlsplit

from boxer.runtime import Network, Outgoing

MOST_BODY = 16 << 20
MOST_REDIRECTS = 10
_REDIRECTS = (301, 302, 303, 307, 308)
# Of the connection, or of who is behind another host's name.
_OURS = frozenset(("host", "content-length", "transfer-encoding", "connection"))
_SECRETS = frozenset(("authorization", "cookie", "proxy-authorization"))


class Response(TypedDict):
    """Names of headers are in small letters."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    url: str


class Fetch:
    """network: what may be reached, as `Network(allow=[...])`. timeout: seconds of each step.
    body: bytes of a request and of a response, at most."""

    def __init__(
        self, network: Network | Sequence[str], *, timeout: float = 30.0, body: int = MOST_BODY
    ) -> None:
        granted = network if isinstance(network, Network) else Network(allow=tuple(network))
        self._outgoing = Outgoing(granted)
        self._timeout = timeout
        self._most = body

    def request(
        self,
        method: str,
        url: str,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        redirects: bool = True,
    ) -> Response:
        """A response, whatever its status. Raises PermissionError for what is not granted."""
        if len(body) > self._most:
            raise ValueError(f"a body has {self._most} bytes at most")
        given = {name.lower(): value for name, value in (headers or {}).items()}
        for _ in range(MOST_REDIRECTS):
            response = self._once(method, url, given, body)
            place = dict(response["headers"]).get("location")
            if not redirects or response["status"] not in _REDIRECTS or place is None:
                return response
            following = urljoin(url, place)
            if urlsplit(following)[:2] != urlsplit(url)[:2]:
                given = {name: one for name, one in given.items() if name not in _SECRETS}
            if response["status"] in (301, 302, 303) and method != "HEAD":
                method, body = "GET", b""
            url = following
        raise ValueError(f"more than {MOST_REDIRECTS} redirects")

    def get(self, url: str, headers: dict[str, str] | None = None) -> Response:
        """As `request("GET", url, headers)`."""
        return self.request("GET", url, headers)

    def _once(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Response:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("a URL begins with http:// or https://")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        raw = self._outgoing.connect(parts.hostname, port, self._timeout)
        connection = http.client.HTTPConnection(parts.hostname, port, timeout=self._timeout)
        try:
            if parts.scheme == "https":
                raw = ssl.create_default_context().wrap_socket(raw, server_hostname=parts.hostname)
            connection.sock = raw
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            sent = {name: one for name, one in headers.items() if name not in _OURS}
            connection.request(method, path, body or None, sent)
            answer = connection.getresponse()
            data = answer.read(self._most + 1)
            if len(data) > self._most:
                raise ValueError(f"the response has more than {self._most} bytes")
            told = [(name.lower(), value) for name, value in answer.getheaders()]
            return {"status": answer.status, "headers": told, "body": data, "url": url}
        except http.client.HTTPException as error:
            raise ConnectionError(f"no response of HTTP: {type(error).__name__}") from None
        finally:
            raw.close()
            connection.close()
