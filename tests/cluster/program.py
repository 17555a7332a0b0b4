"""Run by the tests in a process of its own: a Ray cluster of two nodes on this machine.

program.py CASE BOX PORT
"""

# mypy: ignore-errors

import inspect
import json
import socket
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import ray
from ray._private import services
from ray.cluster_utils import Cluster as Nodes

import boxer
from boxer.cluster import Cluster

# What Ray's agents tell a node on this machine, which has their full packages not: it waits for
# that, and ends where the machine is too busy to start them in time.
_TOLD = ("metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port")
_start_raylet = services.start_raylet


def _start_told(*args, **kwargs):
    given = inspect.signature(_start_raylet).bind(*args, **kwargs).arguments
    node, folder = given["node_id"], Path(given["session_dir"])
    for name in _TOLD:
        (folder / f"{name}_{node}").write_text("-1")
    (folder / f"runtime_env_agent_port_{node}").write_text(str(given["runtime_env_agent_port"]))
    return _start_raylet(*args, **kwargs)


def node_options():
    """Of a node with one processor."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return {"num_cpus": 1, "object_store_memory": 80 << 20, "runtime_env_agent_port": port}


def lost(nodes, second, box):
    """A node is killed in the middle, once it works."""
    told, killed = [], []

    def tell(progress):
        told.append(progress)
        works = all(one.ready is None for one in cluster._members)
        if works and not killed and 250 <= progress.done <= 2000:
            killed.append(second)
            nodes.remove_node(second, allow_graceful=False)

    with Cluster(workers=2, patience=600) as cluster:
        wanted = [number * 2 for number in range(4000)]
        while not killed:
            found = list(cluster.map(box, range(4000), batch=50, progress=tell))
            assert found == wanted, "something is lost, doubled, or in another order"
            assert told[-1].done == 4000
        print("lost:", told[-1].lost)  # none, where it was between two batches
        found = list(cluster.map(box, range(300), batch=10, ordered=False))
        assert sorted(found) == wanted[:300]
        nodes.add_node(**node_options())
        while any(one.ready is not None for one in cluster._members):
            list(cluster.map(box, range(20), batch=1))


def results(nodes, second, box):
    with Cluster(workers=2, patience=600) as cluster:
        assert list(cluster.map(box, [1, 2, 3])) == [2, 4, 6]
        assert list(cluster.map(box, [])) == []
        assert list(cluster.map(box, [{"number": 4}], named=True)) == [8]
        found = list(cluster.map(box, [1, "x", 3], return_exceptions=True))
        assert found[::2] == [2, 6], found
        assert isinstance(found[1], boxer.FunctionInputError), found
        assert found[1].errors[0][0] == "/number"
        try:
            list(cluster.map(box, [1, "x", 3]))
        except boxer.FunctionInputError:
            pass
        else:
            raise AssertionError("nothing was raised")
        read = []
        inputs = (read.append(number) or number for number in range(10**9))
        endless = cluster.map(box, inputs, batch=5)
        assert [next(endless) for _ in range(100)] == [number * 2 for number in range(100)]
        time.sleep(0.5)
        assert len(read) <= 100 + 5 * 13, len(read)
        endless.close()
        assert list(cluster.map(box, range(100), batch=7)) == [2 * number for number in range(100)]


def served(nodes, second, box):
    """As an application of Ray Serve."""
    from ray import serve

    from boxer.cluster import application

    port = int(sys.argv[3])
    serve.start(http_options={"host": "127.0.0.1", "port": port})
    handle = serve.run(application(box, replicas=1), name="double", route_prefix="/numbers")
    assert handle.call.remote(21).result(timeout_s=600) == 42
    url = f"http://127.0.0.1:{port}/numbers"
    assert posted(url, b'{"number": 4}') == (200, 8)
    assert posted(url, b'{"number": "x"}')[0] == 422
    serve.shutdown()


def posted(url, body):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body), timeout=600) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def main():
    services.start_raylet = _start_told
    nodes = Nodes(
        initialize_head=True, head_node_args={**node_options(), "include_dashboard": False}
    )
    second = nodes.add_node(**node_options())
    ray.init(address=nodes.address, log_to_driver=False, configure_logging=False)
    try:
        globals()[sys.argv[1]](nodes, second, sys.argv[2])
    finally:
        ray.shutdown()
        nodes.shutdown()
    print("done")


if __name__ == "__main__":
    main()
