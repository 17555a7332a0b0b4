"""Which stages are built, in which order, with every variable expanded, before anything runs."""

from boxer.plan.expand import Expander
from boxer.plan.stages import BaseImage, Plan, StagePlan, Step, plan, unused_build_args

__all__ = [
    "BaseImage",
    "Expander",
    "Plan",
    "StagePlan",
    "Step",
    "plan",
    "unused_build_args",
]
