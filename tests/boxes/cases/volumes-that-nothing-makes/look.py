import os

for path in ("/data", "/var/lib/app/deep", "/kept"):
    status = os.stat(path)
    print(path, oct(status.st_mode), status.st_uid, sorted(os.listdir(path)))
print(open("/kept/note").read().split())
with open("/kept/more", "w") as file:
    file.write("more")
