"""Run by the tests in a process of its own: a Ray cluster of two nodes on this machine.

program.py CASE BOX
"""

# mypy: ignore-errors

import sys
import time

import ray
from ray.cluster_utils import Cluster as Nodes

import boxer
from boxer.cluster import Cluster

# Ray ends a node whose agents have not told their ports in time: told beforehand, they need not.
_PORTS = (
    "metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port",
    "runtime_env_agent_port",
)  # fmt: skip


def node_options():
    """Of a node with one processor."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in _PORTS]
        ports = {name: one.getsockname()[1] for name, one in zip(_PORTS, sockets, strict=True)}
    return {"num_cpus": 1, "object_store_memory": 80 << 20, **ports}


def lost(nodes, second, box):
    """A node is killed in the middle."""
    told = []

    def tell(progress):
        told.append(progress)
        if len(told) == 5:
            nodes.remove_node(second, allow_graceful=False)

    with Cluster(workers=2) as cluster:
        wanted = [number * 2 for number in range(4000)]
        found = list(cluster.map(box, range(4000), batch=50, progress=tell))
        assert found == wanted, "something is lost, doubled, or in another order"
        assert told[-1].done == 4000
        assert told[-1].lost > 0, "the node had nothing to lose"
        found = list(cluster.map(box, range(300), batch=10, ordered=False))
        assert sorted(found) == wanted[:300]
        nodes.add_node(**node_options())
        while any(one.ready is not None for one in cluster._members):
            list(cluster.map(box, range(20), batch=1))


def results(nodes, second, box):
    with Cluster(workers=2) as cluster:
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


def main():
    nodes = Nodes(initialize_head=True, head_node_args={**node_options(), "include_dashboard": False})
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
