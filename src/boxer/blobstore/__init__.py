"""Files on disk that are whole: written atomically, found again by sha256."""

from boxer.blobstore.atomic import check_place, make_folder, not_made, write_atomically, write_file
from boxer.blobstore.blobs import Blobs, sha256
from boxer.blobstore.folders import (
    OTHER_CACHE,
    cache_folder,
    cache_problem,
    data_folder,
    folder_problem,
    home_folder,
    settings_folder,
    state_folder,
)
from boxer.blobstore.holding import is_held, take
from boxer.blobstore.locking import exclusive, locked
from boxer.blobstore.pruning import cache_sizes, prune_cache
from boxer.blobstore.reading import read_limited, read_up_to, size_text

__all__ = [
    "OTHER_CACHE",
    "Blobs",
    "cache_folder",
    "cache_problem",
    "cache_sizes",
    "check_place",
    "data_folder",
    "exclusive",
    "folder_problem",
    "home_folder",
    "is_held",
    "locked",
    "make_folder",
    "not_made",
    "prune_cache",
    "read_limited",
    "read_up_to",
    "settings_folder",
    "sha256",
    "size_text",
    "state_folder",
    "take",
    "write_atomically",
    "write_file",
]
