"""Python packages for a box: pip's command line over a file tree.

Belongs here: requirements, resolution (by uv), choosing and fetching files, building what is pure,
wheels into a tree and out of it. Does not: the shell that calls it (`boxer.instructions.shell`).
"""
