"""A listener of logging's that stands before the freeze, as it runs in the box."""
# mypy: ignore-errors

import logging
import sys
from logging.handlers import QueueHandler, QueueListener
from queue import Queue

records = Queue()
listener = QueueListener(records, logging.StreamHandler(sys.stderr))
listener.start()
logging.getLogger().addHandler(QueueHandler(records))
logging.getLogger().setLevel(logging.INFO)
logging.info("at the import")


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/again":  # in this machine, by a thread
        listener.start()
    logging.info("heard %s", path)
    if path in ("/again", "/stop"):
        listener.stop()
    logging.info("%d left", records.qsize())
    start_response("200 OK", [])
    return [path.encode()]
