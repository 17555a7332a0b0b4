"""`import ssl` in a box: a context can be made and set up, a connection refuses and says why."""

from __future__ import annotations

import pytest

import boxer

pytestmark = pytest.mark.base

CERTIFICATE = "-----BEGIN CERTIFICATE-----\\nMAA=\\n-----END CERTIFICATE-----\\n"
WORKS = {
    "a context for clients": (
        "c = ssl.create_default_context()\n"
        "print(c.verify_mode.name, c.check_hostname, c.minimum_version.name)",
        "CERT_REQUIRED True TLSv1_2",
    ),
    "a context for servers": (
        "c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\nprint(c.verify_mode.name, c.protocol.name)",
        "CERT_NONE PROTOCOL_TLS_SERVER",
    ),
    "settings": (
        "c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)\n"
        "c.check_hostname = False; c.verify_mode = ssl.CERT_NONE; c.options |= ssl.OP_NO_TICKET\n"
        "c.set_alpn_protocols(['h2']); c.set_ciphers('ALL')\n"
        "c.minimum_version = ssl.TLSVersion.TLSv1_3\n"
        "print(c.verify_mode.name, ssl.OP_NO_TICKET in c.options, c.minimum_version.name)",
        "CERT_NONE True TLSv1_3",
    ),
    "authorities": (
        f"c = ssl.create_default_context(cadata='{CERTIFICATE}')\n"
        "print(c.cert_store_stats(), c.get_ca_certs(True))",
        "{'x509': 1, 'crl': 0, 'x509_ca': 1} [b'0\\x00']",
    ),
    "bytes through memory": (
        "b = ssl.MemoryBIO(); b.write(b'abc'); b.write_eof()\n"
        "print(b.pending, b.read(2), b.eof, b.read(), b.eof)",
        "3 b'ab' False b'c' True",
    ),
    "what there is not": ("print(ssl.HAS_TLSv1_3, ssl.HAS_SNI)", "False False"),
    "asyncio without it": (
        "import asyncio\nasync def f(): print('ran')\nasyncio.run(f())",
        "ran",
    ),
}
REFUSES = {
    "a client": "ssl.create_default_context().wrap_socket(a, server_hostname='x')",
    "a server's certificate": "ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain('x.pem')",
    "through memory": "ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(),"
    " server_hostname='x')",
}


def run(box: boxer.Box, program: str) -> boxer.RunResult:
    return box.run(["python", "-c", program], limits=boxer.Limits(time=20))


@pytest.mark.parametrize("name", WORKS)
def test_a_program_may_prepare_for_tls(box: boxer.Box, name: str) -> None:
    program, printed = WORKS[name]
    result = run(box, f"import ssl\n{program}")
    assert (result.stdout.decode().strip(), result.stderr) == (printed, b"")


@pytest.mark.parametrize("name", REFUSES)
def test_a_connection_is_refused_with_the_reason(box: boxer.Box, name: str) -> None:
    result = run(box, f"import socket, ssl\na, b = socket.socketpair()\n{REFUSES[name]}")
    assert result.exit_code == 1
    last = result.stderr.decode().splitlines()[-1]
    assert last.startswith("ssl.SSLError: ")
    assert "a box has no TLS of its own" in last


def test_a_wrong_setting_is_an_error_as_elsewhere(box: boxer.Box) -> None:
    result = run(
        box,
        "import ssl\nc = ssl.create_default_context()\n"
        "try: c.verify_mode = ssl.CERT_NONE\nexcept ValueError as error: print(error)\n"
        "try: c.load_verify_locations(cadata='no')\nexcept ssl.SSLError as error: print(error)",
    )
    assert result.stdout.decode().splitlines() == [
        "Cannot set verify_mode to CERT_NONE when check_hostname is enabled.",
        "no certificate or crl found",
    ]
