"""Functions of boxes that ask their host."""

# mypy: ignore-errors

import threading

from boxer.host import kv, other


def remember(key: str, value: bytes) -> bytes | None:
    before = kv.get(key)
    kv.set(key, value)
    assert kv.get(key) == value
    return before


def ask(name: str, arguments: list) -> object:
    """Calls any method, by name."""
    extension, _, method = name.partition(".")
    import boxer.host

    found = getattr(boxer.host, extension)
    return getattr(found, method)(*arguments) if method else found(*arguments)


def caught(name: str, arguments: list) -> list:
    try:
        return ["value", ask(name, arguments)]
    except Exception as error:
        return [type(error).__name__, str(error)]


def documented() -> list:
    import inspect

    return [kv.get.__doc__, str(inspect.signature(kv.get)), dir(kv)]


def from_threads(count: int) -> int:
    """Each thread asks, beside the others."""

    def work(number: int) -> None:
        for _ in range(20):
            assert other.echo(number) == number
            kv.add("sum")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return kv.add("sum", 0)


def from_children() -> int:
    """Two processes ask at the same time."""
    import os

    child = os.fork()
    for number in range(50):
        assert other.echo([number, child == 0]) == [number, child == 0]
    if child == 0:
        os._exit(7)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def raw(requests: list) -> list:
    """What the device says to whatever is written to it."""
    import os

    replies = []
    device = os.open("/dev/boxer", os.O_RDWR)
    for request in requests:
        try:
            os.write(device, request)
            replies.append(os.read(device, 1 << 20)[4:])
        except OSError as error:
            replies.append(error.errno)
    return replies
