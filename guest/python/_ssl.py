"""What `ssl` stands on in a box: a TLS context can be made and set up, a TLS connection cannot.

Belongs here: the names that CPython's ssl.py and its users expect (Modules/_ssl.c), so that a
program that only imports ssl, or makes a context it never uses, works. Does not: cryptography. Each
way to a connection refuses, so nothing is ever sent unprotected.
"""

import base64
import os
import re

REASON = (
    "a box has no TLS of its own: let whatever stands before it (a proxy, the host) end TLS,"
    " and speak plain text inside"
)

OPENSSL_VERSION_NUMBER = 0x30000000
OPENSSL_VERSION_INFO = _OPENSSL_API_VERSION = (3, 0, 0, 0, 0)
OPENSSL_VERSION = "OpenSSL API 3.0.0 without TLS (Boxer)"
_DEFAULT_CIPHERS = ""

HAS_SNI = HAS_ECDH = HAS_NPN = HAS_ALPN = HAS_TLS_UNIQUE = HAS_PSK = False
HAS_SSLv2 = HAS_SSLv3 = HAS_TLSv1 = HAS_TLSv1_1 = HAS_TLSv1_2 = HAS_TLSv1_3 = False

# The numbers are OpenSSL 3's (include/openssl/ssl.h, x509_vfy.h, tls1.h) and CPython's own.
PROTOCOL_SSLv23 = PROTOCOL_TLS = 2
PROTOCOL_TLSv1, PROTOCOL_TLSv1_1, PROTOCOL_TLSv1_2 = 3, 4, 5
PROTOCOL_TLS_CLIENT, PROTOCOL_TLS_SERVER = 16, 17
PROTO_MINIMUM_SUPPORTED, PROTO_MAXIMUM_SUPPORTED = -2, -1
PROTO_SSLv3, PROTO_TLSv1, PROTO_TLSv1_1, PROTO_TLSv1_2, PROTO_TLSv1_3 = range(0x300, 0x305)
CERT_NONE, CERT_OPTIONAL, CERT_REQUIRED = range(3)
ENCODING_PEM, ENCODING_DER = 1, 2

OP_ALL = 0x80000050
OP_LEGACY_SERVER_CONNECT = 0x4
OP_IGNORE_UNEXPECTED_EOF = 0x80
OP_ENABLE_KTLS = 0x8
OP_NO_TICKET = 0x4000
OP_NO_COMPRESSION = 0x20000
OP_ENABLE_MIDDLEBOX_COMPAT = 0x100000
OP_CIPHER_SERVER_PREFERENCE = 0x400000
OP_NO_SSLv2 = OP_SINGLE_DH_USE = OP_SINGLE_ECDH_USE = 0
OP_NO_SSLv3 = 0x2000000
OP_NO_TLSv1 = 0x4000000
OP_NO_TLSv1_2 = 0x8000000
OP_NO_TLSv1_1 = 0x10000000
OP_NO_TLSv1_3 = 0x20000000
OP_NO_RENEGOTIATION = 0x40000000

VERIFY_DEFAULT = 0
VERIFY_CRL_CHECK_LEAF = 0x4
VERIFY_CRL_CHECK_CHAIN = 0xC
VERIFY_X509_STRICT = 0x20
VERIFY_ALLOW_PROXY_CERTS = 0x40
VERIFY_X509_TRUSTED_FIRST = 0x8000
VERIFY_X509_PARTIAL_CHAIN = 0x80000

HOSTFLAG_ALWAYS_CHECK_SUBJECT = 0x1
HOSTFLAG_NO_WILDCARDS = 0x2
HOSTFLAG_NO_PARTIAL_WILDCARDS = 0x4
HOSTFLAG_MULTI_LABEL_WILDCARDS = 0x8
HOSTFLAG_SINGLE_LABEL_SUBDOMAINS = 0x10
HOSTFLAG_NEVER_CHECK_SUBJECT = 0x20

SSL_ERROR_SSL, SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE, SSL_ERROR_WANT_X509_LOOKUP = 1, 2, 3, 4
SSL_ERROR_SYSCALL, SSL_ERROR_ZERO_RETURN, SSL_ERROR_WANT_CONNECT, SSL_ERROR_EOF = 5, 6, 7, 8
SSL_ERROR_INVALID_ERROR_CODE = 10

# RFC 8446, section 6, and RFC 6066 for the certificate alerts.
ALERT_DESCRIPTION_CLOSE_NOTIFY = 0
ALERT_DESCRIPTION_UNEXPECTED_MESSAGE = 10
ALERT_DESCRIPTION_BAD_RECORD_MAC = 20
ALERT_DESCRIPTION_RECORD_OVERFLOW = 22
ALERT_DESCRIPTION_DECOMPRESSION_FAILURE = 30
ALERT_DESCRIPTION_HANDSHAKE_FAILURE = 40
ALERT_DESCRIPTION_BAD_CERTIFICATE = 42
ALERT_DESCRIPTION_UNSUPPORTED_CERTIFICATE = 43
ALERT_DESCRIPTION_CERTIFICATE_REVOKED = 44
ALERT_DESCRIPTION_CERTIFICATE_EXPIRED = 45
ALERT_DESCRIPTION_CERTIFICATE_UNKNOWN = 46
ALERT_DESCRIPTION_ILLEGAL_PARAMETER = 47
ALERT_DESCRIPTION_UNKNOWN_CA = 48
ALERT_DESCRIPTION_ACCESS_DENIED = 49
ALERT_DESCRIPTION_DECODE_ERROR = 50
ALERT_DESCRIPTION_DECRYPT_ERROR = 51
ALERT_DESCRIPTION_PROTOCOL_VERSION = 70
ALERT_DESCRIPTION_INSUFFICIENT_SECURITY = 71
ALERT_DESCRIPTION_INTERNAL_ERROR = 80
ALERT_DESCRIPTION_USER_CANCELLED = 90
ALERT_DESCRIPTION_NO_RENEGOTIATION = 100
ALERT_DESCRIPTION_UNSUPPORTED_EXTENSION = 110
ALERT_DESCRIPTION_CERTIFICATE_UNOBTAINABLE = 111
ALERT_DESCRIPTION_UNRECOGNIZED_NAME = 112
ALERT_DESCRIPTION_BAD_CERTIFICATE_STATUS_RESPONSE = 113
ALERT_DESCRIPTION_BAD_CERTIFICATE_HASH_VALUE = 114
ALERT_DESCRIPTION_UNKNOWN_PSK_IDENTITY = 115

# What ssl.Purpose looks up: (number, short name, long name, object identifier).
OBJECTS = (
    (129, "serverAuth", "TLS Web Server Authentication", "1.3.6.1.5.5.7.3.1"),
    (130, "clientAuth", "TLS Web Client Authentication", "1.3.6.1.5.5.7.3.2"),
)
PEM = re.compile(rb"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)


class SSLError(OSError):
    """An error occurred in the SSL implementation."""

    library = reason = None

    def __str__(self):
        return self.strerror if isinstance(self.strerror, str) else str(self.args)


class SSLZeroReturnError(SSLError):
    """SSL/TLS session closed cleanly."""


class SSLWantReadError(SSLError):
    """Non-blocking SSL socket needs to read more data before the operation can be completed."""


class SSLWantWriteError(SSLError):
    """Non-blocking SSL socket needs to write more data before the operation can be completed."""


class SSLSyscallError(SSLError):
    """System error when attempting SSL operation."""


class SSLEOFError(SSLError):
    """SSL/TLS connection terminated abruptly."""


class SSLCertVerificationError(SSLError, ValueError):
    """A certificate could not be verified."""


for _error in (SSLError, *SSLError.__subclasses__()):
    _error.__module__ = "ssl"


def refuse(name):
    raise SSLError(SSL_ERROR_SSL, f"{name}: {REASON}")


def txt2obj(txt, name=False):
    for known in OBJECTS:
        if txt in known[3:] or (name and txt in known[1:3]):
            return known
    raise ValueError(f"unknown object '{txt[:100]}'")


def nid2obj(nid):
    for known in OBJECTS:
        if known[0] == nid:
            return known
    raise ValueError(f"unknown NID {nid}")


def RAND_status():
    return True


def RAND_add(string, entropy):
    """Nothing to add to: the machine's entropy is the host's."""


def RAND_bytes(n):
    return os.urandom(n)


def get_default_verify_paths():
    return ("SSL_CERT_FILE", "/usr/lib/ssl/cert.pem", "SSL_CERT_DIR", "/usr/lib/ssl/certs")


def _test_decode_cert(path):
    refuse("decoding a certificate")


class SSLSession:
    def __new__(cls):
        raise TypeError("cannot create 'SSLSession' instances")


class Certificate:
    def __new__(cls):
        raise TypeError("cannot create 'Certificate' instances")


class MemoryBIO:
    """Bytes in, bytes out."""

    def __init__(self):
        self._held = bytearray()
        self._ended = False

    @property
    def pending(self):
        return len(self._held)

    @property
    def eof(self):
        return self._ended and not self._held

    def read(self, size=-1):
        size = len(self._held) if size < 0 else size
        taken = bytes(self._held[:size])
        del self._held[:size]
        return taken

    def write(self, data):
        if self._ended:
            raise SSLError(SSL_ERROR_SSL, "cannot write() after write_eof()")
        data = memoryview(data).cast("B")
        self._held += data
        return len(data)

    def write_eof(self):
        self._ended = True


class _SSLContext:
    """A context's settings. Nothing reads them: each wrap refuses."""

    def __new__(cls, protocol):
        if protocol not in (2, 3, 4, 5, PROTOCOL_TLS_CLIENT, PROTOCOL_TLS_SERVER):
            raise ValueError("invalid or unsupported protocol version")
        self = super().__new__(cls)
        client = protocol == PROTOCOL_TLS_CLIENT
        self._protocol = protocol
        self._verify_mode = CERT_REQUIRED if client else CERT_NONE
        self._check_hostname = client
        self._authorities = {}
        self._options = OP_ALL | OP_NO_COMPRESSION | OP_CIPHER_SERVER_PREFERENCE
        self._verify_flags = VERIFY_X509_TRUSTED_FIRST
        self._minimum, self._maximum = PROTO_TLSv1_2, PROTO_MAXIMUM_SUPPORTED
        self._host_flags = HOSTFLAG_NO_PARTIAL_WILDCARDS
        self._message_callback = None
        self.keylog_filename = self.sni_callback = None
        self.num_tickets = self.security_level = 2
        self.post_handshake_auth = False
        return self

    @property
    def protocol(self):
        return self._protocol

    @property
    def options(self):
        return self._options

    @options.setter
    def options(self, value):
        self._options = int(value)

    @property
    def verify_flags(self):
        return self._verify_flags

    @verify_flags.setter
    def verify_flags(self, value):
        self._verify_flags = int(value)

    @property
    def minimum_version(self):
        return self._minimum

    @minimum_version.setter
    def minimum_version(self, value):
        self._minimum = _version(value)

    @property
    def maximum_version(self):
        return self._maximum

    @maximum_version.setter
    def maximum_version(self, value):
        self._maximum = _version(value)

    @property
    def verify_mode(self):
        return self._verify_mode

    @verify_mode.setter
    def verify_mode(self, value):
        if value not in (CERT_NONE, CERT_OPTIONAL, CERT_REQUIRED):
            raise ValueError("invalid value for verify_mode")
        if value == CERT_NONE and self._check_hostname:
            raise ValueError("Cannot set verify_mode to CERT_NONE when check_hostname is enabled.")
        self._verify_mode = int(value)

    @property
    def check_hostname(self):
        return self._check_hostname

    @check_hostname.setter
    def check_hostname(self, value):
        self._check_hostname = bool(value)
        if value and self._verify_mode == CERT_NONE:
            self._verify_mode = CERT_REQUIRED

    @property
    def _msg_callback(self):
        return self._message_callback

    @_msg_callback.setter
    def _msg_callback(self, callback):
        if callback is not None and not callable(callback):
            raise TypeError(f"{callback} is not callable.")
        self._message_callback = callback

    def load_verify_locations(self, cafile=None, capath=None, cadata=None):
        if cafile is None and capath is None and cadata is None:
            raise TypeError("cafile, capath and cadata cannot be all omitted")
        if isinstance(cadata, str):
            self._add_pem(cadata.encode("ascii"))
        elif cadata is not None:
            self._authorities[bytes(cadata)] = None
        if cafile is not None:
            with open(cafile, "rb") as file:
                self._add_pem(file.read())

    def _add_pem(self, text):
        found = PEM.findall(text)
        if not found:
            raise SSLError(SSL_ERROR_SSL, "no certificate or crl found")
        self._authorities.update((base64.b64decode(body), None) for body in found)

    def set_default_verify_paths(self):
        """The default certificates are looked for at a handshake, and there is none."""

    def cert_store_stats(self):
        number = len(self._authorities)
        return {"x509": number, "crl": 0, "x509_ca": number}

    def get_ca_certs(self, binary_form=False):
        if self._authorities and not binary_form:
            refuse("decoding a certificate")
        return list(self._authorities)

    def load_cert_chain(self, certfile, keyfile=None, password=None):
        refuse("load_cert_chain")

    def load_dh_params(self, path):
        refuse("load_dh_params")

    def set_ciphers(self, cipherlist):
        """Remembered by nobody: there are no ciphers."""
        if not isinstance(cipherlist, str):
            raise TypeError(f"set_ciphers() argument must be str, not {type(cipherlist).__name__}")

    def get_ciphers(self):
        return []

    def set_ecdh_curve(self, name):
        refuse("set_ecdh_curve")

    def session_stats(self):
        kinds = "connect connect_good connect_renegotiate accept accept_good accept_renegotiate"
        return dict.fromkeys([*kinds.split(), "hits", "misses", "timeouts", "cache_full"], 0)

    def _set_alpn_protocols(self, protocols):
        """Protocols to offer at a handshake, and there is none."""

    def _wrap_socket(self, sock, server_side, server_hostname=None, **options):
        refuse("TLS connection")

    def _wrap_bio(self, incoming, outgoing, server_side, server_hostname=None, **options):
        refuse("TLS connection")


def _version(value):
    if value not in (-2, -1, *range(PROTO_SSLv3, PROTO_TLSv1_3 + 1)):
        raise ValueError(f"Unsupported TLS/SSL version 0x{int(value):x}")
    return int(value)


class _SSLSocket:
    def __new__(cls):
        refuse("TLS connection")
