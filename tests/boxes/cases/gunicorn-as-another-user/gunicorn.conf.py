import os
import signal


def post_worker_init(worker):
    print(f"a worker of {os.getuid()} serves {worker.wsgi({}, lambda *_: None)[0].decode()}")
    os.kill(os.getppid(), signal.SIGTERM)  # the arbiter, which would start another one
