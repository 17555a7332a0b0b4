import json
import subprocess

print(json.load(open("/app/table.json"))["primes"])
try:
    subprocess.run(["/app/helper"])
except OSError as error:
    print(type(error).__name__)
