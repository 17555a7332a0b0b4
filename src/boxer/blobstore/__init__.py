"""Files on disk that are whole: written atomically, found again by sha256."""

from boxer.blobstore.atomic import check_place, make_folder, write_atomically
from boxer.blobstore.blobs import Blobs, sha256
from boxer.blobstore.folders import cache_folder

__all__ = ["Blobs", "cache_folder", "check_place", "make_folder", "sha256", "write_atomically"]
