import os
print("job sees", os.environ.get("NAME"), os.environ["USER"])
