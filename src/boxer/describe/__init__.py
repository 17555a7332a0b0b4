"""What boxes and bases are, in words and rows; and the store of named boxes."""

from boxer.describe.boxes import box_path, load_bytes
from boxer.describe.licencelist import Licence, licences
from boxer.describe.references import TaggedName, parse_reference
from boxer.describe.rows import describe_box
from boxer.describe.store import ImageStore, StoredImage
from boxer.describe.volumes import Volume, VolumeStore

__all__ = [
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
]
