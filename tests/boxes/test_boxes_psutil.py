"""psutil in a box: what /proc, /sys and netdevice(7) tell of processes, sockets and the machine."""

from __future__ import annotations

import pytest

import boxer as library
from tests.boxes.conftest import Boxer

pytestmark = [pytest.mark.base, pytest.mark.network]

DOCKERFILE = """FROM python:3.13-slim
RUN pip install psutil
CMD ["python", "-c", "import psutil"]
"""
HEAD = "import os, psutil, signal, socket, subprocess, sys, time\nme = psutil.Process()\n"
# What each prints is what it prints on Linux, in a container that has no network but lo.
PROGRAMS = {
    "everything that can be asked of a process": (
        """
        told = me.as_dict()
        assert told["memory_full_info"].uss > 0 and told["memory_maps"] and told["exe"]
        print(told["pid"] == os.getpid(), told["name"], told["cmdline"][0], told["status"])
        print(told["cwd"], told["username"], told["uids"].real, told["num_threads"], told["nice"])
        print(told["environ"]["A"], told["open_files"], told["net_connections"], told["terminal"])
        """,
        "True python python running\n/ root 0 1 0\n1 [] [] None\n",
    ),
    "the machine": (
        """
        print(psutil.cpu_count(), psutil.cpu_count(logical=False), psutil.swap_memory().sin)
        print(psutil.disk_partitions(), psutil.disk_io_counters(), psutil.users())
        print([path.mountpoint for path in psutil.disk_partitions(all=True)])
        print(psutil.virtual_memory().total > psutil.virtual_memory().used > 0)
        print(0 <= time.time() - psutil.boot_time() < 100, psutil.cpu_stats().soft_interrupts)
        """,
        "1 1 0\n[] None []\n['/', '/dev', '/proc', '/sys']\nTrue\nTrue 0\n",
    ),
    "an open file": (
        """
        with open("/tmp/a", "w") as file:
            file.write("abc"), file.flush()
            print([(f.path, f.position, f.mode, f.flags & 3) for f in me.open_files()])
        """,
        "[('/tmp/a', 3, 'w', 1)]\n",
    ),
    "sockets": (
        """
        server = socket.create_server(("127.0.0.1", 8000))
        client = socket.create_connection(("127.0.0.1", 8000))
        accepted, peer = server.accept()
        local = socket.socket(socket.AF_UNIX)
        local.bind("/tmp/socket")
        udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        udp.bind(("::1", 53))
        names = ["server", "client", "accepted", "local", "udp"]
        for c in sorted(psutil.net_connections("all"), key=lambda c: c.fd):
            name = next(n for n in names if globals()[n].fileno() == c.fd)
            there = c.raddr and c.raddr[1] == (8000 if name == "client" else peer[1])
            print(name, c.family.name, c.type.name, c.status, c.pid == os.getpid(), bool(there))
        before = psutil.net_io_counters()
        client.sendall(b"x" * 1000), accepted.recv(2000)
        after = psutil.net_io_counters(nowrap=False)
        print(after.bytes_sent - before.bytes_sent, after.bytes_recv - before.bytes_recv)
        client.close()
        print([c.status for c in me.net_connections() if c.fd == accepted.fileno()])
        """,
        "server AF_INET SOCK_STREAM LISTEN True False\n"
        "client AF_INET SOCK_STREAM ESTABLISHED True True\n"
        "accepted AF_INET SOCK_STREAM ESTABLISHED True True\n"
        "local AF_UNIX SOCK_STREAM NONE True False\n"
        "udp AF_INET6 SOCK_DGRAM NONE True False\n"
        "1000 1000\n['CLOSE_WAIT']\n",
    ),
    "the interface": (
        """
        print(psutil.net_if_stats())
        for address in psutil.net_if_addrs()["lo"][:2]:
            print(address.family.name, address.address, address.netmask)
        """,
        "{'lo': snicstats(isup=True, duplex=<NicDuplex.NIC_DUPLEX_UNKNOWN: 0>, speed=0, mtu=65536, "
        "flags='up,loopback,running')}\nAF_INET 127.0.0.1 255.0.0.0\n"
        "AF_INET6 ::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff\n",
    ),
    "counts that grow": (
        """
        one, switches = me.io_counters(), me.num_ctx_switches()
        with open("/tmp/a", "wb", buffering=0) as file:
            file.write(b"x" * 5000)
        subprocess.run([sys.executable, "-c", ""])
        two = me.io_counters()
        print(two.write_chars - one.write_chars, two.write_count - one.write_count)
        print(me.num_ctx_switches().voluntary > switches.voluntary)
        print(psutil.cpu_stats().ctx_switches > 0)
        """,
        "5000 1\nTrue\nTrue\n",
    ),
    "a child": (
        """
        waits = "import time; print(1, flush=True); time.sleep(60)"
        child = psutil.Popen([sys.executable, "-c", waits], stdout=subprocess.PIPE)
        child.stdout.readline()
        print([c.pid == child.pid for c in me.children()], child.ppid() == os.getpid())
        while child.status() != psutil.STATUS_SLEEPING:  # it may be about to
            time.sleep(0.01)
        child.ionice(psutil.IOPRIO_CLASS_BE, 3), child.nice(5), child.cpu_affinity([0])
        print(child.ionice().value, child.nice(), child.rlimit(psutil.RLIMIT_NOFILE, (64, 64)))
        print(child.rlimit(psutil.RLIMIT_NOFILE))
        child.suspend()
        while child.status() != psutil.STATUS_STOPPED:
            time.sleep(0.01)
        child.resume(), child.terminate()
        print(child.wait(), child.is_running(), psutil.pid_exists(child.pid))
        """,
        "[True] True\n3 5 None\n(64, 64)\n-15 False False\n",
    ),
}


@pytest.fixture(scope="module")
def box(boxer: Boxer, tmp_path_factory: pytest.TempPathFactory) -> library.Box:
    folder = tmp_path_factory.mktemp("psutil")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    made = boxer("build", "-q", "-o", folder / "box.wasm", folder)
    assert made.returncode == 0, made.stderr
    return library.load(folder / "box.wasm")


@pytest.mark.parametrize("name", list(PROGRAMS))
def test_a_program_is_told_what_linux_tells(box: library.Box, name: str) -> None:
    program, printed = PROGRAMS[name]
    lines = [line[8:] for line in program.splitlines()]
    result = box.run(
        ["python", "-c", HEAD + "\n".join(lines)], env={"A": "1"}, limits=library.Limits(time=60)
    )
    assert (result.stdout.decode(), result.stderr.decode()) == (printed, "")
