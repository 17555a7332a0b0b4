"""What is drawn of random numbers, by each library that draws some; once before the freeze."""

import os

import nacl.public
import nacl.utils
import paramiko
from cryptography import x509
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from OpenSSL import SSL

RAW = (serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption())
OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
# Made before the freeze: what it signs and seals is drawn later.
OLD = rsa.generate_private_key(65537, 2048)
OLD_CURVE = ec.generate_private_key(ec.SECP256R1())


def hello():
    """Of a client's first message: its random number and its session."""
    end = SSL.Connection(SSL.Context(SSL.TLS_METHOD), None)
    end.set_connect_state()
    try:
        end.do_handshake()
    except SSL.WantReadError:
        said = end.bio_read(65536)
    return [said[11:43], said[44:76]]


def drawn():
    encrypted = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"pw"),
    )
    curve = ec.generate_private_key(ec.SECP384R1()).private_numbers().private_value
    return [
        Fernet.generate_key(),
        Fernet(b"A" * 43 + b"=").encrypt(b"text")[13:],
        AESGCM.generate_key(256),
        ChaCha20Poly1305.generate_key(),
        ed25519.Ed25519PrivateKey.generate().private_bytes(*RAW),
        x25519.X25519PrivateKey.generate().private_bytes(*RAW),
        curve.to_bytes(48),
        OLD.public_key().encrypt(b"text", OAEP),
        OLD.sign(b"text", padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()),
        OLD_CURVE.sign(b"text", ec.ECDSA(hashes.SHA256()))[4:36],
        x509.random_serial_number().to_bytes(20),
        encrypted[-48:],
        bytes(nacl.public.PrivateKey.generate()),
        nacl.utils.random(32),
        paramiko.ECDSAKey.generate().signing_key.private_numbers().private_value.to_bytes(32),
        *hello(),
    ]


def children():
    """Drawn by a process, by each of its children, and by itself again."""
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
