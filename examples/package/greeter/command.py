"""The console script."""

import argparse
import importlib.metadata
import importlib.resources
import json


def main() -> int:
    """Prints one greeting; returns the exit status."""
    words = json.loads(importlib.resources.files("greeter").joinpath("words.json").read_text())
    parser = argparse.ArgumentParser(prog="greet")
    parser.add_argument("name", nargs="?", default="world")
    parser.add_argument("--language", choices=sorted(words), default="en")
    parser.add_argument(
        "--version", action="version", version=importlib.metadata.version("greeter")
    )
    options = parser.parse_args()
    print(f"{words[options.language]}, {options.name}!")
    return 0
