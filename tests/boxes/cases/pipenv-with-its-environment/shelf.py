import sys

from sortedcontainers import SortedList, __version__

print(__version__, SortedList("shelf")[0], sys.prefix)
