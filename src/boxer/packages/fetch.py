"""Files of distributions, from an index or this machine, kept in the cache by their sha256.

Belongs here: downloads, their check, their cache. Does not: which file (`files`).

Invariants
1. Nothing is used whose sha256 is not the one the index states, where it states one.
2. A download is never larger than what the index states, or than MAX_BYTES.
3. Credentials go only to the host they were given for, never along a redirect.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import netrc
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from boxer.blobstore import Blobs, cache_folder
from boxer.errors import PackageFetchError, Where, WriteError
from boxer.packages.resolve import RemoteFile, local_path

MAX_BYTES = 1 << 30
_TRIES = 3
_AT_ONCE = 8
_TIMEOUT_SECONDS = 60.0
# Addresses with a name and a password in them, of indexes that a project states.
LOGINS = "BOXER_INDEX_LOGINS"
_INDEX_VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL",
                    "UV_FIND_LINKS", LOGINS)  # fmt: skip


class Fetcher:
    """Gets files. environment: as `settings.index_environment` gives it."""

    def __init__(self, environment: Mapping[str, str], where: Where | None) -> None:
        self._environment = environment
        self._where = where
        self._blobs = Blobs(cache_folder() / "downloads")

    def get_all(
        self,
        files: list[RemoteFile],
        instead: Callable[[RemoteFile], RemoteFile | None] = lambda file: None,
    ) -> list[bytes]:
        """The bytes of each file, in order. instead: where else a file that cannot be fetched lies.
        Raises PackageFetchError."""

        def get(file: RemoteFile) -> bytes:
            try:
                return self.get(file)
            except PackageFetchError:
                other = instead(file)
                if other is None:
                    raise
                return self.get(other)

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(get, files))

    def get(self, file: RemoteFile) -> bytes:
        """The bytes of a file. Raises PackageFetchError."""
        path = local_path(file.url)
        if path is not None:
            try:
                data = path.read_bytes()
            except OSError as error:
                raise self._error(file, error.strerror or str(error)) from error
            self._check(file, data)
            return data
        if file.sha256 is not None:
            kept = self._blobs.get(file.sha256)
            if kept is not None:
                return kept
        data = self._download(file)
        self._check(file, data)
        with contextlib.suppress(WriteError):  # a cache that is full is no reason to stop
            self._blobs.put(data)
        return data

    def _check(self, file: RemoteFile, data: bytes) -> None:
        if file.sha256 is not None and hashlib.sha256(data).hexdigest() != file.sha256:
            raise self._error(file, "its sha256 is not the one the index states")

    def _download(self, file: RemoteFile) -> bytes:
        limit = min(file.size if file.size is not None else MAX_BYTES, MAX_BYTES)
        reason = ""
        for _ in range(_TRIES):
            try:
                with self._opener().open(self._request(file.url), timeout=self._timeout()) as reply:
                    data: bytes = reply.read(limit + 1)
            except urllib.error.HTTPError as error:
                reason = f"the index answers {error.code} {error.reason}"
                error.close()
                if error.code < 500:
                    break
            except (OSError, ValueError) as error:  # URLError is an OSError
                reason = str(getattr(error, "reason", error)) or type(error).__name__
            else:
                if len(data) <= limit:
                    return data
                reason = "it is larger than the index states"
                break
        raise self._error(file, reason)

    def _opener(self) -> urllib.request.OpenerDirector:
        certificates = self._environment.get("SSL_CERT_FILE") or None
        context = ssl.create_default_context(cafile=certificates)
        return urllib.request.build_opener(urllib.request.HTTPSHandler(context=context))

    def _timeout(self) -> float:
        stated = self._environment.get("UV_HTTP_TIMEOUT", "")
        return float(stated) if stated.isdecimal() and int(stated) else _TIMEOUT_SECONDS

    def _request(self, url: str) -> urllib.request.Request:
        parts = urlsplit(url)
        login = _login(parts) or self._login_of_index(parts) or _login_of_netrc(parts)
        bare = parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="")
        request = urllib.request.Request(urlunsplit(bare), headers={"User-Agent": "boxer"})
        if login is not None:
            token = base64.b64encode(f"{login[0]}:{login[1]}".encode()).decode("ascii")
            request.add_unredirected_header("Authorization", f"Basic {token}")
        return request

    def _login_of_index(self, parts: SplitResult) -> tuple[str, str] | None:
        """The name and password in the address of an index on the same host."""
        for variable in _INDEX_VARIABLES:
            for word in self._environment.get(variable, "").replace(",", " ").split():
                address = word if word.startswith("http") else word.partition("=")[2]
                index = urlsplit(address)
                if (index.scheme, index.hostname, index.port) == (
                    parts.scheme,
                    parts.hostname,
                    parts.port,
                ):
                    login = _login(index)
                    if login is not None:
                        return login
        return None

    def _error(self, file: RemoteFile, reason: str) -> PackageFetchError:
        return PackageFetchError(
            f"`{file.name}` cannot be fetched: {reason}.",
            where=self._where,
            hint="Try again, or check the index, proxy and certificate your pip or uv uses.",
        )


def _login(parts: SplitResult) -> tuple[str, str] | None:
    if parts.username is None:
        return None
    return unquote(parts.username), unquote(parts.password or "")


def _login_of_netrc(parts: SplitResult) -> tuple[str, str] | None:
    try:
        found = netrc.netrc().authenticators(parts.hostname or "")
    except (OSError, netrc.NetrcParseError):
        return None
    return (found[0], found[2]) if found and found[2] is not None else None
