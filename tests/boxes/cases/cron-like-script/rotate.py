import sys
print("rotated", sys.argv[1])
