try:
    import imghdr
except ImportError:
    imghdr = None


def kind(data):
    return imghdr.what(None, data) if imghdr else "not looked at"
