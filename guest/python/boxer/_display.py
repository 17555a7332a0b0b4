"""What a value looks like: the protocol of `_repr_html_`, `_repr_png_` and their like.

Belongs here: forms of a value by MIME type, and what packages need to show theirs. Does not: cells.

Source: IPython's documentation, "Integrating your objects with IPython".

Invariant: a form that fails is left out; text/plain is always there.
"""

import base64
import json
import pprint
import sys

_METHODS = {
    "text/html": "_repr_html_",
    "text/markdown": "_repr_markdown_",
    "image/svg+xml": "_repr_svg_",
    "image/png": "_repr_png_",
    "image/jpeg": "_repr_jpeg_",
    "application/pdf": "_repr_pdf_",
    "text/latex": "_repr_latex_",
    "application/json": "_repr_json_",
    "application/javascript": "_repr_javascript_",
}
_LONGEST = 1 << 20


def bundle(value):
    """{MIME type: form}, and metadata: text, base64 of bytes, or JSON's data."""
    data, metadata = {"text/plain": _plain(value)}, {}
    if isinstance(value, type):
        return data, metadata
    whole = _ask(value, "_repr_mimebundle_")
    if isinstance(whole, tuple) and len(whole) == 2:
        whole, about = whole
        metadata.update(about)
    if isinstance(whole, dict):
        data.update({kind: _text(form) for kind, form in whole.items() if form is not None})
    for kind, method in _METHODS.items():
        form = None if kind in data else _ask(value, method)
        if isinstance(form, tuple) and len(form) == 2:
            form, metadata[kind] = form
        if form is not None:
            data[kind] = _text(form)
    if "image/png" not in data and _is_figure(value):
        data["image/png"] = _text(_png(value))
    return data, metadata


def encoded(told):
    """JSON, with what is none as text."""
    return json.dumps(told, default=str, separators=(",", ":")).encode("utf-8", "replace")


def _ask(value, method):
    try:
        asked = getattr(value, method, None)
        return asked() if callable(asked) else None
    except Exception:
        return None


def _text(form):
    return base64.b64encode(form).decode() if isinstance(form, (bytes, bytearray)) else form


def _plain(value):
    try:
        if type(value) in (dict, list, tuple, set, frozenset):
            text = pprint.pformat(value, sort_dicts=False, width=79)
        else:
            text = repr(value)
    except Exception as error:
        text = f"<{type(value).__name__}, whose repr fails: {type(error).__name__}>"
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."


# --- matplotlib ---


def _is_figure(value):
    figures = sys.modules.get("matplotlib.figure")
    return figures is not None and isinstance(value, figures.Figure)


def _png(figure):
    import io

    data = io.BytesIO()
    figure.savefig(data, format="png", bbox_inches="tight")
    return data.getvalue()


def end_of_cell(display):
    """Figures that were drawn and not shown are, as in a notebook."""
    if "matplotlib._pylab_helpers" in sys.modules:
        show_figures(display)


def show_figures(display):
    managers = sys.modules["matplotlib._pylab_helpers"].Gcf
    for manager in managers.get_all_fig_managers():
        display(manager.canvas.figure)
    managers.destroy_all()


# --- IPython, where a program has it ---


class _Finder:
    """Has IPython's own `display` be ours, once it is imported."""

    def __init__(self, display):
        self._display = display

    def find_spec(self, name, path=None, target=None):
        if name != "IPython.display":
            return
        sys.meta_path.remove(self)
        import importlib

        functions = importlib.import_module("IPython.core.display_functions")
        functions.display = self._display
        return


_finder = None


def watch_imports(display):
    global _finder
    if _finder is None:
        _finder = _Finder(display)
        sys.meta_path.insert(0, _finder)
