"""make: GNU make's language and its way through a graph of files, over a stage's tree.

Belongs here: reading makefiles, variables and functions, rules, deciding what is out of date. Does
not: running a recipe's lines (the shell's, through `Host`), the options of the command
(`userland.commands.make`).

GNU make itself starts a process for each line and asks the host's clock which file is newer; a
build has neither. This one does what makefiles of C projects ask for, in GNU make's words.

Invariants
1. What it does not know is an error, never passed over.
2. In a build all files that are made have one time, so within a run a target is out of date when a
   prerequisite was made in that run, or is newer, or the target is missing.
"""

from boxer.userland.make.host import Host, MakeError, Ran
from boxer.userland.make.makefile import Makefile
from boxer.userland.make.updating import Settings, Updater

__all__ = ["Host", "MakeError", "Makefile", "Ran", "Settings", "Updater"]
