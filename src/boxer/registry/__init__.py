"""Boxes in OCI registries: pushed, pulled, signed. What takes urllib3 is imported when used."""

from boxer.registry.credentials import Credentials, forget, keep
from boxer.registry.fetching import fetch
from boxer.registry.login import check_login
from boxer.registry.pulling import Pulled, attachment, pull
from boxer.registry.pushing import Attachment, Pushed, push, sign_pushed
from boxer.registry.transport import Transport

__all__ = [
    "Attachment",
    "Credentials",
    "Pulled",
    "Pushed",
    "Transport",
    "attachment",
    "check_login",
    "fetch",
    "forget",
    "keep",
    "pull",
    "push",
    "sign_pushed",
]
