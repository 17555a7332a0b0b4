import click; from importlib.metadata import version
print("LOCKED", version("click"))
