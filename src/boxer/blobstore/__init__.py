"""Files on disk that are whole: written atomically, found again by sha256."""

from boxer.blobstore.atomic import check_place, make_folder, write_atomically, write_file
from boxer.blobstore.blobs import Blobs, sha256
from boxer.blobstore.folders import cache_folder
from boxer.blobstore.holding import is_held, take
from boxer.blobstore.locking import exclusive, locked
from boxer.blobstore.pruning import cache_sizes, prune_cache
from boxer.blobstore.reading import read_limited, read_up_to, size_text

__all__ = [
    "Blobs",
    "cache_folder",
    "cache_sizes",
    "check_place",
    "exclusive",
    "is_held",
    "locked",
    "make_folder",
    "prune_cache",
    "read_limited",
    "read_up_to",
    "sha256",
    "size_text",
    "take",
    "write_atomically",
    "write_file",
]
