"""pyOpenSSL: a certificate, a handshake in memory with a client's certificate, its verification."""

import contextlib

from OpenSSL import SSL, crypto


def made(name, issuer=None):
    key = crypto.PKey()
    key.generate_key(crypto.TYPE_RSA, 2048)
    cert = crypto.X509()
    cert.set_version(2)
    cert.get_subject().CN = name
    cert.set_serial_number(1)
    cert.gmtime_adj_notBefore(0)
    cert.gmtime_adj_notAfter(3600)
    cert.set_issuer((issuer or (cert,))[0].get_subject())
    cert.set_pubkey(key)
    cert.sign((issuer or (cert, key))[1], "sha256")
    return cert, key


root = made("root")


def context(own):
    found = SSL.Context(SSL.TLS_METHOD)
    found.use_certificate(own[0])
    found.use_privatekey(own[1])
    found.check_privatekey()
    found.get_cert_store().add_cert(root[0])
    found.set_verify(
        SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *told: bool(told[-1])
    )
    return found


def handshake(server, client):
    ends = [SSL.Connection(context(server), None), SSL.Connection(context(client), None)]
    ends[0].set_accept_state()
    ends[1].set_connect_state()
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
try:
    handshake(made("server", root), made("stranger"))
except SSL.Error:
    print("a stranger: refused")
