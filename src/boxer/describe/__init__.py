"""What boxes and bases are, in words and rows; which box an argument names; volumes."""

from boxer.describe.boxes import box_path, load_bytes
from boxer.describe.cyclonedx import MEDIA_TYPE as SBOM_TYPE
from boxer.describe.cyclonedx import sbom
from boxer.describe.licencelist import Licence, licences
from boxer.describe.rows import describe_box
from boxer.describe.volumes import Volume, VolumeStore
from boxer.store import ImageStore, StoredImage, TaggedName, parse_reference

__all__ = [
    "SBOM_TYPE",
    "ImageStore",
    "Licence",
    "StoredImage",
    "TaggedName",
    "Volume",
    "VolumeStore",
    "box_path",
    "describe_box",
    "licences",
    "load_bytes",
    "parse_reference",
    "sbom",
]
