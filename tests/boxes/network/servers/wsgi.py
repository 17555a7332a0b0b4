import os
from flask import Flask, request

app = Flask(__name__)

@app.get("/")
def hello():
    return f"wsgi {request.remote_addr} {request.scheme}"

@app.get("/pid")
def pid():
    return str(os.getpid())
