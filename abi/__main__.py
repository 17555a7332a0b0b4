"""`python -m abi`: writes the C header and the Python module."""

from __future__ import annotations

import abi

abi.HEADER.write_text(abi.header(), "utf-8")
abi.MODULE.write_text(abi.module(), "utf-8")
