"""Served by gunicorn in test_serving_own_server.py."""

import random
from pathlib import Path

from flask import Flask

app = Flask(__name__)
count = 0


@app.get("/")
def tell():
    global count
    count += 1
    left = Path("/tmp/left").exists()
    Path("/tmp/left").touch()
    return {"count": count, "left": left, "random": random.random()}
