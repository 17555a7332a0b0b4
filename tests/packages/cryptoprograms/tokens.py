"""Signed tokens: pyjwt, python-jose, authlib, google-auth and msal, each read by another."""

import jose.backends
import jwt
import msal.oauth2cli.assertion
from authlib.jose import JsonWebEncryption, JsonWebKey, JsonWebToken
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from google.auth import crypt
from google.auth import jwt as google_jwt
from google.oauth2 import service_account
from jose import jwt as jose_jwt

KEYS = {
    "RS256": rsa.generate_private_key(65537, 2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}


def private(kind):
    form = serialization.PrivateFormat.PKCS8
    return (
        KEYS[kind]
        .private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        .decode()
    )


def public(kind):
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return KEYS[kind].public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def refused(call, *arguments):
    try:
        call(*arguments)
    except Exception:
        return
    raise SystemExit("a changed token was taken")


def changed(token):
    head, body, signature = token.split(".")
    return f"{head}.{body}.{signature[:8]}{'A' if signature[8] != 'A' else 'B'}{signature[9:]}"


claims = {"sub": "box", "exp": 4_000_000_000}
for kind in ("RS256", "PS256", "ES256", "EdDSA"):
    key = "RS256" if kind == "PS256" else kind
    token = jwt.encode(claims, private(key), kind)
    assert jwt.decode(token, public(key), [kind]) == claims
    refused(jwt.decode, changed(token), public(key), [kind])
    assert JsonWebToken([kind]).decode(token, public(key)) == claims
print("pyjwt")

assert jose.backends.RSAKey.__module__ == "jose.backends.cryptography_backend"
for kind in ("RS256", "ES256"):
    token = jose_jwt.encode(claims, private(kind), kind)
    assert jose_jwt.decode(token, public(kind), kind) == claims
    assert jwt.decode(token, public(kind), [kind]) == claims
    refused(jose_jwt.decode, changed(token), public(kind), kind)
print("python-jose")

for kind in ("RS256", "ES256", "EdDSA"):
    token = JsonWebToken([kind]).encode({"alg": kind}, claims, private(kind)).decode()
    assert jwt.decode(token, public(kind), [kind]) == claims
sealed = JsonWebEncryption().serialize_compact(
    {"alg": "RSA-OAEP", "enc": "A256GCM"}, b"text", JsonWebKey.import_key(public("RS256"))
)
opened = JsonWebEncryption().deserialize_compact(sealed, JsonWebKey.import_key(private("RS256")))
assert opened["payload"] == b"text"
print("authlib")

account = {
    "type": "service_account",
    "private_key": private("RS256"),
    "private_key_id": "1",
    "client_email": "box@example.com",
    "token_uri": "https://example.com/token",
}
credentials = service_account.Credentials.from_service_account_info(account)
assertion = credentials.with_scopes(["read"])._make_authorization_grant_assertion()
told = jwt.decode(assertion, public("RS256"), ["RS256"], options={"verify_aud": False})
assert told["iss"] == "box@example.com"
signer = crypt.ES256Signer.from_string(private("ES256"), "1")
token = google_jwt.encode(signer, {**claims, "iat": 1, "aud": "box"})
assert jwt.decode(token, public("ES256"), ["ES256"], audience="box")["sub"] == "box"
print("google-auth")

maker = msal.oauth2cli.assertion.JwtAssertionCreator(private("RS256"), "RS256")
made = maker.create_normal_assertion("https://example.com/token", "box", expires_in=600)
made = made.decode() if isinstance(made, bytes) else made
assert jwt.decode(made, public("RS256"), ["RS256"], audience="https://example.com/token")
print("msal")
