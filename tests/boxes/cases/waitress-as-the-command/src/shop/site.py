import os
import pathlib
import signal
import threading
import time
import urllib.request

from flask import Flask, render_template


def visit():
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{os.environ['PORT']}/bob") as page:
                print(page.status, page.read().decode(), flush=True)
            break
        except OSError:
            time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGINT)


def create():
    app = Flask(__name__)

    @app.get("/<name>")
    def page(name):
        owner = pathlib.Path(app.root_path, "templates").owner()
        return render_template("page.html", name=name, owner=owner)

    threading.Thread(target=visit).start()
    return app
