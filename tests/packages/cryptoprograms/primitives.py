"""What programs do with cryptography itself; each line that is printed says what held."""

import datetime
import os

from cryptography import x509
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa, x25519
from cryptography.hazmat.primitives.ciphers import aead
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    load_ssh_private_key,
    pkcs7,
    pkcs12,
)

SHA256 = hashes.SHA256()
NOW = datetime.datetime.now(datetime.UTC)
BOX = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "box")])
KEYS = {
    "rsa": rsa.generate_private_key(65537, 2048),
    "dsa": dsa.generate_private_key(1024),
    "p256": ec.generate_private_key(ec.SECP256R1()),
    "p521": ec.generate_private_key(ec.SECP521R1()),
    "k1": ec.generate_private_key(ec.SECP256K1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate(),
    "ed448": ed448.Ed448PrivateKey.generate(),
}
OF_SSH = ("rsa", "p256", "p521", "ed25519")


def certificate(key):
    made = x509.CertificateBuilder().subject_name(BOX).issuer_name(BOX)
    made = made.public_key(key.public_key()).serial_number(x509.random_serial_number())
    made = made.not_valid_before(NOW).not_valid_after(NOW + datetime.timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
    return made.sign(key, None if key is KEYS["ed25519"] else SHA256)


fernet = Fernet(Fernet.generate_key())
assert fernet.decrypt(fernet.encrypt(b"text")) == b"text"
for kind in (aead.AESGCM, aead.AESCCM, aead.ChaCha20Poly1305, aead.AESOCB3, aead.AESGCMSIV):
    cipher = kind(os.urandom(32))
    nonce = os.urandom(12)
    assert cipher.decrypt(nonce, cipher.encrypt(nonce, b"text", b"a"), b"a") == b"text"
    print(kind.__name__)
cipher = aead.AESSIV(aead.AESSIV.generate_key(512))
assert cipher.decrypt(cipher.encrypt(b"text", [b"a"]), [b"a"]) == b"text"
print("AESSIV")

pss = padding.PSS(padding.MGF1(SHA256), 32)
oaep = padding.OAEP(padding.MGF1(SHA256), SHA256, None)
KEYS["rsa"].public_key().verify(KEYS["rsa"].sign(b"text", pss, SHA256), b"text", pss, SHA256)
assert KEYS["rsa"].decrypt(KEYS["rsa"].public_key().encrypt(b"text", oaep), oaep) == b"text"
for name in ("p256", "p521", "k1"):
    ecdsa = ec.ECDSA(SHA256)
    KEYS[name].public_key().verify(KEYS[name].sign(b"text", ecdsa), b"text", ecdsa)
for name in ("ed25519", "ed448"):
    KEYS[name].public_key().verify(KEYS[name].sign(b"text"), b"text")
KEYS["dsa"].public_key().verify(KEYS["dsa"].sign(b"text", SHA256), b"text", SHA256)
one, other = x25519.X25519PrivateKey.generate(), x25519.X25519PrivateKey.generate()
assert one.exchange(other.public_key()) == other.exchange(one.public_key())
print("signatures")

for name, key in KEYS.items():
    for password in (None, b"pw"):
        how = BestAvailableEncryption(password) if password else NoEncryption()
        text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how)
        assert load_pem_private_key(text, password).public_key() == key.public_key()
        if name in OF_SSH:
            text = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, how)
            assert load_ssh_private_key(text, password).public_key() == key.public_key()
print("serialization")

for name in ("rsa", "p256", "ed25519"):
    made = certificate(KEYS[name])
    read = x509.load_pem_x509_certificate(made.public_bytes(Encoding.PEM))
    read.verify_directly_issued_by(read)
    assert read == made
    how = BestAvailableEncryption(b"pw")
    bundle = pkcs12.serialize_key_and_certificates(b"n", KEYS[name], made, None, how)
    assert pkcs12.load_key_and_certificates(bundle, b"pw")[1] == made
request = x509.CertificateSigningRequestBuilder().subject_name(BOX).sign(KEYS["p256"], SHA256)
assert request.is_signature_valid
print("x509", made.subject.rfc4514_string())

# As other programs wrote them: 3DES and SHA-1.
older = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(10).hmac_hash(hashes.SHA1())
older = older.key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC).build(b"pw")
bundle = pkcs12.serialize_key_and_certificates(b"n", KEYS["rsa"], None, None, older)
assert pkcs12.load_pkcs12(bundle, b"pw").key.public_key() == KEYS["rsa"].public_key()
signer = pkcs7.PKCS7SignatureBuilder().set_data(b"text")
signer = signer.add_signer(certificate(KEYS["rsa"]), KEYS["rsa"], SHA256)
assert b"multipart/signed" in signer.sign(Encoding.SMIME, [])
print("pkcs")

# RFC 7914, section 12; RFC 5869, A.3; RFC 6070.
assert Scrypt(b"", 64, 16, 1, 1).derive(b"").hex().startswith("77d6576238657b20")
assert HKDF(SHA256, 42, None, b"").derive(b"\x0b" * 22).hex().startswith("8da4e775a563c18f")
assert PBKDF2HMAC(hashes.SHA1(), 20, b"salt", 2).derive(b"password").hex().startswith("ea6c014dc")
argon = Argon2id(salt=b"s" * 16, length=32, iterations=1, lanes=1, memory_cost=64)
assert len(argon.derive(b"text")) == 32
print("kdf")
