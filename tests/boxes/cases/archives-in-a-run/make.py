import os
import tarfile
import zipfile
os.makedirs("tree")
with open("tree/f", "w") as file:
    file.write("inside")
with tarfile.open("a.tar.gz", "w:gz") as archive:
    archive.add("tree")
with zipfile.ZipFile("z.zip", "w") as archive:
    archive.writestr("y.txt", "aGkgdGhlcmU=")
