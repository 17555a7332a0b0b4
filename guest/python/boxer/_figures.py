"""A backend of matplotlib: figures are shown as results of the cell that draws them.

Chosen by MPLBACKEND while cells run (`_cells.streams`).
"""

from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg

from boxer import _cells, _display


class FigureManager(FigureManagerBase):
    @classmethod
    def pyplot_show(cls, *, block=None):
        _display.show_figures(_cells.display)


class FigureCanvas(FigureCanvasAgg):
    manager_class = FigureManager
