"""`python -m recipes build NAME..`: makes bases and the native parts unless they are there.
`python -m recipes launcher FILE`: puts the native launcher at FILE, where there is one.
`python -m recipes rust`: makes the compiler for packages with Rust in them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from recipes.failures import RecipeError
from recipes.progress import Progress
from recipes.recipe import load_recipe, recipe_names


def main() -> int:
    """Returns the exit status: 0 done, 1 a failure that was explained."""
    parser = argparse.ArgumentParser(prog="python -m recipes", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("build").add_argument(
        "bases", nargs="+", metavar="NAME", choices=recipe_names()
    )
    commands.add_parser("launcher").add_argument("file", type=Path)
    commands.add_parser("rust")
    options = parser.parse_args()
    if options.command == "launcher":
        from recipes.native import install_launcher

        install_launcher(options.file)
        return 0
    # Imported late: the usage text should not need the compiler.
    from recipes.base import bases_root, build_python
    from recipes.native import build_native
    from recipes.programsdk import build_linux, build_sdk
    from recipes.quickjs import build_quickjs
    from recipes.rust import build_rust

    progress = Progress()
    try:
        if options.command == "rust":
            print(*build_rust(progress), sep="\n")
            return 0
        build_native(progress)
        build_sdk(progress)
        build_linux(bases_root(), progress)
        build_quickjs(bases_root(), progress)
        folders = [build_python(load_recipe(name), progress) for name in options.bases]
    except RecipeError as error:
        print(f"error: {error}", file=sys.stderr)
        if error.hint:
            print(f"\nhint: {error.hint}", file=sys.stderr)
        return 1
    progress.step(f"ready: {', '.join(options.bases)}")
    print(*folders, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
