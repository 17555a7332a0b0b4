import sys,os
print("args:", *sys.argv[1:], os.environ["PORT"])
