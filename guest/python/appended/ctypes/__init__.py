# Appended by Boxer. What a function of libc cannot be called with is an exception, which is looked
# for after calls with the interpreter's lock held; the calls themselves let go of it
# (guest/python/foreign.c).
CDLL._func_flags_ |= _FUNCFLAG_PYTHONAPI
