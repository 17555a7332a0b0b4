#!/usr/bin/env python3
"""cron, crond, crontab and service: commands at their times, from crontab(5) files.

cron goes to the background unless it is called with -f, and gives its jobs Debian's environment;
crond has busybox's options, and hands its own on. Tables: /etc/crontab and /etc/cron.d, whose lines
name a user; those of `crontab`, one a user. They are read anew every minute. Nobody gets mail: what
a job writes goes where its line sends it, else to crond's output, or nowhere under cron, as there.
"""

import datetime
import getopt
import os
import pwd
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

SPOOL = "/var/spool/cron/crontabs"
ALPINE = "/etc/crontabs"
NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
FIELDS = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day-of-month", 1, 31, ()),
    ("month", 1, 12, MONTHS),
    ("day-of-week", 0, 7, DAYS),
)
# Folders whose programs are run, and when: Alpine's, then Debian's.
FOLDERS = {
    "/etc/periodic/15min": "*/15 * * * *",
    "/etc/periodic/hourly": "0 * * * *",
    "/etc/periodic/daily": "0 2 * * *",
    "/etc/periodic/weekly": "0 3 * * 6",
    "/etc/periodic/monthly": "0 5 1 * *",
    "/etc/cron.hourly": "17 * * * *",
    "/etc/cron.daily": "25 6 * * *",
    "/etc/cron.weekly": "47 6 * * 7",
    "/etc/cron.monthly": "52 6 1 * *",
}
NAME = re.compile(r"[A-Za-z0-9_-]+")  # of a file that is looked at: run-parts(8)
ASSIGNMENT = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*(.*?)\s*")


def numbers(text: str, name: str, low: int, high: int, names: Sequence[str]) -> set[int]:
    """The numbers a field means. Raises ValueError."""
    found: set[int] = set()
    for part in text.lower().split(","):
        span, _, step = part.partition("/")
        first, dash, last = (str(low), "-", str(high)) if span == "*" else span.partition("-")
        ends = [_number(end, low, names) for end in (first, last if dash else first)]
        if step and not dash:
            ends[1] = high
        if (step and (not step.isdecimal() or not int(step))) or not (
            low <= ends[0] <= ends[1] <= high
        ):
            raise ValueError(f"bad {name}")
        found.update(range(ends[0], ends[1] + 1, int(step or 1)))
    return found


def _number(text: str, low: int, names: Sequence[str]) -> int:
    if text in names:
        return names.index(text) + low
    return int(text) if text.isdecimal() else -1


class Job:
    """A line. when: the numbers of each field; None: once, at the start."""

    def __init__(self, line: str, user: str | None, variables: Mapping[str, str]) -> None:
        count = 1 if line.lstrip().startswith("@") else len(FIELDS)
        *fields, rest = [*line.split(None, count), ""][: count + 1]
        if count == 1 and fields != ["@reboot"] and fields[0] not in NICKNAMES:
            raise ValueError("bad time specifier")
        if count == 1:
            fields = NICKNAMES.get(fields[0], "").split()
        elif len(fields) < count:
            raise ValueError(f"bad {FIELDS[len(fields)][0]}")
        self.when = [
            numbers(text, *field) for text, field in zip(fields, FIELDS, strict=False)
        ] or None
        self.stars = [text.startswith("*") for text in fields]
        if user is None:
            user, rest = [*rest.split(None, 1), "", ""][:2]
        self.user, self.command, self.variables = user, rest.strip(), dict(variables)
        if not self.command:
            raise ValueError("bad command")

    def is_due(self, now: datetime.datetime) -> bool:
        """Where a day of the month and one of the week are given, either will do."""
        if self.when is None:
            return False
        minutes, hours, days, months, weekdays = self.when
        weekday = now.isoweekday() % 7
        is_day = now.day in days
        is_weekday = weekday in weekdays or (weekday == 0 and 7 in weekdays)
        either = is_day and is_weekday if self.stars[2] or self.stars[4] else is_day or is_weekday
        return now.minute in minutes and now.hour in hours and now.month in months and either


def jobs_of(text: str, user: str | None) -> list[Job]:
    """The jobs of a table. user: None where its lines name one. Raises ValueError."""
    jobs: list[Job] = []
    variables: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        assignment = ASSIGNMENT.fullmatch(line)
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if assignment:
            value = assignment[2]
            quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
            variables[assignment[1]] = value[1:-1] if quoted else value
            continue
        try:
            jobs.append(Job(line, user, variables))
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
    return jobs


def tables() -> Iterator[tuple[str, str | None]]:
    """Path and user of each table there is."""
    if os.path.isfile("/etc/crontab"):
        yield "/etc/crontab", None
    for name in sorted(os.listdir("/etc/cron.d")) if os.path.isdir("/etc/cron.d") else ():
        if NAME.fullmatch(name):
            yield f"/etc/cron.d/{name}", None
    for folder in {os.path.realpath(path): None for path in (SPOOL, ALPINE)}:
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
            yield f"{folder}/{name}", name


def all_jobs(told: set[tuple[str, str]]) -> list[Job]:
    """told: complaints that were made, so that each is made once."""
    jobs: list[Job] = []
    for path, user in tables():
        try:
            with open(path, encoding="utf-8", errors="surrogateescape") as file:
                jobs += jobs_of(file.read(), user)
        except (OSError, ValueError) as error:
            if (path, str(error)) not in told:
                told.add((path, str(error)))
                print(f"cron: {path} is not used: {error}", file=sys.stderr, flush=True)
    for folder, when in FOLDERS.items():
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
            if NAME.fullmatch(name) and os.access(f"{folder}/{name}", os.X_OK):
                jobs.append(Job(f"{when} {folder}/{name}", "root", {}))
    return jobs


def surroundings(job: Job, entry: pwd.struct_passwd, hands_on: bool) -> dict[str, str]:
    """A job's environment."""
    given = dict(os.environ) if hands_on else {"PATH": "/usr/bin:/bin"}
    if not hands_on and os.path.isfile("/etc/environment"):  # pam_env(8)
        with open("/etc/environment", encoding="utf-8", errors="surrogateescape") as file:
            for line in file:
                assignment = ASSIGNMENT.fullmatch(line.removeprefix("export ").rstrip("\n"))
                if assignment:
                    given[assignment[1]] = assignment[2].strip("'\"")
    given |= {"HOME": entry.pw_dir, "LOGNAME": entry.pw_name, "SHELL": "/bin/sh"}
    if hands_on:
        given["USER"] = entry.pw_name
    return given | job.variables


def start(job: Job, hands_on: bool) -> subprocess.Popen[bytes] | None:
    """Starts a job; None, and a complaint, where its user is nobody or it cannot be started."""
    try:
        entry = pwd.getpwnam(job.user)
        given = surroundings(job, entry, hands_on)
        parts = [part.replace("\\%", "%") for part in re.split(r"(?<!\\)%", job.command)]
        same = entry.pw_uid == os.geteuid()
        home = given["HOME"] if os.path.isdir(given["HOME"]) else "/"
        output = None if hands_on else subprocess.DEVNULL
        child = subprocess.Popen(
            [given["SHELL"], "-c", parts[0]],
            stdin=subprocess.PIPE if parts[1:] else subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=home,
            env=given,
            user=None if same else job.user,
            group=None if same else entry.pw_gid,
            extra_groups=None if same else os.getgrouplist(job.user, entry.pw_gid),
        )
    except (KeyError, OSError) as error:
        print(f"cron: {job.command}: {error}", file=sys.stderr, flush=True)
        return None
    if child.stdin:
        with suppress(BrokenPipeError):  # it reads nothing
            child.stdin.write("\n".join([*parts[1:], ""]).encode())
            child.stdin.close()
    return child


def daemon(foreground: bool, hands_on: bool) -> int:
    if not foreground:
        if os.fork():
            os._exit(0)
        os.setsid()
    told: set[tuple[str, str]] = set()
    running: list[subprocess.Popen[bytes] | None] = []
    running += [start(job, hands_on) for job in all_jobs(told) if job.when is None]
    while True:
        minute = time.time() // 60 * 60 + 60
        while (left := minute - time.time()) > 0:
            time.sleep(left)
        now = datetime.datetime.fromtimestamp(minute)
        running = [child for child in running if child and child.poll() is None]
        running += [start(job, hands_on) for job in all_jobs(told) if job.is_due(now)]


def crontab(words: list[str]) -> int | str:
    own = user = pwd.getpwuid(os.getuid()).pw_name
    action = "-"
    while words:
        word = words.pop(0)
        if word == "-u" and words:
            user = words.pop(0)
            if user not in (entry.pw_name for entry in pwd.getpwall()):
                return f"crontab: user `{user}' unknown"
            if user != own and os.geteuid():
                return "crontab: must be privileged to use -u"
        elif word in ("-l", "-r", "-e", "-"):
            action = word
        elif word.startswith("-"):
            return f"crontab: {word} is not known here"
        else:
            action = word
    path = f"{SPOOL}/{user}"
    if action == "-e":
        return "crontab: there is no editor: write a file, and call `crontab FILE`"
    if action in ("-l", "-r") and not os.path.isfile(path):
        return f"no crontab for {user}"
    if action == "-l":
        with open(path) as file:
            sys.stdout.write(file.read())
        return 0
    if action == "-r":
        os.remove(path)
        return 0
    try:
        if action == "-":
            text = sys.stdin.read()
        else:
            with open(action) as file:
                text = file.read()
        jobs_of(text, user)
    except OSError as error:
        return f"{action}: {error.strerror}"
    except ValueError as error:
        return f'"{action}": {error}\nerrors in crontab file, can\'t install.'
    os.makedirs(SPOOL, exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, 0o600)
    return 0


def main(argv: list[str]) -> int | str:
    name, words = os.path.basename(argv[0]), argv[1:]
    if name == "crontab":
        return crontab(words)
    if name == "service":
        if words[:1] not in (["cron"], ["crond"]) or words[1:] not in (["start"], ["restart"]):
            return f"service: {' '.join(words)}: a box has no other service than cron"
        return daemon(False, words[0] == "crond")
    try:  # what they only log is nothing here
        options, rest = getopt.getopt(words, "fbSl:d:L:" if name == "crond" else "flnL:")
    except getopt.GetoptError as error:
        return f"{name}: {error.msg}: not known here"
    if name == "cron" and rest in (["start"], ["restart"]):  # /etc/init.d/cron
        rest = []
    if rest:
        return f"{name}: {' '.join(rest)}: not known here"
    return daemon(("-f", "") in options, name == "crond")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv))
    except KeyboardInterrupt:
        sys.exit(130)
