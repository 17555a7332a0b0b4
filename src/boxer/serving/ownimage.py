"""The image from which a box's own server starts: what requests of its application import is
imported there, where they are known.

Belongs here: the rehearsal. Does not: how images are kept (`keeping`), the server's processes
(`standing`).

Invariants
1. Nothing of a rehearsal stays but the names of modules.
2. An application that is not the same at each start, or fails, is not rehearsed: its server starts
   from the box's own image.
"""

from __future__ import annotations

from collections.abc import Iterable

from boxer.errors import BoxerError
from boxer.library import load
from boxer.runtime import Frozen, Limits
from boxer.serving.keeping import frozen_of, image_of_start, keeper, key_of_now
from boxer.serving.log import logger
from boxer.serving.served import LOAD, MODULE, Served


def own_image(box: str, key: str) -> Frozen:
    """key: of the image with imports, if one was wanted (`prepare_own`). Raises as `load`."""
    return image_of_start(key, box) or frozen_of(box)


def prepare_own(box: str, key: str, app: str, rehearse: Iterable[str], limits: Limits) -> None:
    """Has the image ready for other processes, with the box's code compiled. app: of which requests
    are rehearsed; none: nothing is known of it. Raises as `load`."""
    if image_of_start(key, box) is not None:
        return
    key = key_of_now(key, box)
    frozen_of(box)
    keep = keeper(key, box, app, True, tuple(rehearse)) if app else None
    if keep is None:
        return
    try:
        with load(box).pool(1, limits=limits) as pool:
            bare = pool.image_for(MODULE)
            served = Served(pool, app, rehearse)
            if served.is_the_same:
                keep(pool.aside(bare, LOAD, served.rehearsed))
    except BoxerError as error:
        logger.warning("each request imports what it needs by itself: %s", error)
