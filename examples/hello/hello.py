import json
import sys

print("hello from a box")
print(json.dumps({"python": sys.version.split()[0], "platform": sys.platform}))
