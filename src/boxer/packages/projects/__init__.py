"""Projects of uv, poetry, PDM and pipenv: what their files ask to be installed.

Belongs here: reading pyproject.toml and lock files. Does not: resolving and installing, the
commands themselves (`userland`).
"""

from boxer.packages.projects import pdm as pdm_project
from boxer.packages.projects import pipenv as pipenv_project
from boxer.packages.projects import poetry as poetry_project
from boxer.packages.projects import uvproject as uv_project
from boxer.packages.projects.pylock import Wanted

__all__ = ["Wanted", "pdm_project", "pipenv_project", "poetry_project", "uv_project"]
