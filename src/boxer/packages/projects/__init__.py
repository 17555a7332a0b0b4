"""Projects of uv, poetry and PDM: what their files ask to be installed.

Belongs here: reading pyproject.toml and lock files. Does not: resolving and installing, the
commands themselves (`userland`).
"""

from boxer.packages.projects import pdm as pdm_project
from boxer.packages.projects import poetry as poetry_project
from boxer.packages.projects import uvproject as uv_project

__all__ = ["pdm_project", "poetry_project", "uv_project"]
