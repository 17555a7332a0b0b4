"""Run by the tests in a process of its own: a Dask cluster of two processes on this machine.

dasked.py BOX
"""

# mypy: ignore-errors

import os
import signal
import sys

from distributed import Client, LocalCluster

import boxer
from boxer.cluster import DaskCluster


def lose_the_data(client, processes):
    """Ends each worker's process that has the function: what is scattered has no other place."""
    for key, places in client.who_has().items():
        if str(key).startswith("bytes-"):
            for place in places:
                os.kill(processes[place], signal.SIGKILL)


def main():
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(host="127.0.0.1", **options) as local, Client(local) as client:
        cluster = DaskCluster(client)
        wanted = [number * 2 for number in range(400)]
        assert list(cluster.map(sys.argv[1], range(400), batch=20)) == wanted
        found = list(cluster.map(sys.argv[1], [1, "x", 3], return_exceptions=True))
        assert found[::2] == [2, 6]
        assert isinstance(found[1], boxer.FunctionInputError)
        told, processes = [], client.run(os.getpid)

        def tell(progress):
            told.append(progress)
            if len(told) == 3:  # a worker is ended in the middle
                lose_the_data(client, processes)

        found = list(cluster.map(sys.argv[1], range(400), batch=20, progress=tell))
        assert found == wanted
        assert told[-1].done == 400
    print("done")


if __name__ == "__main__":
    main()
