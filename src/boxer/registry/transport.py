"""HTTP to one registry: secure unless asked otherwise, bounded, and with errors of our own.

Belongs here: connections, redirects, what an answer's status means. Does not: who the user is
(`login`), what is asked (`client`).

Invariants
1. Plain HTTP goes to this host's loopback, or where the user asked for it; never after a redirect
   from HTTPS.
2. A password or token is sent to the registry itself, never to where it redirects.
3. No answer is read beyond a limit; nothing is decompressed on the way.
4. Whatever goes wrong with a connection is a `RegistryError`.
"""

from __future__ import annotations

import ipaddress
import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import SplitResult, urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

from boxer.errors import (
    InsecureRegistryError,
    RegistryDeniedError,
    RegistryError,
    RegistryMissingError,
    RegistryPackagesError,
)

if TYPE_CHECKING:
    import urllib3

# Seconds: until a connection is there, and between two pieces of an answer.
_CONNECT, _READ = 30.0, 60.0
_PIECE = 1 << 20
_MOST_REDIRECTS = 5
_OWN = {"Accept-Encoding": "identity", "User-Agent": "boxer"}
_LARGEST_ERROR = 64 << 10
Body = Callable[[], IO[bytes]]


class Answer:
    """An answer whose body has not been read. headers: as they came, found in any case."""

    def __init__(self, response: urllib3.BaseHTTPResponse, registry: str, url: str) -> None:
        self._response = response
        self._registry = registry
        self.status = response.status
        self.headers = response.headers
        self.url = url

    def pieces(self, most: int) -> Iterator[bytes]:
        """The body. most: bytes. Raises `RegistryError` where there are more, or it breaks off."""
        left = most
        with _failures(self._registry):
            for piece in self._response.stream(_PIECE, decode_content=False):
                left -= len(piece)
                if left < 0:
                    raise RegistryError(
                        f"`{self._registry}` sends more than the {most:,} bytes it may."
                    )
                yield piece

    def read(self, most: int) -> bytes:
        return b"".join(self.pieces(most))

    def close(self) -> None:
        """What was not read goes with its connection."""
        self._response.close()


class Transport:
    """registry: HOST[:PORT]. insecure: plain HTTP is allowed to it."""

    def __init__(self, registry: str, *, insecure: bool = False) -> None:
        self._urllib3 = _import_urllib3()
        self.registry = registry
        self._plain = insecure or is_loopback(urlsplit(f"//{registry}").hostname or "")
        self._pools: dict[str, urllib3.PoolManager] = {}
        self._root = ""

    @property
    def root(self) -> str:
        """`https://HOST`, or `http://HOST` where that is allowed and the registry speaks no TLS."""
        if not self._root:
            self._root = f"https://{self.registry}"
            if self._plain and not self._speaks_tls():
                self._root = f"http://{self.registry}"
        return self._root

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | Body | None = None,
    ) -> Answer:
        """url: within the registry (`/v2/`), or whole. Redirects of GET and HEAD are followed.

        Raises `RegistryError`.
        """
        url = self.absolute(url)
        sent = {**_OWN, **(headers or {})}
        for _ in range(_MOST_REDIRECTS):
            if not self.is_own(url):
                sent.pop("Authorization", None)
            answer = self._once(method, url, sent, body)
            location = answer.headers.get("Location")
            is_redirect = answer.status in (301, 302, 303, 307, 308) and location
            if not is_redirect or method not in ("GET", "HEAD"):
                return answer
            answer.close()
            url = self.absolute(urljoin(url, str(location)))
        raise RegistryError(f"`{self.registry}` redirects more than {_MOST_REDIRECTS} times.")

    def once(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        """A request that is not led elsewhere, with its headers whatever the host.

        Raises `RegistryError`.
        """
        return self._once(method, self.absolute(url), {**_OWN, **headers}, body)

    def absolute(self, url: str) -> str:
        """A URL that may be asked. Raises `InsecureRegistryError`."""
        whole = urljoin(self.root, url)
        parts = urlsplit(whole)
        if parts.scheme == "https" and parts.hostname:
            return whole
        is_plain = parts.scheme == "http" and parts.hostname
        own = urlsplit(self.root).hostname
        allowed = self._plain and (is_loopback(parts.hostname or "") or parts.hostname == own)
        if is_plain and allowed and not self.root.startswith("https:"):
            return whole
        raise InsecureRegistryError(
            f"`{self.registry}` leads to `{whole}`, which is not HTTPS.",
            hint="Its operator must set its public address; nothing was sent there.",
        )

    def is_own(self, url: str) -> bool:
        """Whether a URL is of the registry itself, where logins may be sent."""
        return _origin(urlsplit(url)) == _origin(urlsplit(self.root))

    def _speaks_tls(self) -> bool:
        url = f"https://{self.registry}/v2/"
        try:
            self._pool(url).request("GET", url, redirect=False, preload_content=False).close()
        except self._urllib3.exceptions.HTTPError as error:
            reason = getattr(error, "reason", error)
            cause = reason.args[0] if reason.args else None
            return isinstance(cause, ssl.SSLCertVerificationError)
        return True

    def _once(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | Body | None
    ) -> Answer:
        with _failures(self.registry, is_plain_allowed=self._plain):
            opened = body() if callable(body) else body
            try:
                response = self._pool(url).request(
                    method, url, headers=headers, body=opened, redirect=False,
                    preload_content=False, decode_content=False,
                )  # fmt: skip
            finally:
                if callable(body):
                    opened.close()  # type: ignore[union-attr]
        return Answer(response, self.registry, url)

    def _pool(self, url: str) -> urllib3.PoolManager:
        """The connections to a place: straight, or through the proxy the environment names."""
        parts = urlsplit(url)
        proxies = getproxies()
        proxy = proxies.get(parts.scheme, "")
        if is_loopback(parts.hostname or "") or proxy_bypass(parts.netloc):
            proxy = ""
        if proxy not in self._pools:
            timeout = self._urllib3.Timeout(connect=_CONNECT, read=_READ)
            options = {"timeout": timeout, "retries": False, "ssl_context": _tls()}
            self._pools[proxy] = (
                self._urllib3.ProxyManager(proxy, **options)
                if proxy
                else self._urllib3.PoolManager(**options)
            )
        return self._pools[proxy]


def checked(answer: Answer, what: str, *expected: int) -> Answer:
    """The answer, if its status is an expected one. Raises `RegistryError` and its kinds."""
    if answer.status in expected:
        return answer
    registry, said = answer._registry, _message(answer)
    text = f"`{registry}` answers {answer.status} for {what}{said}"
    if answer.status == 404:
        raise RegistryMissingError(
            f"`{registry}` does not have {what}{said}.",
            hint="See the name and the tag; some registries say so where a login is missing: "
            f"`boxer login {registry}`.",
        )
    if answer.status in (401, 403):
        raise RegistryDeniedError(f"{text}.", hint=f"`boxer login {registry}`")
    hint = "Try again later." if answer.status >= 500 or answer.status == 429 else None
    raise RegistryError(f"{text}.", hint=hint)


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _message(answer: Answer) -> str:
    """What the registry says of it (OCI distribution, error codes)."""
    try:
        errors = json.loads(answer.read(_LARGEST_ERROR))["errors"]
        said = [f"{error['code']}: {error.get('message', '')}"[:300] for error in errors[:3]]
    except (RegistryError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        said = []
    answer.close()
    return f" ({'; '.join(said)})" if said else ""


def _origin(parts: SplitResult) -> tuple[str, str | None, int]:
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts.scheme, parts.hostname, port


def _tls() -> ssl.SSLContext:
    """The system's authorities, and those that SSL_CERT_FILE names."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@contextmanager
def _failures(registry: str, *, is_plain_allowed: bool = True) -> Iterator[None]:
    exceptions = _import_urllib3().exceptions
    try:
        yield
    except (exceptions.HTTPError, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        hint = (
            "See whether the name is right and the registry runs; what is there is not sent twice."
        )
        if "WRONG_VERSION_NUMBER" in str(reason) and not is_plain_allowed:
            raise InsecureRegistryError(
                f"`{registry}` speaks plain HTTP, which anybody on the way can read and change.",
                hint="`--insecure` allows it for this registry.",
            ) from None
        raise RegistryError(f"`{registry}` cannot be talked to: {reason}", hint=hint) from None


def _import_urllib3() -> Any:
    try:
        import urllib3
    except ImportError:
        raise RegistryPackagesError(
            "Registries need the package urllib3.", hint="pip install 'boxer[registry]'"
        ) from None
    return urllib3
