"""Types as JSON Schema 2020-12: what a function takes and gives, values of it as plain data.

`invalid`, `scalars`, `anything`, `containers`, `models`, `types` and `signatures` are a part of
every base, too: boxes use them under the same names.
"""

from boxer.schemas.anything import plain
from boxer.schemas.invalid import BadTypeError, InvalidError
from boxer.schemas.signatures import DIALECT, Signature, signature_of
from boxer.schemas.types import Types

__all__ = [
    "DIALECT", "BadTypeError", "InvalidError", "Signature", "Types", "plain", "signature_of",
]  # fmt: skip
