"""Connections that the host makes on a box's behalf, judged by the policy of the box's network.

Belongs here: one door to native/policy.h from Python. Does not: what is sent (`boxer.extensions`).

Invariant: a name is looked up only if it is granted, all its answers are judged, and only an
address that was judged is connected to; what is refused is `PermissionError`.
"""

from __future__ import annotations

import ctypes
import ipaddress
import socket
from contextlib import ExitStack
from typing import Any

from boxer.runtime import native
from boxer.runtime.network import Network
from boxer.runtime.opened import TCP
from boxer.runtime.opening import open_network, without_ports

MOST_FOUND = 16


class _Endpoint(ctypes.Structure):
    """struct endpoint"""

    _fields_ = (
        ("address", ctypes.c_uint8 * 16),
        ("scope", ctypes.c_uint32),
        ("port", ctypes.c_uint16),
        ("family", ctypes.c_uint8),
    )

    def told(self) -> str:
        size = 4 if self.family == 4 else 16
        return str(ipaddress.ip_address(bytes(self.address[:size])))


_TELL = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)


class Outgoing:
    """network: without ports. Raises `NetworkValueError`."""

    def __init__(self, network: Network) -> None:
        self._ending = ExitStack()
        opened = self._ending.enter_context(open_network(without_ports(network, "An extension")))
        self._opened = opened
        library: Any = native.library()
        if library is None:
            return  # open_network has refused anything but no network
        pointer, size = ctypes.c_void_p, ctypes.c_size_t
        endpoint = ctypes.POINTER(_Endpoint)
        for name, result, parameters in (
            ("grants_new", pointer, (pointer, _TELL, pointer, ctypes.c_int)),
            ("grants_free", None, (pointer,)),
            ("grants_may_resolve", ctypes.c_int, (pointer, ctypes.c_char_p)),
            ("grants_answer", size, (pointer, ctypes.c_char_p, endpoint, size, endpoint)),
            ("grants_may_connect", ctypes.c_int, (pointer, ctypes.c_int, endpoint, endpoint)),
        ):
            function = getattr(library, name)
            function.restype, function.argtypes = result, parameters

    def connect(self, host: str, port: int, seconds: float) -> socket.socket:
        """A connection. Raises `PermissionError`, `OSError`."""
        if self._opened is None:
            raise PermissionError(f"{host}:{port} is not granted")
        library: Any = native.library()
        told: list[str] = []

        @_TELL  # type: ignore[untyped-decorator]
        def tell(_state: Any, line: int, size: int) -> None:
            told.append(ctypes.string_at(line, size).decode("utf-8", "replace").strip())

        grants = library.grants_new(self._opened.policy, tell, None, self._opened.log)
        if not grants:
            raise OSError("no memory")
        try:
            for real in self._judged(library, grants, host, port):
                return socket.create_connection((real.told(), real.port), seconds)
        finally:
            library.grants_free(grants)
        raise PermissionError(told[-1] if told else f"{host}:{port} is not granted")

    def _judged(self, library: Any, grants: Any, host: str, port: int) -> list[_Endpoint]:
        allowed = []
        for found in self._found(library, grants, host):
            real = _Endpoint()
            found.port = port
            if (
                library.grants_may_connect(grants, TCP, ctypes.byref(found), ctypes.byref(real))
                == 0
            ):
                allowed.append(real)
        return allowed

    def _found(self, library: Any, grants: Any, host: str) -> list[_Endpoint]:
        try:
            return [_endpoint(ipaddress.ip_address(host))]
        except ValueError:
            pass
        name = host.rstrip(".").lower()
        try:
            canonical = name.encode("idna")
        except UnicodeError:
            raise PermissionError(f"{host[:100]} is no name of a host") from None
        if library.grants_may_resolve(grants, canonical):
            return []
        found = socket.getaddrinfo(canonical.decode(), None, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(one[4][0]).partition("%")[0] for one in found))
        count = min(len(addresses), MOST_FOUND)
        array = (_Endpoint * MOST_FOUND)()
        for place, text in enumerate(addresses[:count]):
            array[place] = _endpoint(ipaddress.ip_address(text))
        kept = (_Endpoint * MOST_FOUND)()
        left = library.grants_answer(grants, canonical, array, count, kept)
        return [kept[place] for place in range(left)]

    def close(self) -> None:
        self._ending.close()


def _endpoint(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> _Endpoint:
    made = _Endpoint(family=address.version)
    made.address[: len(address.packed)] = address.packed
    return made
