"""The shell of a RUN: bash over a stage's tree, with our commands.

Belongs here: the shell's door to the tree, commands, one run of a script. Does not: the RUN
instruction (`boxer.steps.run`), Python packages (`boxer.steps.pip`).
"""

from boxer.steps.shell.session import Finished, Session, Setting
from boxer.steps.shell.volume import READ, permitted

__all__ = ["READ", "Finished", "Session", "Setting", "permitted"]
