"""What else asks for cryptography: PyMySQL's passwords, PyNaCl, twine, requests."""

import importlib.metadata
import pathlib
import subprocess
import sys
import zipfile

import nacl.exceptions
import nacl.public
import nacl.secret
import nacl.signing
import nacl.utils
import pymysql._auth
import requests
import urllib3
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

key = rsa.generate_private_key(65537, 2048)
shown = key.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)
sent = pymysql._auth.sha2_rsa_encrypt(b"secret", b"0123456789abcdefghij", shown)
oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
told = bytes(a ^ b for a, b in zip(key.decrypt(sent, oaep), b"0123456789abcdefghij", strict=False))
assert told == b"secret\0", told
print("pymysql")

one, other = nacl.public.PrivateKey.generate(), nacl.public.PrivateKey.generate()
sealed = nacl.public.Box(one, other.public_key).encrypt(b"text")
assert nacl.public.Box(other, one.public_key).decrypt(sealed) == b"text"
signed = nacl.signing.SigningKey.generate()
message = signed.sign(b"text")
assert signed.verify_key.verify(message) == b"text"
try:
    signed.verify_key.verify(message[:-1] + bytes([message[-1] ^ 1]))
except nacl.exceptions.BadSignatureError:
    print("pynacl")

wheel = pathlib.Path("/tmp/alpha-1.0-py3-none-any.whl")
with zipfile.ZipFile(wheel, "w") as archive:
    archive.writestr("alpha.py", "")
    archive.writestr(
        "alpha-1.0.dist-info/METADATA",
        "Metadata-Version: 2.1\nName: alpha\nVersion: 1.0\n"
        "Description-Content-Type: text/plain\n\ntext\n",
    )
    archive.writestr("alpha-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n")
    archive.writestr("alpha-1.0.dist-info/RECORD", "")
done = subprocess.run(
    [sys.executable, "-m", "twine", "check", wheel], capture_output=True, text=True, check=False
)
assert "PASSED" in done.stdout, done.stdout + done.stderr
import secretstorage.dhcrypto  # noqa: E402  what twine's keyring asks of cryptography

session = secretstorage.dhcrypto.Session()
assert session.my_public_key > 1
print("twine", importlib.metadata.version("twine").split(".")[0] >= "5")
print("requests", bool(requests.__version__ and urllib3.__version__))
