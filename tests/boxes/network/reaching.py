"""A client for each thing that a client does: `reaching.py NAME HOST PORT`. What it prints is compared with what the same
program prints on Linux itself."""

import asyncio
import errno
import select
import socket
import sys
import threading
import time

HOST, PORT = sys.argv[2], int(sys.argv[3])


def say(*words):
    print(*words, flush=True)


def attempt(function, *arguments):
    try:
        return function(*arguments)
    except OSError as error:
        return errno.errorcode.get(error.errno, type(error).__name__)


def connected():
    return socket.create_connection((HOST, PORT), timeout=60)


def echo():
    with connected() as client:
        client.sendall(b"question")
        say(client.recv(100), client.getpeername()[1] == PORT, client.getsockname()[1] > 1024)
        client.shutdown(socket.SHUT_WR)
        say(client.recv(100))


def blocking():
    with socket.socket() as client:
        say(client.connect((HOST, PORT)), attempt(client.connect, (HOST, PORT)))
        client.sendall(b"x")
        say(client.recv(10))


def unblocking():
    with socket.socket() as client:
        client.setblocking(False)
        say(errno.errorcode[client.connect_ex((HOST, PORT))])
        say(select.select([], [client], [], 60)[1] == [client])
        say(client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), client.connect_ex((HOST, PORT)) in (0, errno.EISCONN))
        say(attempt(client.recv, 10), client.send(b"y"))
        say(select.select([client], [], [], 60)[0] == [client], client.recv(10))


def refused():
    """Nobody listens at the port one above."""
    with socket.socket() as client:
        say(attempt(client.connect, (HOST, PORT + 1)))
        say(attempt(client.connect, (HOST, PORT + 1)))
        say(attempt(client.connect, (HOST, PORT)))
    with socket.socket() as client:
        client.setblocking(False)
        first = client.connect_ex((HOST, PORT + 1))
        poll = select.poll()
        poll.register(client, select.POLLOUT)
        say(errno.errorcode[first], poll.poll(60_000)[0][1])
        say(errno.errorcode[client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)])


def large():
    data = bytes(range(256)) * 40_000
    with connected() as client:
        sender = threading.Thread(target=client.sendall, args=(data,))
        sender.start()
        got = bytearray()
        while len(got) < len(data):
            got += client.recv(1 << 16)
        sender.join()
        say(got == data)


def together():
    async def one(number):
        reader, writer = await asyncio.open_connection(HOST, PORT)
        for turn in range(5):
            writer.write(b"%d.%d!" % (number, turn))
            if await reader.readuntil(b"!") != b"%d.%d!" % (number, turn):
                return False
        writer.close()
        return True

    async def all_of_them():
        return await asyncio.gather(*map(one, range(100)))

    say(set(asyncio.run(all_of_them())))


def waiting():
    """A thread waits for an answer, others go on."""
    with connected() as client:
        answers = []
        thread = threading.Thread(target=lambda: answers.append(client.recv(10)))
        thread.start()
        for _ in range(20):
            time.sleep(0.001)
        say(answers)
        client.sendall(b"now")
        thread.join()
        say(answers)
        client.settimeout(0.05)
        say(attempt(client.recv, 10))


def datagrams():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(60)
        address = socket.getaddrinfo(HOST, PORT, socket.AF_INET)[0][4]
        say(client.sendto(b"one", address))
        data, peer = client.recvfrom(100)
        say(data, peer == address)
        client.connect(address)
        say(client.send(b"two"), client.recv(100), client.getpeername() == address)
        client.send(b"")
        say(client.recv(100))


globals()[sys.argv[1]]()
