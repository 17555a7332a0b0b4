"""Calls whose life begins in the surroundings their image was frozen in: nothing is told anew but
what no two lives have in common."""

from __future__ import annotations

import random
import resource

import pytest

import boxer

pytestmark = pytest.mark.base

APP = """
import boxer, os, random, sys, tempfile, threading, time

os.environ["MADE_BY_THE_IMPORT"] = "1"
os.chdir("/tmp")
random.seed(7)
sys.setrecursionlimit(4321)
FORKS = []
os.register_at_fork(
    before=lambda: FORKS.append("before"),
    after_in_child=lambda: FORKS.append("child"),
    after_in_parent=lambda: FORKS.append("parent"),
)

def surroundings():
    return [os.environ.get("STAGE"), os.environ.get("MADE_BY_THE_IMPORT"), os.getcwd(),
            os.environ["HOME"], sys.path[0], os.getuid()]

def numbers():
    return [random.random(), os.urandom(8).hex(), tempfile.mktemp()]

def forks():
    return FORKS

def hour():
    return [time.tzname, time.localtime(1783000000).tm_hour]

def threads():
    done = []
    thread = threading.Thread(target=done.append, args=(1,))
    thread.start()
    thread.join()
    return [done, threading.active_count(), threading.current_thread() is threading.main_thread()]

def pid():
    child = os.fork()
    if not child:
        os._exit(3)
    return [os.getpid(), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])]

def spoil():
    os.environ["STAGE"] = "spoilt"
    os.chdir("/")
    sys.path.insert(0, "/nowhere")

def nothing(value):
    return value

random.gauss(0, 1)  # a second one is ready now
kept_random, kept_state = random.random, random.getstate()

def drawn(how):
    if how == "gauss":
        return random.gauss(0, 1)
    if how == "state":
        return random.getstate()[1][:5]
    if how == "kept":
        return kept_random()
    if how == "other":  # another generator is asked first
        random.Random(1).random()
        return random.random()
    if how == "fork":
        if not (child := os.fork()):
            os._exit(random.getrandbits(8))
        return [os.waitpid(child, 0)[1], random.random()]
    return getattr(random, how)(*{"getrandbits": [64], "sample": [range(1000), 4]}.get(how, []))

def set_first(how):
    if how == "seed":
        random.seed(5)
    else:
        random.setstate(kept_state)
    return [random.random(), random.gauss(0, 1), random.randrange(1000)]
"""


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> boxer.Box:
    folder = tmp_path_factory.mktemp("rested")
    (folder / "app.py").write_text(APP)
    lines = ["FROM python", "WORKDIR /app", "COPY app.py .", "ENV STAGE=build", "USER 1000", ""]
    (folder / "Dockerfile").write_text("\n".join(lines))
    return boxer.build(folder)


def test_each_life_has_the_surroundings_of_a_run(box: boxer.Box) -> None:
    with box.pool(1, env={"STAGE": "call"}) as pool:
        for _ in range(3):
            stage, made, cwd, _, first, uid = pool.call("app:surroundings")
            assert (stage, made, cwd, first, uid) == ("call", None, "/app", "/app", 1000)
            pool.call("app:spoil")


def test_a_life_that_is_frozen_again_has_them_too(box: boxer.Box) -> None:
    with box.pool(1, env={"STAGE": "call"}) as pool:
        pool.prepare("app:spoil")
        assert pool.call("app:surroundings")[:3] == ["call", None, "/app"]


def test_no_random_number_comes_twice(box: boxer.Box) -> None:
    with box.pool(1) as pool:
        found = [tuple(pool.call("app:numbers")) for _ in range(20)]
    for each in zip(*found, strict=True):
        assert len(set(each)) == len(found)


@pytest.mark.parametrize(
    "how",
    ["random", "getrandbits", "sample", "gauss", "state", "kept", "other", "fork"],
)
def test_however_it_is_asked_first_random_is_seeded(box: boxer.Box, how: str) -> None:
    with box.pool(1) as pool:
        found = [pool.call("app:drawn", how) for _ in range(10)]
        pool.prepare("app:drawn", how)
        found += [pool.call("app:drawn", how) for _ in range(10)]
    assert len({str(each) for each in found}) == 20


def test_a_seed_of_the_programs_own_holds(box: boxer.Box) -> None:
    own = random.Random(5)
    wanted = [own.random(), own.gauss(0, 1), own.randrange(1000)]
    with box.pool(1) as pool:
        assert [pool.call("app:set_first", "seed") for _ in range(3)] == [wanted] * 3
        first, *others = [pool.call("app:set_first", "state") for _ in range(3)]
        assert others == [first] * 2


def test_what_was_registered_for_forks_is_called(box: boxer.Box) -> None:
    with box.pool(1) as pool:
        lives = [pool.call("app:forks") for _ in range(3)]
    assert lives[0][-2:] == ["before", "child"]
    assert lives[0] == lives[1] == lives[2]


def test_the_zone_is_the_pools(box: boxer.Box) -> None:
    with box.pool(1, env={"TZ": "America/New_York"}) as pool:
        assert [pool.call("app:hour") for _ in range(2)] == [[["EST", "EDT"], 9]] * 2


def test_threads_and_processes_begin_as_ever(box: boxer.Box) -> None:
    with box.pool(1) as pool:
        assert [pool.call("app:threads") for _ in range(3)] == [[[1], 1, True]] * 3
        assert len({tuple(pool.call("app:pid")) for _ in range(3)}) == 1


def test_a_call_writes_to_few_pages_and_none_is_noted_again_and_again(box: boxer.Box) -> None:
    with box.pool(1) as pool:
        for _ in range(600):
            pool.call("app:nothing", {"a": [1, 2, 3]})
        assert pool.dirty_pages / pool.resets < 80
        before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
        for _ in range(400):
            pool.call("app:nothing", {"a": [1, 2, 3]})
        faults = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before
    assert faults / 400 < 0.5
