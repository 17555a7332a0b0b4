"""What an import looked at before the freeze: a run sees its own, never the build's."""

from __future__ import annotations

import errno
import json
import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import boxer as library

pytestmark = pytest.mark.base

Boxer = Callable[..., subprocess.CompletedProcess[str]]

# A package each: what it makes at import of what it looked at.
LOOKING = {
    "env_get": "import os; SAW = os.environ.get('APP_KEY', 'unset')",
    "env_index": "import os\ntry: SAW = os.environ['APP_KEY']\nexcept KeyError: SAW = 'unset'",
    "env_in": "import os; SAW = str('APP_KEY' in os.environ)",
    "env_getenv": "from os import getenv; SAW = getenv('APP_KEY', 'unset')",
    "env_bytes": "import os; SAW = os.environb.get(b'APP_KEY', b'unset').decode()",
    "env_all": "import os; SAW = dict(os.environ).get('APP_KEY', 'unset')",
    "env_items": "import os; SAW = str(sum(1 for k, v in os.environ.items() if k == 'APP_KEY'))",
    "env_copy": "import os; SAW = os.environ.copy().get('APP_KEY', 'unset')",
    "env_deep": "import inner_env; SAW = inner_env.VALUE",
    "env_late": "from inner_lazy import look; SAW = look()",
    "env_expand": "import os; SAW = os.path.expandvars('$APP_KEY')",
    "env_class": "import os\nclass C:\n    KEY = os.getenv('APP_KEY', 'unset')\nSAW = C.KEY",
    "env_default": "import os\ndef f(key=os.getenv('APP_KEY', 'unset')): return key\nSAW = f()",
    "home": "import pathlib; SAW = str(pathlib.Path.home())",
    "user": "import os; SAW = str(os.getuid())",
    "cwd": "import os; SAW = os.getcwd()",
    "cwd_path": "import pathlib; SAW = str(pathlib.Path('x').resolve())",
    "host": "import socket; SAW = socket.gethostname()",
    "node": "import platform; SAW = platform.node()",
    "arguments": "import sys; SAW = str(sys.argv[1:])",
    "arguments_default": "import sys\ndef f(argv=sys.argv): return str(argv[1:])\n"
    "def __getattr__(name):\n    if name == 'SAW': return f()\n    raise AttributeError(name)",
    "arguments_all": "import sys; SAW = str(sys.orig_argv[-2:])",
    "arguments_all_name": "from sys import orig_argv\n"
    "def __getattr__(name):\n    if name == 'SAW': return str(orig_argv[-2:])\n"
    "    raise AttributeError(name)",
    "arguments_name": "from sys import argv\n"
    "def __getattr__(name):\n    if name == 'SAW': return str(argv[1:])\n"
    "    raise AttributeError(name)",
    "arguments_deep": "import sys\nclass C: pass\nC = C()\nC.kept = [{'argv': sys.argv}]\n"
    "def __getattr__(name):\n    if name == 'SAW': return str(C.kept[0]['argv'][1:])\n"
    "    raise AttributeError(name)",
    "arguments_proxy": "import sys\nclass P:\n    def __init__(self, of): self.of = of\n"
    "    @property\n    def __class__(self): raise RuntimeError('no context')\nP = P(sys.argv)\n"
    "def __getattr__(name):\n    if name == 'SAW': return str(P.of[1:])\n"
    "    raise AttributeError(name)",
    "config": "import os; P = '/etc/app.conf'\n"
    "SAW = open(P).read() if os.path.exists(P) else 'none'",
    "zone": "import time; SAW = time.strftime('%Z', time.localtime(0))",
    "zone_names": "import time; SAW = str(time.tzname)",
    "terminal": "import sys; SAW = str(sys.stdin.isatty())",
}
INNER = {
    "inner_env": "import os; VALUE = os.environ.get('APP_KEY', 'unset')",
    "inner_lazy": "def look():\n    import os\n    return os.environ.get('APP_KEY', 'unset')",
}
# What is drawn or read of a clock: another in every run.
CHANGING = {
    "secret_token": "import secrets; SAW = secrets.token_hex(8)",
    "key": "import os, secrets; SAW = os.environ.get('SECRET_KEY') or secrets.token_hex(16)",
    "urandom": "import os; SAW = os.urandom(8).hex()",
    "device": "SAW = open('/dev/urandom', 'rb').read(8).hex()",
    "uuid_random": "import uuid; SAW = uuid.uuid4().hex",
    "uuid_time": "import uuid; SAW = uuid.uuid1().hex",
    "shared": "import random; SAW = str(random.random())",
    "generator": "import random; R = random.Random(); SAW = str(R.random())",
    "generator_gone": "import random; SAW = str(random.Random().random())",
    "generator_copied": "import copy, random; R = random.Random(); C = copy.copy(R)\n"
    "def __getattr__(name):\n    if name == 'SAW': return str(C.random())\n"
    "    raise AttributeError(name)",
    "system": "import random; SAW = str(random.SystemRandom().random())",
    "shuffled": "import random; x = list(range(99)); random.shuffle(x); SAW = str(x)",
    "named": "import tempfile; SAW = next(tempfile._get_candidate_names())",
    "made": "import tempfile; SAW = tempfile.mkdtemp()",
    "clock": "import time; SAW = str(time.time_ns())",
    "monotonic": "import time; SAW = str(time.monotonic_ns())",
    "counter": "from time import perf_counter_ns; SAW = str(perf_counter_ns())",
    "date": "import datetime; SAW = datetime.datetime.now().isoformat()",
    "nested": "import clock; SAW = clock.SAW",
    "deep": "import nested as n; SAW = n.SAW",
}
# What no run has otherwise stays frozen.
KEPT = {
    "plain": "import json, re, collections; SAW = re.compile('a+').pattern",
    "data": "import pathlib; SAW = (pathlib.Path(__file__).parent / 'data.txt').read_text()",
    "packaged": "from importlib import resources\n"
    "SAW = resources.files('held').joinpath('d').read_text()",
    "versions": "import importlib.metadata as m; SAW = str(len(list(m.distributions())))",
    "logs": "import logging; LOG = logging.getLogger('x'); SAW = LOG.name",
    "machine": "import sys; SAW = sys.platform",
    "workers": "import multiprocessing.managers, multiprocessing.pool; SAW = ''",
    "parsed": "import time; SAW = str(time.strptime('2020', '%Y').tm_year)",
    "has_ipv6": "import socket\nwith socket.socket(socket.AF_INET6) as s:\n"
    "    s.bind(('::1', 0))\nSAW = ''",
    "held_socket": "import socket; S = socket.socket(type=socket.SOCK_DGRAM); SAW = ''",
}
# What may be answered from outside.
ASKING = {
    "connects": "import socket; SAW = str(socket.socket().connect_ex(('127.0.0.1', 1)))",
    "listens": "import socket; S = socket.create_server(('127.0.0.1', 0)); SAW = ''",
    "binds": "import socket; S = socket.socket(); S.bind(('', 0)); SAW = ''",
    "resolves": "import socket\ntry: socket.gethostbyname('name.invalid')\n"
    "except OSError: pass\nSAW = ''",
    "sends": "import socket; S = socket.socket(type=socket.SOCK_DGRAM)\n"
    "S.sendto(b'', ('127.0.0.1', 9)); SAW = ''",
}
SITE = "/usr/local/lib/python3.13/site-packages"


def build_box(folder: Path, modules: dict[str, str], boxer: Boxer, *lines: str) -> tuple[Path, str]:
    folder.mkdir(exist_ok=True)
    site = folder / "site"
    site.mkdir()
    for name, text in modules.items():
        (site / f"{name}.py").write_text(text + "\n")
    (site / "data.txt").write_text("data")
    (site / "held").mkdir()
    (site / "held/__init__.py").write_text("")
    (site / "held/d").write_text("d")
    script = f"import json, {', '.join(modules)}\n"
    script += f"print(json.dumps({{n: globals()[n].SAW for n in {list(modules)}}}))\n"
    (folder / "app.py").write_text(script)
    (folder / "Dockerfile").write_text(
        "\n".join(
            [
                "FROM python:3.13-slim",
                "WORKDIR /srv",
                f"COPY site {SITE}",
                "COPY app.py /srv/",
                *lines,
                'CMD ["python", "/srv/app.py"]',
                "",
            ]
        )
    )
    box = folder / "box.wasm"
    built = boxer("build", "-o", box, folder)
    assert built.returncode == 0, built.stderr
    return box, built.stderr


def seen(boxer: Boxer, box: Path, *options: str | Path) -> dict[str, str]:
    done = boxer("run", *options, box)
    assert done.returncode == 0, done.stderr
    values: dict[str, str] = json.loads(done.stdout)
    return values


@pytest.fixture(scope="module")
def looking(boxer: Boxer, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("looking")
    modules = {**LOOKING, **INNER}
    return build_box(folder, {**modules, **{n: t + "\nSAW = ''" for n, t in INNER.items()}}, boxer)


def test_a_run_without_anything_special(boxer: Boxer, looking: tuple[Path, str]) -> None:
    values = seen(boxer, looking[0])
    assert values["env_get"] == values["env_all"] == values["env_deep"] == "unset"
    assert values["env_expand"] == "$APP_KEY"
    assert values["config"] == "none"
    assert (values["home"], values["user"], values["cwd"]) == ("/root", "0", "/srv")


def test_a_variable_of_the_run_is_what_an_import_sees(
    boxer: Boxer, looking: tuple[Path, str]
) -> None:
    values = seen(boxer, looking[0], "-e", "APP_KEY=run")
    names = [name for name in LOOKING if name.startswith("env_")]
    expected = dict.fromkeys(names, "run") | {"env_in": "True", "env_items": "1"}
    assert {name: values[name] for name in names} == expected


def test_everything_else_of_a_run_too(
    boxer: Boxer, looking: tuple[Path, str], tmp_path: Path
) -> None:
    box = looking[0]
    (tmp_path / "app.conf").write_text("of the run")
    # The folder is what the box has, with one file more.
    for name in ("passwd", "group"):
        (tmp_path / name).write_text(boxer("run", box, "cat", f"/etc/{name}").stdout)
    values = seen(
        boxer, box, "-v", f"{tmp_path}:/etc", "-w", "/tmp", "-u", "7:8",
        "-e", "TZ=AAA-3", "-e", "HOME=/nowhere", "-e", "HOSTNAME=box",
    )  # fmt: skip
    assert values["config"] == "of the run"
    assert (values["cwd"], values["cwd_path"]) == ("/tmp", "/tmp/x")
    assert (values["user"], values["home"]) == ("7", "/nowhere")
    assert (values["zone"], values["zone_names"]) == ("AAA", "('AAA', 'AAA')")


def test_arguments_are_the_runs(boxer: Boxer, looking: tuple[Path, str]) -> None:
    done = boxer("run", looking[0], "python", "/srv/app.py", "one", "two")
    values = json.loads(done.stdout)
    names = [name for name in LOOKING if name.startswith("arguments")]
    assert {values[name] for name in names} == {"['one', 'two']"}


def test_the_build_and_inspect_say_which_and_why(boxer: Boxer, looking: tuple[Path, str]) -> None:
    box, told = looking
    assert "`env_all` is imported by each run, not before the freeze: `env_all` reads all" in told
    for name in (name for name in LOOKING if name.startswith("arguments")):
        assert f"`{name}` reads sys.argv" in told
    assert "`config` looks at /etc/app.conf" in told
    assert "Frozen imports read " in told
    assert "APP_KEY" in told
    shown = boxer("inspect", box).stdout
    assert "`config` looks at /etc/app.conf" in shown
    assert "APP_KEY" in shown


def test_what_is_drawn_at_import_differs_in_runs_boxes_and_calls(
    boxer: Boxer, tmp_path: Path
) -> None:
    first, told = build_box(tmp_path / "a", CHANGING, boxer)
    second, _ = build_box(tmp_path / "b", CHANGING, boxer, "LABEL another=box")
    values = [seen(boxer, box) for box in (first, first, second, second)]
    with library.load(first).pool(size=2) as pool:
        values += [json.loads(pool.run().stdout) for _ in range(2)]
    for name in CHANGING:
        drawn = [found[name] for found in values]
        assert len(set(drawn)) == len(drawn), name
    for name in ("secret_token", "key", "device", "clock", "deep"):
        assert f"`{name}` is imported by each run" in told
    assert all(int(found["clock"]) > 1_700_000_000 * 10**9 for found in values)


def test_what_no_run_has_otherwise_is_frozen(boxer: Boxer, tmp_path: Path) -> None:
    box, told = build_box(tmp_path, KEPT, boxer)
    assert "is imported by each run" not in told
    info = library.load(box).info
    assert set(KEPT) <= set(info.preinitialised)
    assert seen(boxer, box)["data"] == "data"


def test_what_may_be_answered_from_outside_is_left_to_the_run(boxer: Boxer, tmp_path: Path) -> None:
    box, told = build_box(tmp_path, ASKING, boxer)
    for name in ASKING:
        assert f"`{name}` is imported by each run, not before the freeze: `{name}` " in told
    assert "`connects` uses a socket" in told
    assert seen(boxer, box)["connects"] == str(errno.ECONNREFUSED)


KEYS = """import held_socket, multiprocessing, os, socket
def main():
    with socket.socket(type=socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        held_socket.S.sendto(b"held", server.getsockname())
        held = server.recv(9).decode()
    key = multiprocessing.current_process().authkey.hex()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        same = pool.apply(eval, ("__import__('multiprocessing').current_process().authkey.hex()",))
    print(held, key == same, len(key), key)
if __name__ == "__main__":
    main()
"""


def test_processes_of_each_run_have_a_key_of_their_own(boxer: Boxer, tmp_path: Path) -> None:
    box, told = build_box(tmp_path, {"held_socket": KEPT["held_socket"]}, boxer)
    (tmp_path / "app.py").write_text(KEYS)
    built = boxer("build", "-o", box, tmp_path)
    assert built.returncode == 0, built.stderr
    assert "is imported by each run" not in told + built.stderr
    assert "multiprocessing" in library.load(box).info.preinitialised
    lines = [boxer("run", box).stdout for _ in range(2)]
    with library.load(box).pool(size=2) as pool:
        lines += [pool.run().stdout.decode() for _ in range(2)]
    assert [line.split()[:3] for line in lines] == [["held", "True", "64"]] * 4
    assert len({line.split()[3] for line in lines}) == 4


CELERY = """FROM python:3.13
RUN pip install celery==5.6.1
COPY app.py .
CMD ["python", "app.py"]
"""
CELERYS_KEY = """import celery, billiard.process
print(bytes(billiard.process.current_process().authkey).hex())
"""


def test_celery_is_frozen_and_its_processes_have_a_key_of_their_own(
    boxer: Boxer, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text(CELERYS_KEY)
    (tmp_path / "Dockerfile").write_text(CELERY)
    box = tmp_path / "app.wasm"
    built = boxer("build", "-o", box, tmp_path)
    assert built.returncode == 0, built.stderr
    assert {"celery", "billiard"} <= set(library.load(box).info.preinitialised)
    keys = [boxer("run", box).stdout.strip() for _ in range(2)]
    assert len(set(keys)) == 2
    assert {len(key) for key in keys} == {64}


def test_an_import_that_fails_leaves_nothing(boxer: Boxer, tmp_path: Path) -> None:
    modules = {
        "broken": "import inner\nHEAP = b'x' * 40_000_000\nraise OSError('no such program: git')",
        "inner": "import broken as outer",
        "plain": "SAW = 1",
    }
    site = tmp_path / "site"
    site.mkdir()
    for name, text in modules.items():
        (site / f"{name}.py").write_text(text + "\n")
    (tmp_path / "app.py").write_text("try:\n    import broken\nexcept OSError: print('without')\n")
    (tmp_path / "Dockerfile").write_text(
        f'FROM python:3.13-slim\nCOPY site {SITE}\nCOPY app.py /\nCMD ["python", "/app.py"]\n'
    )
    box = tmp_path / "box.wasm"
    built = boxer("build", "-o", box, tmp_path)
    assert (
        "`broken` is imported by each run, not before the freeze: OSError: no such" in built.stderr
    )
    assert box.stat().st_size < 20_000_000
    assert boxer("run", box).stdout == "without\n"


def test_init_code_that_draws_random_bytes_is_told(boxer: Boxer, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "import os\nKEY = None\n\ndef set_up():\n    global KEY\n    KEY = os.urandom(8).hex()\n"
    )
    (tmp_path / "Dockerfile").write_text(
        'FROM python:3.13-slim\nCOPY app.py /\nLABEL boxer.init="app:set_up"\n'
        'CMD ["python", "-c", "import app; print(app.KEY)"]\n'
    )
    box = tmp_path / "box.wasm"
    built = boxer("build", "-o", box, tmp_path)
    assert "The code of boxer.init draws random bytes" in built.stderr
    assert boxer("run", box).stdout == boxer("run", box).stdout != "None\n"
    # A run that cannot go on from the freeze point calls it, too.
    assert boxer("run", box, "python", "-O", "-c", "import app; print(app.KEY)").stdout != "None\n"


def test_the_environment_that_an_import_sets_is_there_in_a_run(
    boxer: Boxer, tmp_path: Path
) -> None:
    modules = {
        "sets": "import os; os.environ['SET_AT_IMPORT'] = '1'; SAW = ''",
        "undoes": "import os; os.environ['UNDONE'] = '1'; del os.environ['UNDONE']; SAW = ''",
        "reads": "import sets, os; SAW = os.environ.get('SET_AT_IMPORT', 'lost')",
    }
    box, told = build_box(tmp_path, modules, boxer)
    assert seen(boxer, box)["reads"] == "1"
    assert "`sets` sets SET_AT_IMPORT in the environment" in told
    assert "`undoes`" not in told


@pytest.mark.parametrize("module", ["threading", "ctypes", "asyncio", "decimal", "sqlite3"])
def test_a_run_that_begins_afresh_ends_as_any(boxer: Boxer, tmp_path: Path, module: str) -> None:
    (tmp_path / "Dockerfile").write_text(
        f'FROM python:3.13-slim\nCMD ["python", "-c", "import {module}; print(1)"]\n'
    )
    box = tmp_path / "box.wasm"
    assert boxer("build", "-o", box, tmp_path).returncode == 0
    for options in ([], ["-O"], ["-W", "ignore"], ["-X", "dev"]):
        done = boxer("run", box, "python", *options, "-c", f"import {module}; print(__debug__)")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == f"{'-O' not in options}\n"


def test_calls_see_the_environment_of_their_pool(boxer: Boxer, tmp_path: Path) -> None:
    modules = {
        "looks": "import os; SAW = os.environ.get('APP_KEY', 'unset')\ndef saw(): return SAW"
    }
    box, _ = build_box(tmp_path, modules, boxer)
    loaded = library.load(box)
    for key in ("one", "two"):
        with loaded.pool(size=1, env={"APP_KEY": key}) as pool:
            assert [pool.call("looks:saw") for _ in range(3)] == [key] * 3
    with loaded.pool(size=1) as pool:
        assert pool.call("looks:saw") == "unset"


GENERATORS = {
    "rolls": "import random; R = random.Random()",
    "keeps": "from random import Random\nclass C:\n    draw = Random(None).random\n",
    "sub": "import random\nclass Dice(random.Random):\n    pass\nD = Dice()",
    "again": "import random; R = random.Random(7); R.seed()",
    "fixed": "import random; R = random.Random(); R.seed(7)",
    "seeded": "import random; R = random.Random(7)",
    "lazy": "class Lazy:\n    __class__ = property(lambda self: 1 / 0)\nL = Lazy()",
}
DRAWS = """import json
import again, fixed, keeps, lazy, random, rolls, seeded, sub

def drawn():
    new = [rolls.R.random(), keeps.C.draw(), sub.D.random(), again.R.random(), random.random()]
    return new, [fixed.R.random(), seeded.R.random()]

if __name__ == "__main__":
    print(json.dumps(drawn()))
"""


def test_generators_that_modules_keep_are_seeded_in_every_life(
    boxer: Boxer, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    for name, text in GENERATORS.items():
        (site / f"{name}.py").write_text(text + "\n")
    (tmp_path / "app.py").write_text(DRAWS)
    (tmp_path / "Dockerfile").write_text(
        f'FROM python:3.13-slim\nCOPY site {SITE}\nCOPY app.py /\nCMD ["python", "/app.py"]\n'
    )
    path = tmp_path / "box.wasm"
    built = boxer("build", "-o", path, tmp_path)
    assert built.returncode == 0, built.stderr
    box = library.load(path)
    assert set(GENERATORS) <= set(box.info.preinitialised)
    known = [random.Random(7).random()] * 2
    with box.pool() as pool:
        lives = [pool.call("app:drawn") for _ in range(3)]
    lives += [json.loads(boxer("run", path).stdout) for _ in range(2)]
    assert all(fixed == known for _, fixed in lives)
    numbers = [number for new, _ in lives for number in new]
    assert len(set(numbers)) == len(numbers)
