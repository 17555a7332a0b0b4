# Appended by Boxer. What elsewhere comes from OpenSSL (guest/python/kdf.c).

from _boxer_kdf import pbkdf2_hmac, scrypt

__all__ += ("pbkdf2_hmac", "scrypt")
