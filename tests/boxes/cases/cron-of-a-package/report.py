import os
print("report of", os.environ["NAME"], "by", os.environ["LOGNAME"], os.environ["SHELL"], "NOTHING" in os.environ)
print("done", flush=True)
