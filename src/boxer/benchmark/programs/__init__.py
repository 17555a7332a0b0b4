"""Programs of the CPU benchmark, in the spirit of pyperformance, all our own.

Each has SIZE and `run(size)`, which gives the same value on every machine; none imports another.
They import nothing but the standard library, since they also run inside a box.
"""
