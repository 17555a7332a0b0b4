#!/usr/bin/env python3
"""wget: what scripts and health checks ask of it: one address after another, to a file or out.

An option that is not known here is an error, as GNU's wget has it (status 2). Statuses are GNU's:
4 where there is no connection, 5 where a certificate does not hold, 8 where the server answers an
error.
"""

import base64
import getopt
import os
import posixpath
import shutil
import ssl
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from typing import NoReturn

Given = list[tuple[str, str]]

# What is only shown, or is nothing here (a cache, a proxy), is taken; what would make another
# download is not known.
LONG = ["quiet", "no-verbose", "show-progress", "progress=", "verbose", "no-cache", "no-hsts",
        "no-proxy", "retry-connrefused", "output-document=", "directory-prefix=", "spider",
        "no-check-certificate", "timeout=", "connect-timeout=", "read-timeout=", "tries=",
        "header=", "user-agent=", "post-data=", "post-file=", "method=", "body-data=",
        "no-clobber", "user=", "password="]  # fmt: skip


def fail(status: int, text: str) -> NoReturn:
    print(f"wget: {text}", file=sys.stderr)
    sys.exit(status)


def read_options(argv: Sequence[str]) -> tuple[Given, list[str]]:
    # getopt(3) has no letters of two: `-nv` and `-nc` are words of their own.
    words = ["--no-verbose" if word == "-nv" else "--no-clobber" if word == "-nc" else word
             for word in argv]  # fmt: skip
    try:
        return getopt.gnu_getopt(words, "qvO:P:T:t:U:Y:", LONG)
    except getopt.GetoptError as error:
        fail(2, f"{error.msg}: not known here")


def request(address: str, given: Given) -> urllib.request.Request:
    headers = {"User-Agent": "Wget/1.25"}
    data: bytes | None = None
    method: str | None = None
    for name, value in given:
        if name == "--header":
            key, _, text = value.partition(":")
            headers[key.strip()] = text.strip()
        elif name in ("-U", "--user-agent"):
            headers["User-Agent"] = value
        elif name in ("--post-data", "--body-data"):
            data = os.fsencode(value)
        elif name == "--post-file":
            with open(value, "rb") as file:
                data = file.read()
        elif name == "--method":
            method = value
        elif name == "--spider" and method is None and data is None:
            method = "HEAD"
    options = dict(given)
    if "--user" in options:  # RFC 7617
        pair = f"{options['--user']}:{options.get('--password', '')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return urllib.request.Request(address, data, headers, method=method)


def number(options: dict[str, str], *names: str) -> float:
    """0 where none is given. Ends the program where it is none."""
    text = next((options[name] for name in names if name in options), "0")
    try:
        return max(float(text), 0)
    except ValueError:
        fail(2, f"{names[0]}: invalid number `{text}`")


def address_of(word: str) -> str:
    address = word if "://" in word else f"http://{word}"
    try:
        parts = urllib.parse.urlsplit(address)
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        known = False
    if not known:
        fail(2, f"{word}: no address of http or https")
    return address


def target_of(address: str, options: dict[str, str]) -> str:
    named = options.get("-O", options.get("--output-document"))
    if named:
        return named
    name = posixpath.basename(urllib.parse.urlsplit(address).path) or "index.html"
    folder = options.get("-P", options.get("--directory-prefix", "."))
    os.makedirs(folder, exist_ok=True)
    return os.path.join(folder, urllib.parse.unquote(name).replace("/", "_"))


def fetch(address: str, given: Given, first: bool) -> None:
    """Raises what urllib does where there is no answer."""
    options = dict(given)
    loose = "--no-check-certificate" in options
    context = ssl._create_unverified_context() if loose else None
    wanted = request(address, given)
    seconds = number(options, "-T", "--timeout", "--read-timeout", "--connect-timeout")
    try:
        answer = urllib.request.urlopen(wanted, timeout=seconds or 900, context=context)
    except urllib.error.HTTPError as error:
        if error.code in (405, 501) and wanted.get_method() == "HEAD":  # as GNU's, with a GET
            fetch(address, [*given, ("--method", "GET")], first)
            return
        raise
    with answer:
        if "--spider" in options:
            return
        path = target_of(address, options)
        if path == "-":
            shutil.copyfileobj(answer, sys.stdout.buffer)
            sys.stdout.buffer.flush()
            return
        if "--no-clobber" in options and os.path.exists(path):
            return
        with open(path, "ab" if "-O" in options and not first else "wb") as file:
            shutil.copyfileobj(answer, file)


def main() -> int:
    given, addresses = read_options(sys.argv[1:])
    options = dict(given)
    if not addresses:
        fail(2, "missing URL")
    quiet = any(name in options for name in ("-q", "--quiet"))
    tries = int(number(options, "-t", "--tries")) or 20
    status, text = 0, ""
    for place, address in enumerate([address_of(word) for word in addresses]):
        for attempt in range(tries):
            try:
                fetch(address, given, place == 0)
                break
            except urllib.error.HTTPError as error:
                text, status = f"server returned error: HTTP {error.code} {error.reason}", 8
                break
            except (urllib.error.URLError, OSError) as error:
                reason = getattr(error, "reason", error)
                status = 5 if isinstance(reason, ssl.SSLCertVerificationError) else 4
                text = f"{address}: {getattr(reason, 'strerror', None) or reason}"
                passing = isinstance(reason, (TimeoutError, ConnectionResetError)) or (
                    "--retry-connrefused" in options and isinstance(reason, ConnectionError)
                )
                if not passing or attempt + 1 == tries:
                    break
                time.sleep(min(attempt + 1, 10))
        if status and not quiet:
            print(f"wget: {text}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
