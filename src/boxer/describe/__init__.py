"""What boxes and bases are, in words and rows; which box an argument names; volumes."""

from typing import TYPE_CHECKING

from boxer.describe.boxes import box_digest, box_path, load_bytes
from boxer.lazy import load_lazily
from boxer.store import ImageStore, StoredImage, TaggedName, parse_reference

if TYPE_CHECKING:
    from boxer.describe.cyclonedx import SBOM_TYPE, sbom
    from boxer.describe.licencelist import Licence, licences
    from boxer.describe.rows import describe_box
    from boxer.describe.volumes import Volume, VolumeStore

__all__ = [
    "SBOM_TYPE",
    "ImageStore",
    "Licence",
    "StoredImage",
    "TaggedName",
    "Volume",
    "VolumeStore",
    "box_digest",
    "box_path",
    "describe_box",
    "licences",
    "load_bytes",
    "parse_reference",
    "sbom",
]

_HOMES = {
    "cyclonedx": ("SBOM_TYPE", "sbom"),
    "licencelist": ("Licence", "licences"),
    "rows": ("describe_box",),
    "volumes": ("Volume", "VolumeStore"),
}

__getattr__, __dir__ = load_lazily(__name__, _HOMES)
