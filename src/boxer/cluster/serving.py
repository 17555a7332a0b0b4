"""A function as an application of Ray Serve: replicas on a cluster, HTTP in front of them.

Belongs here: a replica. Does not: HTTP as calls (`boxer.functions.HttpDoor`).

Ray Serve comes with `pip install 'boxer[ray]'`.
"""

from __future__ import annotations

import os
from typing import Any

from boxer.cluster.onray import bytes_of, load_ray
from boxer.cluster.parcels import Parcel, pack
from boxer.errors import ClusterError
from boxer.functions import HttpDoor


class Replica:
    """Answers HTTP requests as `boxer fn run --serve` does, and calls by a handle."""

    def __init__(self, parcel: Parcel, sent: list[Any], size: int) -> None:
        self._function = parcel.open(lambda: bytes_of(sent), size)
        self._door = HttpDoor(self._function, self._function.description.signature["name"], size)

    async def __call__(self, request: Any) -> Any:
        """Of starlette's request."""
        from starlette.responses import Response

        told: list[Any] = []

        async def send(message: Any) -> None:
            told.append(message)

        root = request.scope.get("root_path", "")
        path = request.scope["path"].removeprefix(root) or "/"
        await self._door({**request.scope, "path": path}, request.receive, send)
        headers = {name.decode(): value.decode() for name, value in told[0]["headers"]}
        return Response(told[1]["body"], told[0]["status"], headers)

    async def call(self, *args: Any, **kwargs: Any) -> Any:
        """`handle.call.remote(...)`."""
        return await self._function.call_async(*args, **kwargs)


def application(
    function: str | os.PathLike[str], *, replicas: int = 1, cpus: int = 1, **options: Any
) -> Any:
    """For `ray.serve.run`. cpus: of a replica, and machines that it runs at once. options: of
    `boxer.function`, without those of one machine. Raises `ClusterError`, and what
    `boxer.function` raises."""
    ray = load_ray()
    try:
        from ray import serve  # type: ignore[import-not-found,unused-ignore]
    except ImportError as error:
        raise ClusterError(
            f"Ray Serve needs the package {error.name}, which is not installed.",
            hint="pip install 'boxer[ray]'",
        ) from None
    parcel, data = pack(os.fspath(function), options)
    made = serve.deployment(
        Replica, num_replicas=replicas, ray_actor_options={"num_cpus": cpus},
        max_ongoing_requests=max(16, 2 * cpus),
    )  # fmt: skip
    return made.bind(parcel, [ray.put(data)], cpus)
