"""One stage while its instructions are applied.

Belongs here: the value. Does not: any instruction.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from boxer.boxfile import ImageConfig
from boxer.filetree import Tree


@dataclass(slots=True)
class StageState:
    """One stage while its instructions are applied.

    tree and config are what the stage has come to. args: the ARGs a RUN sees as variables, by name.
    epoch: SOURCE_DATE_EPOCH, the time of everything a step makes and the latest time it keeps.
    command_set: whether a CMD of this stage was seen; an ENTRYPOINT drops an inherited CMD.
    """

    tree: Tree
    config: ImageConfig
    args: dict[str, str] = field(default_factory=dict)
    epoch: int = 0
    command_set: bool = False
