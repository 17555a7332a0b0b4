"""Boxes in OCI registries: pushed, pulled, signed. Loaded as its names are used, and what takes
urllib3 later still."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boxer.lazy import load_lazily

if TYPE_CHECKING:
    from boxer.registry.credentials import Credentials, forget, keep
    from boxer.registry.fetching import fetch
    from boxer.registry.login import check_login
    from boxer.registry.pulling import Pulled, attachment, pull
    from boxer.registry.pushing import Attachment, Pushed, push, sign_pushed
    from boxer.registry.transport import Transport

__getattr__, __dir__ = load_lazily(
    __name__,
    {
        "credentials": ("Credentials", "forget", "keep"),
        "fetching": ("fetch",),
        "login": ("check_login",),
        "pulling": ("Pulled", "attachment", "pull"),
        "pushing": ("Attachment", "Pushed", "push", "sign_pushed"),
        "transport": ("Transport",),
    },
)

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
