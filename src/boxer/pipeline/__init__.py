"""The pipeline from a Dockerfile to a box; the only room that knows its order."""

from typing import TYPE_CHECKING

from boxer.lazy import load_lazily

if TYPE_CHECKING:
    from boxer.pipeline.boxfiles import files_of, write_folder
    from boxer.pipeline.building import BuildResult, build
    from boxer.pipeline.checking import check
    from boxer.pipeline.doctor import examine
    from boxer.pipeline.events import (
        BuildFinished,
        Event,
        Listener,
        Notice,
        PhaseFinished,
        PhaseStarted,
        StageStarted,
        StepFinished,
        StepOutput,
        StepProgress,
        StepStarted,
    )
    from boxer.pipeline.programbox import program_box
    from boxer.pipeline.stepcache import cached_steps

_HOMES = {
    "boxfiles": ("files_of", "write_folder"),
    "building": ("BuildResult", "build"),
    "checking": ("check",),
    "doctor": ("examine",),
    "events": (
        "BuildFinished", "Event", "Listener", "Notice", "PhaseFinished", "PhaseStarted",
        "StageStarted", "StepFinished", "StepOutput", "StepProgress", "StepStarted",
    ),
    "programbox": ("program_box",),
    "stepcache": ("cached_steps",),
}  # fmt: skip

__getattr__, __dir__ = load_lazily(__name__, _HOMES)

__all__ = [
    "BuildFinished", "BuildResult", "Event", "Listener", "Notice", "PhaseFinished", "PhaseStarted",
    "StageStarted", "StepFinished", "StepOutput", "StepProgress", "StepStarted", "build",
    "cached_steps", "check", "examine", "files_of", "program_box", "write_folder",
]  # fmt: skip
