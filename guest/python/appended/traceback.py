# Appended by Boxer. Where a module is missing that a box has left out, the last line says why.
import _boxer_left_out

_boxer_init = TracebackException.__init__


def _boxer_init_with_reason(self, exc_type, exc_value, *args, **kwargs):
    _boxer_init(self, exc_type, exc_value, *args, **kwargs)
    if not isinstance(exc_value, ModuleNotFoundError):
        return  # an exception of the program may object to being looked at
    name = exc_value.name
    if self._str == f"No module named {name!r}" and name in _boxer_left_out.REASONS:
        self._str += f". A box does not have it: {_boxer_left_out.REASONS[name]}"


TracebackException.__init__ = _boxer_init_with_reason
