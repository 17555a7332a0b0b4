"""Stands for cryptography, of which httpx's conftest takes names; only tests of TLS use them."""
