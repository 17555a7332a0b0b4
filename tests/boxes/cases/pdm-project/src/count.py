import sys
from importlib.metadata import version

print(f"iniconfig {version('iniconfig')}, {sys.argv[1]}")
