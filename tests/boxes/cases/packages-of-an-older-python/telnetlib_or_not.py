import imghdr_reader as reader

FOUND = reader.kind(b"\x89PNG\r\n\x1a\n")
