"""What is known of single packages: tables, and the modules that read them.

Belongs here: packages that cannot run in a box, or only in some versions; those that give other
results there; successors of versions;
modules that newer Pythons have no more; wheels for Pyodide that work; what a build is told.
Does not: what follows from it (`packages`).
"""
