"""What the site has besides docs/: the pages of the root, and links that fit there.

Called by mkdocs (`hooks` in mkdocs.yml). In the repository a page links to files as they lie; on
the site the pages of the root lie beside those of docs/.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
# README.md of the root; docs/README.md is the site's first page.
PAGES = {
    "README.md": "about.md",
    "ARCHITECTURE.md": "ARCHITECTURE.md",
    "SECURITY.md": "SECURITY.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "CHANGELOG.md": "CHANGELOG.md",
}
_LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


def on_files(files: Files, config: Any) -> Files:
    """Adds the pages of the root."""
    for name, shown in PAGES.items():
        files.append(File.generated(config, shown, content=(ROOT / name).read_text("utf-8")))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Links between pages, as they are to be on the site."""
    shown = page.file.src_uri
    home = next((name for name, place in PAGES.items() if place == shown), None)
    source = home or posixpath.join("docs", shown)

    def moved(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), match[1]))
        place = PAGES.get(target) or target.removeprefix("docs/")
        return "](" + posixpath.relpath(place, posixpath.dirname(shown) or ".")

    return _LINK.sub(moved, markdown)
