"""Everything a person sees: errors, tables, the progress of a build."""

from boxer.console.errors import draw_error
from boxer.console.escape import escape
from boxer.console.progress import Progress
from boxer.console.table import draw_table

__all__ = ["Progress", "draw_error", "draw_table", "escape"]
