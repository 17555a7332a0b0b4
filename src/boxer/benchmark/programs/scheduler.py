"""Objects that send each other messages: a round-robin scheduler of workers, devices and queues."""

from __future__ import annotations

from collections import deque

SIZE = 5_000


class Message:
    def __init__(self, kind: str, number: int) -> None:
        self.kind = kind
        self.number = number
        self.route: list[str] = []


class Task:
    """A unit of work with an inbox; subclasses say what a message makes them do."""

    def __init__(self, name: str, priority: int) -> None:
        self.name = name
        self.priority = priority
        self.inbox: deque[Message] = deque()
        self.handled = 0

    @property
    def ready(self) -> bool:
        return bool(self.inbox)

    def receive(self, message: Message) -> None:
        message.route.append(self.name)
        self.inbox.append(message)

    def step(self, scheduler: Scheduler) -> None:
        message = self.inbox.popleft()
        self.handled += 1
        self.handle(message, scheduler)

    def handle(self, message: Message, scheduler: Scheduler) -> None:
        raise NotImplementedError


class Worker(Task):
    def handle(self, message: Message, scheduler: Scheduler) -> None:
        message.number = (message.number * 33 + 17) % 1009
        target = "disk" if message.number % 3 else "network"
        scheduler.send(target, message)


class Device(Task):
    def __init__(self, name: str, priority: int, answers: list[str]) -> None:
        super().__init__(name, priority)
        self.answers = answers
        self.sum = 0

    def handle(self, message: Message, scheduler: Scheduler) -> None:
        self.sum += message.number
        if len(message.route) < 12:
            scheduler.send(self.answers[self.sum % len(self.answers)], message)


class Scheduler:
    def __init__(self) -> None:
        self.tasks: dict[str, Task] = {}
        self.sent = 0

    def add(self, task: Task) -> None:
        self.tasks[task.name] = task

    def send(self, name: str, message: Message) -> None:
        self.sent += 1
        self.tasks[name].receive(message)

    def loop(self) -> None:
        order = sorted(self.tasks.values(), key=lambda task: -task.priority)
        while any(task.ready for task in order):
            for task in order:
                if task.ready:
                    task.step(self)


def run(size: int) -> object:
    scheduler = Scheduler()
    workers = [f"worker{n}" for n in range(4)]
    for priority, name in enumerate(workers):
        scheduler.add(Worker(name, priority))
    disk, network = Device("disk", 10, workers), Device("network", 9, workers[:2])
    scheduler.add(disk)
    scheduler.add(network)
    for number in range(size):
        scheduler.send(workers[number % 4], Message("work", number))
    scheduler.loop()
    return scheduler.sent, disk.sum, network.sum
