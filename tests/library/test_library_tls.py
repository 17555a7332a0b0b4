"""TLS in a box: CPython's own ssl over OpenSSL, in memory and over the loopback, and random state.

The certificates are made by OpenSSL's program on this machine.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import boxer

pytestmark = [
    pytest.mark.base,
    pytest.mark.skipif(not shutil.which("openssl"), reason="the program openssl makes its keys"),
]
LIMITS = boxer.Limits(time=60)
KEYS = {
    "p256": "ec -pkeyopt ec_paramgen_curve:P-256",
    "p384": "ec -pkeyopt ec_paramgen_curve:P-384",
    "rsa": "rsa:2048",
    "ed25519": "ed25519",
}
# Both ends of a connection, in memory; drawn at import, in one that is frozen.
APP = '''
import ssl, socket, threading

def context(server, key="p256"):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    if server:
        made.load_cert_chain(f"{key}.pem", f"{key}.key")
    else:
        made.load_verify_locations(f"{key}.pem")
    return made

SERVER, CLIENT = context(True), context(False)

class End:
    def __init__(self, context, server, **options):
        self.into, self.out = ssl.MemoryBIO(), ssl.MemoryBIO()
        options |= {} if server else {"server_hostname": "localhost"}
        self.tls = context.wrap_bio(self.into, self.out, server_side=server, **options)

def step(end, call, *arguments):
    try:
        return call(*arguments)
    except ssl.SSLWantReadError:
        return None

def connect(server=None, client=None, **options):
    a, b = End(server or SERVER, True), End(client or CLIENT, False, **options)
    for _ in range(4):
        for end, other in ((b, a), (a, b)):
            step(end, end.tls.do_handshake)
            other.into.write(end.out.read())
    b.tls.write(b"asked")
    a.into.write(b.out.read())
    assert a.tls.read() == b"asked"
    a.tls.write(b"answered")
    b.into.write(a.out.read())
    assert b.tls.read() == b"answered"
    return a.tls, b.tls

def begin():
    """Uses all there is, before the freeze. The builder's clock stands still: nothing is valid."""
    client = context(False)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    connect(client=client)
    drawn()

def hello():
    """A client's first message: its random number, session and shares of keys."""
    end = End(CLIENT, False)
    step(end, end.tls.do_handshake)
    return end.out.read()

def ticket_key():
    """The name of the key that this life's tickets of a server are sealed with (RFC 5077)."""
    client = context(False)
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    a, b = End(SERVER, True), End(client, False)
    records = b""
    for _ in range(4):
        for end, other in ((b, a), (a, b)):
            step(end, end.tls.do_handshake)
            said = end.out.read()
            records += said if end is a else b""
            other.into.write(said)
    while records:
        size = int.from_bytes(records[3:5])
        kind, body, records = records[0], records[5 : 5 + size], records[5 + size :]
        if kind == 22 and body[0] == 4:
            return body[10:26]

def drawn():
    return [ssl.RAND_bytes(32), hello()]

def children():
    import os
    found = [drawn()]
    for _ in range(2):
        ours, theirs = os.pipe()
        if os.fork() == 0:
            os.write(theirs, repr(drawn()).encode())
            os._exit(0)
        os.close(theirs)
        found.append(eval(os.fdopen(ours, "rb").read()))
        os.wait()
    return [*found, drawn()]
'''


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    for name, kind in KEYS.items():
        command = f"openssl req -x509 -nodes -days 36500 -subj /CN=localhost -newkey {kind}"
        command += f" -addext subjectAltName=DNS:localhost -keyout {name}.key -out {name}.pem"
        subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    (folder / "app.py").write_text(APP)
    (folder / "Dockerfile").write_text(
        "FROM python:3.13-slim\nWORKDIR /app\nCOPY *.pem *.key app.py .\n"
        'CMD ["python", "-c", "import app"]\n'
    )
    return folder


@pytest.fixture(scope="module")
def tls(folder: Path) -> boxer.Box:
    return boxer.build(folder)


@pytest.fixture(scope="module")
def used(folder: Path) -> boxer.Box:
    """A box that was frozen when its generators had drawn and its server had served."""
    return boxer.build(folder, init="app:begin")


def said(box: boxer.Box, *lines: str) -> str:
    program = "\n".join(["from app import *", *lines])
    result = box.run(["python", "-c", program], limits=LIMITS)
    assert result.stderr == b""
    return result.stdout.decode().strip()


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_a_connection_in_memory(tls: boxer.Box, key: str, version: str) -> None:
    told = said(
        tls,
        f"client = context(False, {key!r})",
        f"client.maximum_version = ssl.TLSVersion.{version}",
        f"a, b = connect(context(True, {key!r}), client)",
        "print(b.version(), b.cipher()[0], a.cipher()[0] == b.cipher()[0])",
    )
    # Without instructions for AES the other cipher is the quicker one.
    suite = "TLS_CHACHA20_POLY1305_SHA256"
    if version == "TLSv1_2":
        suite = f"ECDHE-{'RSA' if key == 'rsa' else 'ECDSA'}-CHACHA20-POLY1305"
    assert told == f"{version.replace('_', '.')} {suite} True"


@pytest.mark.parametrize(
    "cipher", ["ECDHE+AESGCM", "ECDHE+CHACHA20", "AES256-GCM-SHA384", "AES128-SHA256"]
)
def test_ciphers_that_are_asked_for(tls: boxer.Box, cipher: str) -> None:
    told = said(
        tls,
        "server, client = context(True, 'rsa'), context(False, 'rsa')",
        "client.maximum_version = ssl.TLSVersion.TLSv1_2",
        f"for end in (server, client): end.set_ciphers({cipher!r})",
        "a, b = connect(server, client)",
        "print(b.cipher()[0] in [c['name'] for c in client.get_ciphers()])",
    )
    assert told == "True"


def test_names_protocols_and_tickets(tls: boxer.Box) -> None:
    told = said(
        tls,
        "server, client, seen = context(True), context(False), []",
        "server.sni_callback = lambda tls, name, context: seen.append(name)",
        "server.set_alpn_protocols(['h2', 'http/1.1']); client.set_alpn_protocols(['h2'])",
        "a, b = connect(server, client)",
        "a2, b2 = connect(server, client, session=b.session)",
        "print(seen, b.selected_alpn_protocol(), b.session_reused, b2.session_reused)",
    )
    assert told == "['localhost', 'localhost'] h2 False True"


def test_certificates_of_clients(tls: boxer.Box) -> None:
    told = said(
        tls,
        "server, client = context(True), context(False)",
        "server.verify_mode = ssl.CERT_REQUIRED; server.load_verify_locations('rsa.pem')",
        "client.load_cert_chain('rsa.pem', 'rsa.key')",
        "a, b = connect(server, client)",
        "print(a.getpeercert()['subject'])",
        "try: connect(server, context(False))",
        "except ssl.SSLError as error: print(error.reason)",
    )
    assert told.splitlines() == [
        "((('commonName', 'localhost'),),)",
        "PEER_DID_NOT_RETURN_A_CERTIFICATE",
    ]


def test_a_stranger_is_not_believed(tls: boxer.Box) -> None:
    told = said(
        tls,
        "try: connect(context(True, 'rsa'), ssl.create_default_context())",
        "except ssl.SSLCertVerificationError as error: print(error.verify_message)",
    )
    assert told == "self-signed certificate"


def test_client_and_server_in_threads(tls: boxer.Box) -> None:
    told = said(
        tls,
        "listener = socket.create_server(('127.0.0.1', 0))",
        "def serve():",
        "    for _ in range(3):",
        "        plain, _ = listener.accept()",
        "        with SERVER.wrap_socket(plain, server_side=True) as end:",
        "            data = b''",
        "            while len(data) < 300_000: data += end.recv(70_000)",
        "            end.sendall(data[::-1])",
        "            end.unwrap()",
        "thread = threading.Thread(target=serve); thread.start()",
        "for number in range(3):",
        "    plain = socket.create_connection(listener.getsockname())",
        "    with CLIENT.wrap_socket(plain, server_hostname='localhost') as end:",
        "        data = bytes([number, 1, 2]) * 100_000",
        "        end.sendall(data); back = b''",
        "        while part := end.recv(70_000): back += part",
        "        print(end.version(), back == data[::-1])",
        "        end.unwrap()",
        "thread.join()",
    )
    assert told.splitlines() == ["TLSv1.3 True"] * 3


def test_the_roots_are_those_of_a_browser(tls: boxer.Box) -> None:
    told = said(
        tls,
        "import os",
        "paths = ssl.get_default_verify_paths()",
        "print(paths.cafile, paths.capath, os.path.realpath(paths.cafile))",
        "names = str(ssl.create_default_context().get_ca_certs())",
        "print('ISRG Root X1' in names, 'DigiCert Global Root G2' in names)",
        "os.environ['SSL_CERT_FILE'] = '/app/rsa.pem'",
        "print(ssl.create_default_context().cert_store_stats())",
    )
    assert told.splitlines() == [
        "/usr/lib/ssl/cert.pem /usr/lib/ssl/certs /etc/ssl/certs/ca-certificates.crt",
        "True True",
        "{'x509': 1, 'crl': 0, 'x509_ca': 1}",
    ]


def test_hashes_are_those_of_openssl(tls: boxer.Box) -> None:
    told = said(
        tls,
        "import hashlib, hmac",
        "print(hashlib.sha256.__module__, hashlib.new('ripemd160', b'abc').hexdigest())",
        "print(hashlib.new('sha512_256', b'abc').hexdigest()[:16])",
        "print(hmac.digest(b'k', b'abc', 'sha256').hex()[:16])",
    )
    assert told.splitlines() == [
        "_hashlib 8eb208f7e05d987a9b044a8e98c6b087f15a0bfc",
        "53048e2681941ef9",
        "342e519ce0ad6c03",
    ]


# Random state. What the builder has drawn lies in the image.

DRAWN = "print(drawn())"


def in_common(drawings: list[list[bytes]]) -> list[bytes]:
    """Runs of eight bytes that two of them have, but for what every hello says."""
    seen: dict[bytes, int] = {}
    found = []
    for number, (plain, hello) in enumerate(drawings):
        # RFC 8446, section 4.1.2: the random number, then the session's.
        for text in (plain, hello[11:43], hello[44:76]):
            for place in range(len(text) - 7):
                part = text[place : place + 8]
                if seen.setdefault(part, number) != number:
                    found.append(part)
    return found


def drawings(*texts: bytes | str) -> list[list[bytes]]:
    found = [eval(text) for text in texts]
    assert all(len(plain) == 32 and len(hello) > 76 for plain, hello in found)
    return found


def test_two_runs_share_nothing(used: boxer.Box) -> None:
    texts = [said(used, DRAWN) for _ in range(3)]
    assert in_common(drawings(*texts)) == []


def test_two_calls_share_nothing(used: boxer.Box) -> None:
    with used.pool(size=1) as pool:
        found = [pool.call("app:drawn") for _ in range(3)]
    with used.pool(size=1) as pool:
        found += [pool.call("app:drawn") for _ in range(2)]
    assert in_common(found) == []


def test_two_forks_of_a_machine_share_nothing(used: boxer.Box) -> None:
    with used.start() as machine:
        found = [machine.call("app:drawn")]
        forks = [machine.fork() for _ in range(3)]
        found += [fork.call("app:drawn") for fork in forks]
        found += [fork.call("app:drawn") for fork in forks]
        found.append(machine.call("app:drawn"))
    assert in_common(found) == []


def test_a_fork_of_the_box_shares_nothing(used: boxer.Box) -> None:
    texts = [said(used, "print(*children(), sep='\\n')") for _ in range(2)]
    lines = [line for text in texts for line in text.splitlines()]
    assert len(lines) == 8
    assert in_common(drawings(*lines)) == []


def test_keys_of_tickets_are_a_lifes_and_its_forks(used: boxer.Box) -> None:
    text = (
        "import os, sys\nfirst = ticket_key()\nprint(first.hex(), flush=True)\n"
        "if os.fork() == 0: print(ticket_key().hex(), flush=True); os._exit(0)\n"
        "os.wait()\nprint(ticket_key().hex())"
    )
    lives = [said(used, text).split() for _ in range(2)]
    with used.pool(size=1) as pool:
        lives += [[pool.call("app:ticket_key").hex()] * 3 for _ in range(2)]
    assert [len(set(life)) for life in lives] == [1, 1, 1, 1]
    assert len({life[0] for life in lives}) == 4


def test_a_committed_machine_shares_nothing(used: boxer.Box, tmp_path: Path) -> None:
    with used.start() as machine:
        found = [machine.call("app:drawn")]
        machine.commit(tmp_path / "later.wasm")
        found.append(machine.call("app:drawn"))
    later = boxer.load(tmp_path / "later.wasm")
    found += drawings(*(said(later, DRAWN) for _ in range(2)))
    assert in_common(found) == []
