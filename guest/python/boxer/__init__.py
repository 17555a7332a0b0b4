"""What a program may ask of the box it runs in.

Outside a box this module does not exist: `try: import boxer` tells.
"""

import _boxer

__all__ = ["on_thaw"]


def on_thaw(function):
    """Calls `function()` each time a machine goes on from its freeze, before the run's own code.

    For what a module set up before the freeze and must not share with other runs: connections,
    random generators of its own, values of the environment. Returns the function: usable as a
    decorator.
    """
    _boxer.hooks.append(function)
    return function
