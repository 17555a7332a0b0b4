"""Files on disk that are whole: written atomically, found again by sha256."""

from boxer.blobstore.atomic import make_folder, write_atomically
from boxer.blobstore.blobs import Blobs, sha256

__all__ = ["Blobs", "make_folder", "sha256", "write_atomically"]
