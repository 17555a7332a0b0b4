"""Python packages in a stage: resolved for the box, fetched or built, installed into its tree.

Belongs here: which versions and files a box gets, building from source, extension modules made for
a box and linked with its interpreter, what is known of single packages. Does not: the commands that
ask for it (`userland`).
"""

from typing import TYPE_CHECKING

from boxer.lazy import load_lazily

if TYPE_CHECKING:
    from boxer.packages.answer import limits_of
    from boxer.packages.boxwheel import build_wheel
    from boxer.packages.bringing import bring_wheels
    from boxer.packages.catalogue.differences import difference_of
    from boxer.packages.catalogue.known import limits_not_kept
    from boxer.packages.catalogue.removed import imported_of, removed_for
    from boxer.packages.check import broken_requirements, marker_environment
    from boxer.packages.files import what_is_lost
    from boxer.packages.installer import install_packages
    from boxer.packages.native import (
        BROUGHT,
        base_program,
        find_builder,
        run_in_stage,
        with_extensions,
    )
    from boxer.packages.options import InstallOptions, parse_install
    from boxer.packages.pipsettings import config_file, pip_settings, with_setting
    from boxer.packages.placement import uninstall
    from boxer.packages.prefix import (
        Installed,
        Prefix,
        installed,
        license_of,
        normalize,
    )
    from boxer.packages.projects import (
        Wanted,
        pdm_project,
        pipenv_project,
        poetry_project,
        uv_project,
    )
    from boxer.packages.pythonrange import require_python_of_project
    from boxer.packages.requirements import LocalRequirement, Reader, decoded, requirement_name
    from boxer.packages.settings import index_environment, refused_variables
    from boxer.packages.target import Outcome, Target
    from boxer.packages.wheelbuilder import WheelBuilder

_HOMES = {
    "answer": ("limits_of",),
    "boxwheel": ("build_wheel",),
    "bringing": ("bring_wheels",),
    "catalogue.differences": ("difference_of",),
    "catalogue.known": ("limits_not_kept",),
    "catalogue.removed": ("imported_of", "removed_for"),
    "check": ("broken_requirements", "marker_environment"),
    "files": ("what_is_lost",),
    "installer": ("install_packages",),
    "native": ("BROUGHT", "base_program", "find_builder", "run_in_stage", "with_extensions"),
    "options": ("InstallOptions", "parse_install"),
    "pipsettings": ("config_file", "pip_settings", "with_setting"),
    "placement": ("uninstall",),
    "prefix": ("Installed", "Prefix", "installed", "license_of", "normalize"),
    "projects": ("Wanted", "pdm_project", "pipenv_project", "poetry_project", "uv_project"),
    "pythonrange": ("require_python_of_project",),
    "requirements": ("LocalRequirement", "Reader", "decoded", "requirement_name"),
    "settings": ("index_environment", "refused_variables"),
    "target": ("Outcome", "Target"),
    "wheelbuilder": ("WheelBuilder",),
}

__getattr__, __dir__ = load_lazily(__name__, _HOMES)

__all__ = [
    "BROUGHT",
    "InstallOptions",
    "Installed",
    "LocalRequirement",
    "Outcome",
    "Prefix",
    "Reader",
    "Target",
    "Wanted",
    "WheelBuilder",
    "base_program",
    "bring_wheels",
    "broken_requirements",
    "build_wheel",
    "config_file",
    "decoded",
    "difference_of",
    "find_builder",
    "imported_of",
    "index_environment",
    "install_packages",
    "installed",
    "license_of",
    "limits_not_kept",
    "limits_of",
    "marker_environment",
    "normalize",
    "parse_install",
    "pdm_project",
    "pip_settings",
    "pipenv_project",
    "poetry_project",
    "refused_variables",
    "removed_for",
    "require_python_of_project",
    "requirement_name",
    "run_in_stage",
    "uninstall",
    "uv_project",
    "what_is_lost",
    "with_extensions",
    "with_setting",
]  # fmt: skip
