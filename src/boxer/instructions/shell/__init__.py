"""The shell of a RUN: bash over a stage's tree, with our commands.

Belongs here: the shell's door to the tree, commands, one run of a script. Does not: the RUN
instruction (`boxer.instructions.run`), Python packages (`boxer.instructions.pip`).
"""

from boxer.instructions.shell.session import Finished, Session, Setting
from boxer.instructions.shell.volume import READ, permitted

__all__ = ["READ", "Finished", "Session", "Setting", "permitted"]
