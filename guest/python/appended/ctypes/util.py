# Appended by Boxer. The only libraries of a box, which libc's dlopen knows; upstream's function
# starts compilers and linkers to find others.
def find_library(name):
    return {
        "c": "libc.so.6",
        "m": "libm.so.6",
        "pthread": "libpthread.so.0",
        "dl": "libdl.so.2",
        "rt": "librt.so.1",
        "util": "libutil.so.1",
    }.get(name)
