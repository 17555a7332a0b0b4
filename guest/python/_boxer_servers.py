"""Servers that start worker processes or reload themselves, on a machine of one process.

Belongs here: one adjustment a server: its one worker serves in the process that would have started
it, and what was asked for beyond that is told on the server's own log. Does not: threads of anyio.
"""

import contextlib
import functools
import os
import sys
import threading

ALONE = "a box is one process"


def gunicorn_in_one_process(module):
    """The arbiter becomes its one worker: fork returns as in the child."""
    spawn_worker = module.Arbiter.spawn_worker

    def become_worker(self):
        if self.cfg.workers > 1:
            self.log.warning("%s: 1 worker serves, not %d", ALONE, self.cfg.workers)
        # A worker leaves when its parent is not the one it was started by.
        self.pid = os.getppid()
        module.os = ForkOnce(module.os)
        return spawn_worker(self)

    module.Arbiter.spawn_worker = become_worker


class ForkOnce:
    """The module os, whose first fork is that of a worker."""

    def __init__(self, real):
        self._real = real
        self._forked = False

    def __getattr__(self, name):
        return getattr(self._real, name)

    def fork(self):
        if self._forked:
            return self._real.fork()
        self._forked = True
        return 0


def uvicorn_in_one_process(module):
    begin = module.Config.__init__

    @functools.wraps(begin)
    def begin_alone(self, *arguments, **options):
        begin(self, *arguments, **options)
        if self.workers > 1:
            module.logger.warning("%s: 1 worker serves, not %d", ALONE, self.workers)
            self.workers = 1
        if self.reload:
            module.logger.warning("%s, and its files do not change: no reloader", ALONE)
            self.reload = False

    module.Config.__init__ = begin_alone


def hypercorn_in_one_process(module):
    run = module.run

    @functools.wraps(run)
    def run_alone(config):
        if config.workers > 1 or config.use_reloader:
            sys.stderr.write(f"hypercorn: {ALONE}: 1 worker serves, without a reloader\n")
        config.workers = 0
        config.use_reloader = False
        return run(config)

    module.run = run_alone


def werkzeug_without_reloader(module):
    run_simple = module.run_simple

    @functools.wraps(run_simple)
    def run_once(hostname, port, application, use_reloader=False, *arguments, **options):
        if use_reloader:
            module._log("warning", f" * {ALONE}, and its files do not change: no reloader")
        if options.get("processes", 1) > 1:
            module._log("warning", f" * {ALONE}: it serves alone")
            options["processes"] = 1
        return run_simple(hostname, port, application, False, *arguments, **options)

    module.run_simple = run_once


class Cell:
    """A multiprocessing.Value where there is one process (and no ctypes)."""

    def __init__(self, typecode, value=0):
        self.value = value

    def get_lock(self):
        return contextlib.nullcontext()


def werkzeug_debugger(module):
    module.Value = Cell


def django_without_reloader(module):
    def run_once(main_func, *arguments, **options):
        module.logger.warning("%s, and its files do not change: no reloader", ALONE)
        return main_func(*arguments, **options)

    module.run_with_reloader = run_once


def waitress_thread_by_task(module):
    """A thread for each task instead of a few that wait for tasks."""

    def service(task):
        try:
            task.service()
        except BaseException:
            module.queue_logger.exception("Exception when servicing %r", task)

    def add_task(self, task):
        threading.Thread(target=service, args=(task,), name="waitress").start()

    module.ThreadedTaskDispatcher.set_thread_count = lambda self, count: None
    module.ThreadedTaskDispatcher.add_task = add_task
