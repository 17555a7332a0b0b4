"""Everything a person sees: errors, tables, the progress of a build."""

from typing import TYPE_CHECKING

from boxer.console.errors import draw_error
from boxer.console.jsontext import draw_json
from boxer.console.table import draw_table
from boxer.escape import escape
from boxer.lazy import load_lazily

if TYPE_CHECKING:
    from boxer.console.progress import Progress

__getattr__, __dir__ = load_lazily(__name__, {"progress": ("Progress",)})

__all__ = ["Progress", "draw_error", "draw_json", "draw_table", "escape"]
