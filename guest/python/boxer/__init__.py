"""What a program may ask of the box it runs in.

Outside a box this module does not exist: `try: import boxer` tells.
"""

import _boxer

__all__ = ["Context", "Next", "context", "next", "on_thaw"]


def on_thaw(function):
    """Calls `function()` each time a machine goes on from its freeze, before the run's own code.

    For what a module set up before the freeze and must not share with other runs: connections,
    random generators of its own, values of the environment. Returns the function: usable as a
    decorator.
    """
    _boxer.hooks.append(function)
    return function


_LATE = {"Context": "Context", "Next": "Next", "context": "context", "next": "call_next"}


def __getattr__(name):
    """What functions need is imported where one is written."""
    if name not in _LATE:
        raise AttributeError(f"module 'boxer' has no attribute '{name}'")
    from boxer import _linking

    return getattr(_linking, _LATE[name])
