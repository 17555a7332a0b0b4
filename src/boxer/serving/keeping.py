"""The image of a service, kept for its next start.

Belongs here: by what it is found, and when there is none. Does not: how images are kept
(`runtime`).

Invariants
1. What an image depends on is in its key: the box's bytes, the application and rehearsals that were
   asked for, the limits. What machines are given otherwise (network, volumes) is not there yet when
   it is made.
2. Values of the command line's environment are never in a kept image: with any, none is kept
   (decision 0029).
3. It has imports alone: the application is started anew at each start of the service, and its
   lifespan with it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from boxer.library import digest_of, load
from boxer.runtime import Frozen, Limits, keep_image, kept_image, kept_note

# Raised when an image is made in another way, or a note says something else.
FORMAT = 1


def key_of_start(box: str, asked: Mapping[str, Any], limits: Limits, env: Mapping[str, str]) -> str:
    """Of a service's image; nothing where none is kept. asked: which application and rehearsals
    the command line wants, plain data. Raises as `load`."""
    if env:
        return ""
    told = json.dumps([FORMAT, dict(asked), asdict(limits)], sort_keys=True)
    return f"{digest_of(box)}-{hashlib.sha256(told.encode()).hexdigest()}"


def known_start(key: str) -> tuple[str, bool, tuple[str, ...]] | None:
    """The application that was found then, whether that is sure, and the rehearsals."""
    told = kept_note(key) if key else None
    if not isinstance(told, dict):
        return None
    app, is_sure, rehearse = told.get("app"), told.get("is_sure"), told.get("rehearse")
    if not (isinstance(app, str) and app and isinstance(rehearse, list)):
        return None
    return app, is_sure is True, tuple(map(str, rehearse))


def key_of_now(key: str, box: str) -> str:
    """The key of the same service with what the box is by now: an upgrade replaces it under those
    who were told the key at its start. Raises as `load`."""
    return key and f"{digest_of(box)}-{key.partition('-')[2]}"


def image_of_start(key: str, box: str) -> Frozen | None:
    """The image of what the box is by now, checked; None: there is none, or it is damaged. Raises
    as `load`."""
    return kept_image(key_of_now(key, box)) if key else None


def frozen_of(box: str) -> Frozen:
    """A box's own image, kept too: whoever has it needs not read the box, nor hold what that
    leaves in memory. Raises as `load`."""
    key = f"{digest_of(box)}-{hashlib.sha256(b'itself').hexdigest()}"
    found = kept_image(key)
    if found is None:
        found = load(box).frozen
        if key.startswith(digest_of(box)):
            keep_image(key, found, {})
    return found


def keeper(
    key: str, box: str, app: str, is_sure: bool, rehearse: tuple[str, ...]
) -> Callable[[Frozen], object] | None:
    """What keeps an image; None: it is not to be kept. Called once the box was loaded."""
    if not key or key.partition("-")[0] != digest_of(box):  # it is another box by now
        return None
    told = {"app": app, "is_sure": is_sure, "rehearse": list(rehearse)}
    return lambda image: keep_image(key, image, told)
