"""What is done in a machine before it is frozen, besides starting its interpreter.

Belongs here: the user's say in it, by labels and options. Does not: finding imports (`imports`),
doing any of it (guest/python/_boxer.py does).

    LABEL boxer.preimport="packages"   what the program imports from the standard library and from
                                       installed packages; the default
    LABEL boxer.preimport="library"    from the standard library only
    LABEL boxer.preimport="none"       what the base imports anyway
    LABEL boxer.init="module:callable" is called, from the working directory

Invariant: a module that cannot be imported is left to the run; an init that fails ends the build.
"""

from __future__ import annotations

import re

from boxer.boxfile import ImageConfig
from boxer.errors import WarmupError
from boxer.pipeline.imports import Imports

PREIMPORT, INIT = "boxer.preimport", "boxer.init"
PACKAGES, LIBRARY, NONE = "packages", "library", "none"
_CALLABLE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


def warmup(
    config: ImageConfig, base: tuple[str, ...], program: Imports, init: str | None
) -> tuple[str, ...]:
    """Modules to import, in order, and `module:callable`s to call.

    base: what the base imports in every box. init: replaces the label's. Raises `WarmupError`.
    """
    labels = dict(config.labels)
    kind = labels.get(PREIMPORT, PACKAGES)
    if kind not in (PACKAGES, LIBRARY, NONE):
        raise WarmupError(
            f"The label {PREIMPORT} is `{kind}`.", hint="It is `packages`, `library` or `none`."
        )
    more = () if kind == NONE else program.standard
    more += program.packages if kind == PACKAGES else ()
    called = labels.get(INIT) if init is None else init
    if called and not _CALLABLE.fullmatch(called):
        raise WarmupError(
            f"`{called}` is no function to call before the freeze.",
            hint="Write module:callable, for example `app:set_up`.",
        )
    ordered = dict.fromkeys((*base, *more, *((called,) if called else ())))
    return tuple(ordered)
