"""A server for each thing that a server does: `serving.py NAME PORT`. What it prints is compared with what the same program
prints on Linux itself."""

import array
import errno
import fcntl
import os
import select
import socket
import struct
import subprocess
import sys
import termios
import threading
import time

PORT = int(sys.argv[2])


def say(*words):
    print(*words, flush=True)


def listening(family=socket.AF_INET, backlog=128, **options):
    server = socket.socket(family)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    for name in options:
        server.setsockopt(socket.SOL_SOCKET, getattr(socket, name), 1)
    server.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", PORT))
    server.listen(backlog)
    return server


def accepted(**options):
    server = listening(**options)
    say("ready")
    return server.accept()


def whole(connection):
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def name_of(error):
    return errno.errorcode[error.errno]


def attempt(function, *arguments):
    try:
        return function(*arguments)
    except OSError as error:
        return (error.errno and name_of(error)) or type(error).__name__


def half_close():
    connection, _ = accepted()
    say(whole(connection))
    connection.sendall(b"answer")
    connection.shutdown(socket.SHUT_WR)
    say(attempt(connection.send, b"more"))
    say(connection.recv(10))


def peer():
    connection, address = accepted()
    say(address == connection.getpeername(), address[0])
    connection.sendall(b"%s %d" % (address[0].encode(), address[1]))
    say(connection.getsockname()[1] == PORT, connection.family.name, connection.gettimeout())


def reset_by_client():
    connection, _ = accepted()
    connection.sendall(b"go")
    say(attempt(connection.recv, 10))
    say(attempt(connection.recv, 10))
    say(attempt(connection.send, b"x"))


def reset_by_server():
    connection, _ = accepted()
    connection.recv(10)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def unread_at_close():
    connection, _ = accepted()
    connection.recv(1)
    connection.close()


def flags():
    connection, _ = accepted()
    say(attempt(connection.recv, 10, socket.MSG_DONTWAIT))
    connection.sendall(b"a")
    select.select([connection], [], [])
    say(connection.recv(3, socket.MSG_PEEK), connection.recv(3, socket.MSG_PEEK), connection.recv(2))
    waiting = array.array("i", [0])
    fcntl.ioctl(connection, termios.FIONREAD, waiting)
    say(waiting[0], connection.recv(10))
    connection.sendall(b"b")
    say(connection.recv(100_000, socket.MSG_WAITALL) == b"w" * 100_000)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("qq", 0, 20_000))
    say(attempt(connection.recv, 10))
    connection.settimeout(0.02)
    say(attempt(connection.recv, 10))
    connection.setblocking(False)
    say(attempt(connection.recv, 10))
    connection.setblocking(True)
    connection.shutdown(socket.SHUT_RD)
    say(attempt(connection.recv, 10))


def polled():
    server = listening()
    server.setblocking(False)
    say(attempt(server.accept))
    say("ready")
    poll = select.poll()
    poll.register(server, select.POLLIN | select.POLLOUT)
    say([mask for _, mask in poll.poll()])
    connection, _ = server.accept()
    say(connection.gettimeout(), attempt(server.accept))
    poll.unregister(server)
    poll.register(connection, select.POLLIN | select.POLLOUT | select.POLLRDHUP)
    say([mask for _, mask in poll.poll()])
    connection.sendall(b"a")
    poll.modify(connection, select.POLLIN | select.POLLRDHUP)
    say([mask for _, mask in poll.poll()], connection.recv(10))
    say(poll.poll(0))
    connection.sendall(b"b")
    poll.modify(connection, select.POLLRDHUP)
    say([mask for _, mask in poll.poll()])
    poll.modify(connection, select.POLLIN | select.POLLRDHUP)
    say([mask for _, mask in poll.poll()], connection.recv(10), connection.recv(10))
    connection.shutdown(socket.SHUT_WR)
    say([bool(mask & select.POLLHUP) for _, mask in poll.poll()])


def edges():
    connection, _ = accepted()
    connection.setblocking(False)
    epoll = select.epoll()
    epoll.register(connection, select.EPOLLIN | select.EPOLLET)
    say(epoll.poll(0))
    for step in b"123":
        connection.send(bytes([step]))
        say([mask for _, mask in epoll.poll(10)], connection.recv(2), epoll.poll(0))
    say(connection.recv(100), attempt(connection.recv, 1))
    epoll.modify(connection, select.EPOLLIN | select.EPOLLONESHOT)
    connection.send(b"4")
    say([mask for _, mask in epoll.poll(10)], epoll.poll(0.01), connection.recv(10))
    epoll.modify(connection, select.EPOLLOUT | select.EPOLLET)
    say([mask for _, mask in epoll.poll(10)], epoll.poll(0))


def full():
    """What is written is waited for, and a write that must not wait says so."""
    server = listening()
    say("ready")
    connection, _ = server.accept()
    connection.setblocking(False)
    sent = 0
    while True:
        try:
            sent += connection.send(b"z" * 1_000_000)
        except BlockingIOError:
            break
    say(sent > 0, select.select([], [connection], [], 0)[1])
    connection.setblocking(True)
    worker = threading.Thread(target=connection.sendall, args=(b"z" * 50_000_000,))
    worker.start()
    other, _ = server.accept()  # others go on meanwhile
    say("other", threading.active_count())
    other.close()  # its client reads from the first one then
    worker.join()
    say("sent")
    connection.close()
    say("total", sent > 0)


def file_sent():
    connection, _ = accepted()
    with open("/tmp/file", "wb") as file:
        file.write(bytes(range(256)) * 20_000)
    with open("/tmp/file", "rb") as file:
        say(connection.sendfile(file))


def many():
    """Each of the connections is open while the others are, and is answered."""
    count = int(sys.argv[3])
    server = listening(backlog=4096)
    server.setblocking(False)
    epoll = select.epoll()
    epoll.register(server, select.EPOLLIN)
    connections, answered, most = {}, 0, 0
    say("ready")
    while answered < count:
        for number, _ in epoll.poll():
            if number == server.fileno():
                while isinstance(made := attempt(server.accept), tuple):
                    connections[made[0].fileno()] = made[0]
                    epoll.register(made[0], select.EPOLLIN)
                most = max(most, len(connections))
                continue
            if not (data := connections[number].recv(100)):
                connections.pop(number).close()
                answered += 1
                continue
            connections[number].sendall(data[::-1])
    say(most == count, answered)


def forked():
    """A listener that three processes have."""
    server = listening()
    children = []
    for number in range(3):
        if child := os.fork():
            children.append(child)
            continue
        connection, _ = server.accept()
        connection.sendall(b"child %d" % number)
        connection.close()
        os._exit(number)
    say("ready")
    server.close()
    say(sorted(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children))


def passed():
    """A connection that another process gets, by a message and by exec."""
    server = listening()
    ours, theirs = socket.socketpair()
    if not (child := os.fork()):
        for _ in range(2):
            _, (received,), _, _ = socket.recv_fds(theirs, 10, 1)
            with socket.socket(fileno=received) as connection:
                connection.sendall(b"passed " + connection.recv(10))
        os._exit(0)
    say("ready")
    for _ in range(2):
        connection, _ = server.accept()
        socket.send_fds(ours, [b"x"], [connection.fileno()])
        connection.close()
    say(os.waitpid(child, 0)[1])
    connection, _ = server.accept()
    code = f"import socket; s = socket.socket(fileno={connection.fileno()}); s.sendall(b'exec ' + s.recv(10))"
    subprocess.run([sys.executable, "-c", code], pass_fds=[connection.fileno()], check=True)


def listener_by_exec():
    server = listening()
    server.set_inheritable(True)
    code = (
        "import socket, sys; s = socket.socket(fileno=int(sys.argv[1])); print('ready', flush=True);"
        " c, _ = s.accept(); c.sendall(b'from exec')"
    )
    os.execv(sys.executable, [sys.executable, "-c", code, str(server.fileno())])


def closed_listener():
    """Nobody is let in when a listener is closed, and again when there is a new one."""
    server = listening()
    say("ready")
    connection, _ = server.accept()
    server.close()
    connection.sendall(b"closed")
    connection.recv(1)
    server = listening()
    connection.sendall(b"opened")
    server.accept()[0].sendall(b"second")
    server.shutdown(socket.SHUT_RD)
    say(attempt(server.accept))
    connection.recv(1)
    server.listen()
    connection.sendall(b"again!")
    server.accept()[0].sendall(b"third")


def shared_port():
    servers = [listening(SO_REUSEPORT=1), listening(SO_REUSEPORT=1)]
    say(attempt(listening))
    say("ready")
    for _ in range(4):
        for server in select.select(servers, [], [])[0]:
            server.accept()[0].sendall(b"hello")


def both_families():
    server = listening(socket.AF_INET6)
    say("ready")
    for _ in range(2):
        connection, address = server.accept()
        with connection:
            connection.sendall(address[0].encode())


def threaded():
    """Each thread waits for its own connection; the others go on."""
    server = listening()
    say("ready")
    ticks, going = [], True

    def tick():
        while going:
            ticks.append(1)
            time.sleep(0.001)

    def answer(connection):
        for _ in range(20):
            connection.sendall(connection.recv(100)[::-1])

    ticking = threading.Thread(target=tick)
    ticking.start()
    threads = [threading.Thread(target=answer, args=(server.accept()[0],)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while len(ticks) <= 3:  # it goes on, however soon the others were done
        time.sleep(0.001)
    going = False
    ticking.join()
    say(len(ticks) > 3)


def datagrams():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("0.0.0.0", PORT))
    say("ready")
    for _ in range(3):
        data, address = server.recvfrom(4)
        server.sendto(data + b" %d" % address[1], address)
    select.select([server], [], [])
    data, _, flags, _ = server.recvmsg(4)
    say(data, flags == socket.MSG_TRUNC)
    say(server.recv(10, socket.MSG_PEEK), server.recv(10))
    say(attempt(server.recv, 10, socket.MSG_DONTWAIT))
    server.settimeout(0.02)
    say(attempt(server.recv, 10))
    say(server.sendto(b"empty", address))
    server.settimeout(None)
    say(server.recvfrom(10)[0])


def options():
    connection, _ = accepted()
    for level, name in (
        (socket.IPPROTO_TCP, socket.TCP_NODELAY), (socket.SOL_SOCKET, socket.SO_KEEPALIVE),
    ):
        connection.setsockopt(level, name, 1)
        say(connection.getsockopt(level, name) != 0)
    for name in (socket.SO_ERROR, socket.SO_TYPE, socket.SO_ACCEPTCONN, socket.SO_DOMAIN):
        say(connection.getsockopt(socket.SOL_SOCKET, name))
    connection.sendall(b"done")


globals()[sys.argv[1]]()
