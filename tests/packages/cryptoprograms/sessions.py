"""pyOpenSSL: certificates, a handshake in memory, and what C calls of Python's on the way."""

import contextlib
import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL, crypto

NOW = datetime.datetime.now(datetime.UTC)


def made(name, issuer=None):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    cert = x509.CertificateBuilder().subject_name(subject).public_key(key.public_key())
    cert = cert.issuer_name(issuer[0].subject if issuer else subject).serial_number(1)
    cert = cert.not_valid_before(NOW - datetime.timedelta(days=1))
    cert = cert.not_valid_after(NOW + datetime.timedelta(days=1))
    cert = cert.add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), True)
    return cert.sign(issuer[1] if issuer else key, hashes.SHA256()), key


root = made("root")
called = []


def verify(connection, cert, error, depth, ok):
    called.append(f"verify {cert.get_subject().CN}")
    return bool(ok)


def context(own):
    found = SSL.Context(SSL.TLS_METHOD)
    found.use_certificate(own[0])
    found.use_privatekey(own[1])
    found.check_privatekey()
    found.get_cert_store().add_cert(crypto.X509.from_cryptography(root[0]))
    found.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, verify)
    found.set_alpn_protos([b"h2", b"http/1.1"])
    found.set_alpn_select_callback(lambda connection, offered: offered[-1])
    found.set_tlsext_servername_callback(
        lambda connection: called.append(f"name {connection.get_servername().decode()}")
    )
    found.set_keylog_callback(lambda connection, line: called.append("key"))
    return found


def handshake(server, client):
    ends = [SSL.Connection(context(server), None), SSL.Connection(context(client), None)]
    ends[0].set_accept_state()
    ends[1].set_connect_state()
    ends[1].set_tlsext_host_name(b"server")
    for _ in range(8):
        for end, other in (ends, ends[::-1]):
            with contextlib.suppress(SSL.WantReadError):
                end.do_handshake()
            with contextlib.suppress(SSL.WantReadError):
                other.bio_write(end.bio_read(65536))
    return ends


server, client = handshake(made("server", root), made("client", root))
client.send(b"asked")
server.bio_write(client.bio_read(65536))
assert server.recv(100) == b"asked"
print(client.get_protocol_version_name(), server.get_peer_certificate().get_subject().CN)
print(client.get_alpn_proto_negotiated().decode())
assert {"verify root", "verify client", "verify server", "name server", "key"} <= set(called), (
    called
)
try:
    handshake(made("server", root), made("stranger"))
except SSL.Error:
    print("a stranger: refused")
for _ in range(200):  # each has callbacks of its own, given back with it
    context(root)
print("many contexts")
