import json
import os
import pathlib

gone = [name for name in ("turtledemo", "idlelib") if (pathlib.Path(os.__file__).parent / name).exists()]
print(os.environ["PATH"])
print(json.dumps([os.getuid(), os.getcwd(), gone, pathlib.Path("/made").read_text()]))
