"""Types as JSON Schema 2020-12: what a function takes and gives, values of it as plain data.

All of it but this file is a part of every base, too: boxes use it under the same names.
"""

from boxer.schemas.anything import plain
from boxer.schemas.constraints import RULES
from boxer.schemas.invalid import BadTypeError, InvalidError
from boxer.schemas.models import renamed
from boxer.schemas.signatures import DIALECT, Signature, signature_of
from boxer.schemas.types import Types

__all__ = [
    "DIALECT", "RULES", "BadTypeError", "InvalidError", "Signature", "Types", "plain", "renamed",
    "signature_of",
]  # fmt: skip
