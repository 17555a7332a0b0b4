"""hashlib's key derivation in a box: the RFCs' vectors, and what this machine's OpenSSL says."""

from __future__ import annotations

import hashlib

import pytest

import boxer

pytestmark = pytest.mark.base

# RFC 7914, sections 11 and 12; RFC 6070.
VECTORS = {
    "pbkdf2_hmac('sha256', b'passwd', b'salt', 1, 64)": "55ac046e56e3089fec1691c22544b605"
    "f94185216dde0465e68b9d57c20dacbc49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783",
    "pbkdf2_hmac('sha1', b'password', b'salt', 4096)": "4b007901b765489abead49d926f721d065a429c1",
    "scrypt(b'', salt=b'', n=16, r=1, p=1)": "77d6576238657b203b19ca42c18a0497"
    "f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906",
    "scrypt(b'password', salt=b'NaCl', n=1024, r=8, p=16)": "fdbabe1c9d3472007856e7190d01e9fe"
    "7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640",
}
# What OpenSSL computes here: hash, lengths of password and salt, rounds, length of the key.
CASES = [
    (name, password, salt, 3, length)
    for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
    for password, salt, length in ((0, 0, None), (64, 5, 7), (129, 300, 200), (128, 60, 128))
]
WRONG = {
    "pbkdf2_hmac('nohash', b'', b'', 1)": "UnsupportedDigestmodError: [digital envelope routines]",
    "pbkdf2_hmac('sha1', b'', b'', 0)": "ValueError: iteration value must be greater than 0.",
    "pbkdf2_hmac('sha1', b'', b'', 1, 0)": "ValueError: key length must be greater than 0.",
    "pbkdf2_hmac('sha1', 'text', b'', 1)": "TypeError: ",
    "scrypt(b'', n=16, r=1, p=1)": "TypeError: salt is required",
    "scrypt(b'', salt=b'')": "TypeError: n is required and must be an unsigned int",
    "scrypt(b'', salt=b'', n=15, r=1, p=1)": "ValueError: n must be a power of 2",
    "scrypt(b'', salt=b'', n=1 << 20, r=8, p=1)": "ValueError: [digital envelope routines] memory",
    "scrypt(b'', salt=b'', n=2, r=1 << 30, p=1)": "ValueError: [digital envelope routines]",
}


def run(box: boxer.Box, *lines: str) -> boxer.RunResult:
    program = "\n".join(["from hashlib import pbkdf2_hmac, scrypt", *lines])
    return box.run(["python", "-c", program], limits=boxer.Limits(time=60))


@pytest.mark.parametrize("call", VECTORS)
def test_the_vectors_of_the_standards_hold(box: boxer.Box, call: str) -> None:
    result = run(box, f"print({call}.hex())")
    assert result.stdout.decode().strip() == VECTORS[call], result.stderr


def test_keys_are_those_of_openssl(box: boxer.Box) -> None:
    result = run(
        box,
        f"for name, password, salt, rounds, length in {CASES!r}:",
        "    print(pbkdf2_hmac(name, b'p' * password, b's' * salt, rounds, length).hex())",
        "print(scrypt(b'p' * 70, salt=b's' * 9, n=64, r=3, p=5, dklen=99).hex())",
    )
    wanted = [
        hashlib.pbkdf2_hmac(name, b"p" * password, b"s" * salt, rounds, length).hex()
        for name, password, salt, rounds, length in CASES
    ]
    wanted.append(hashlib.scrypt(b"p" * 70, salt=b"s" * 9, n=64, r=3, p=5, dklen=99).hex())
    assert result.stdout.decode().split() == wanted, result.stderr


@pytest.mark.parametrize("call", WRONG)
def test_wrong_arguments_are_errors(box: boxer.Box, call: str) -> None:
    assert WRONG[call] in run(box, call).stderr.decode()


def test_a_long_derivation_can_be_ended(box: boxer.Box) -> None:
    program = "from hashlib import pbkdf2_hmac; pbkdf2_hmac('sha512', b'', b'', 1 << 30)"
    result = box.run(["python", "-c", program], limits=boxer.Limits(time=0.5))
    assert result.limit == "time"
