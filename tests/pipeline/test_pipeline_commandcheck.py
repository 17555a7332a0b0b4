"""What a build says of a box's command, and the images that are spelt out."""

from __future__ import annotations

import pytest

from boxer.boxfile import Distribution, Healthcheck, ImageConfig
from boxer.dockerfile import Entrypoint, From, User, parse
from boxer.errors import (
    AccountError,
    BoxerError,
    EngineError,
    ForeignProgramError,
    FreezeError,
    UnsupportedModuleError,
    WarmupError,
    Where,
)
from boxer.filetree import Tree
from boxer.images.spelling import with_known_images
from boxer.pipeline.commandcheck import check_command, tell_differences
from boxer.pipeline.events import Event, Notice
from boxer.pipeline.imports import Imports
from boxer.pipeline.places import Places
from boxer.plan import plan

DOCKERFILE = """\
FROM python:3.12 AS first
RUN pip install click
CMD ["python3", "first.py"]
FROM first AS unused
CMD ["unused"]
FROM first
RUN pip install numpy
HEALTHCHECK CMD curl localhost
ENTRYPOINT ["gunicorn"]
CMD ["app:app"]
"""


def places_in(text: str) -> Places:
    return Places(plan(parse(text, "Dockerfile"), {}, None, lambda reference, where: {}))


def noticed(config: ImageConfig, program: Imports | None = None, asked: str = "") -> list[Notice]:
    tree = Tree()
    tree.add_file("/usr/local/bin/python3", b"#!boxer python\n", 0o755)
    tree.add_file("/bin/sh", b"#!boxer sh\n", 0o755)
    tree.add_file("/srv/app.py", b"print(1)\n")
    heard: list[Event] = []
    places = places_in(DOCKERFILE)
    check_command(config, tree, program or Imports(), asked, places, heard.append)
    return [event for event in heard if isinstance(event, Notice)]


def told(config: ImageConfig, program: Imports | None = None, asked: str = "") -> list[str]:
    return [event.message for event in noticed(config, program, asked)]


@pytest.mark.parametrize(
    ("command", "missing"),
    [
        (("gunicorn", "app:app"), "gunicorn"),
        (("/bin/sh", "-c", "exec /opt/run --now"), "/opt/run"),
        (("python3", "/srv/other.py"), "/srv/other.py"),
        (("python3", "-u", "other.py"), "/srv/other.py"),
        (("python3", "app.py"), None),
        (("python3", "-m", "anything"), None),
        (("python3",), None),
        (("/bin/sh", "-c", "cd /x && gunicorn app:app"), None),  # more than one command
        (("/bin/sh", "-c", "echo hello"), None),  # maybe the shell's own
        ((), None),
    ],
)
def test_a_command_whose_file_is_not_there_is_told(
    command: tuple[str, ...], missing: str | None
) -> None:
    found = told(ImageConfig(cmd=command, working_dir="/srv"))
    assert [message for message in found if "which is not in it" in message] == found
    assert [message.split("`")[1] for message in found] == ([missing] if missing else [])


@pytest.mark.parametrize(
    ("check", "missing"),
    [
        (("CMD", "curl", "-f", "http://localhost/"), "curl"),
        (("CMD", "/opt/check"), "/opt/check"),
        (("CMD-SHELL", "curl -f http://localhost/ || exit 1"), "curl"),
        (("CMD-SHELL", "  wget -q --spider http://localhost/"), "wget"),
        (("CMD-SHELL", "curl"), "curl"),
        (("CMD-SHELL", "python3 -c 'print(1)'"), None),
        (("CMD-SHELL", "test -f /tmp/ready"), None),  # the shell's own
        (("CMD-SHELL", "[ -f /tmp/ready ]"), None),
        (("CMD-SHELL", "PORT=1 curl localhost"), None),  # not plain
        (("CMD-SHELL", "$CHECK"), None),
        (("CMD", "python3", "/srv/app.py"), None),
        (("CMD",), None),
        (("NONE",), None),
    ],
)
def test_a_health_check_whose_program_is_not_there_is_told(
    check: tuple[str, ...], missing: str | None
) -> None:
    found = told(ImageConfig(cmd=("python3",), healthcheck=Healthcheck(check)))
    assert [message.split("`")[1] for message in found] == ([missing] if missing else [])
    assert all("HEALTHCHECK" in message for message in found)


def test_a_module_that_only_the_python_asked_for_has_is_told() -> None:
    program = Imports(own=(("/srv/app.py", b"import imghdr, json\n"),))
    config = ImageConfig(cmd=("python3", "/srv/app.py"))
    assert told(config, program, "3.12") == [
        "The program imports `imghdr`, which Python 3.12 has and the box's has not."
    ]
    assert told(config, program, "") == []
    # installed by a RUN
    assert told(config, Imports(packages=("imghdr",), own=program.own), "3.12") == []


@pytest.mark.parametrize(
    ("config", "line"),
    [
        (ImageConfig(entrypoint=("gunicorn",), cmd=("app:app",)), 9),
        (ImageConfig(cmd=("app:app",)), 10),
        (ImageConfig(cmd=("python3", "/srv/first.py")), 3),  # of the stage that it begins with
        (ImageConfig(cmd=("elsewhere",)), 10),  # a variable's value
        (ImageConfig(cmd=("python3",), healthcheck=Healthcheck(("CMD", "curl"))), 8),
    ],
)
def test_what_is_told_has_its_line(config: ImageConfig, line: int) -> None:
    (event,) = noticed(config)
    assert event.where == Where("Dockerfile", line, line)


def test_where_no_instruction_says_it_the_line_is_that_of_the_image() -> None:
    places = places_in("FROM python:3.12 AS first\nFROM first\nCOPY . .\n")
    assert str(places.command("gunicorn")) == "Dockerfile:2"
    assert str(places.of(User)) == "Dockerfile:2"
    assert str(places.image()) == "Dockerfile:1"


LABELS = "FROM python\nLABEL boxer.init=app:x\nLABEL boxer.preimport=y\nLABEL other=z\nUSER me\n"


@pytest.mark.parametrize(
    ("error", "init", "place"),
    [
        (WarmupError("The label boxer.preimport is `y`."), None, "Dockerfile:3"),
        (WarmupError("`app:x` is no function."), None, "Dockerfile:2"),
        (WarmupError("`app:x` is no function."), "app:x", "None"),
        (FreezeError("It did not start."), None, "Dockerfile:2"),
        (AccountError("There is no user."), None, "Dockerfile:5"),
        (ForeignProgramError("It is a Linux program."), None, "Dockerfile:1"),
        (UnsupportedModuleError("The box has no program."), None, "Dockerfile:1"),
        (EngineError("It fell over."), None, "None"),
    ],
)
def test_an_error_of_the_whole_box_has_its_line(
    error: BoxerError, init: str | None, place: str
) -> None:
    assert str(places_in(LABELS).of_error(error, init)) == place


@pytest.mark.parametrize(
    ("image", "python", "entrypoint", "user"),
    [
        ("gcr.io/distroless/python3", "python", ("python3",), None),
        ("gcr.io/distroless/python3-debian12:nonroot", "python:3.11", ("python3",), "nonroot"),
        (f"gcr.io/distroless/python3-debian11@sha256:{'0' * 64}", "python:3.9", ("python3",), None),
        (
            "registry.example:5000/lambda/python:3.10-arm64",
            "python:3.10",
            ("/lambda-entrypoint.sh",),
            None,
        ),
        ("tiangolo/uvicorn-gunicorn-fastapi:python3.11-slim", "python:3.11", None, None),
        ("tiangolo/meinheld-gunicorn-flask:python3.9-alpine3.13", "python:3.9", None, None),
    ],
)
def test_an_image_that_is_more_than_python_is_spelt_out(
    image: str, python: str, entrypoint: tuple[str, ...] | None, user: str | None
) -> None:
    heard: list[str] = []
    spelt = with_known_images(
        parse(f"FROM {image} AS app\nWORKDIR /x\n"),
        lambda message, where, hint: heard.append(message),
    )
    first, *rest = spelt.instructions
    assert isinstance(first, From)
    assert (first.image, first.stage_name) == (python, "app")
    assert {entry.where for entry in rest[:-1]} == {first.where}
    entries = [entry for entry in rest if isinstance(entry, Entrypoint)]
    assert [entry.command.argv for entry in entries] == ([entrypoint] if entrypoint else [])
    assert [entry.user for entry in rest if isinstance(entry, User)] == ([user] if user else [])
    assert ["is taken to be" in message for message in heard] == [True]


@pytest.mark.parametrize("image", ["python:3.12", "tiangolo/uvicorn", "distroless/python2", "$X"])
def test_any_other_image_is_left_as_it_is(image: str) -> None:
    parsed = parse(f"FROM {image}\nRUN x\n")
    assert with_known_images(parsed, lambda message, where, hint: None) == parsed


def test_a_package_that_gives_other_results_in_a_box_is_told_once() -> None:
    heard: list[Event] = []
    held = [Distribution("NumPy", "2.4.6", ""), Distribution("click", "8.1", "")]
    tell_differences([*held, *held], places_in(DOCKERFILE), heard.append)
    (event,) = heard
    assert isinstance(event, Notice)
    assert event.where == Where("Dockerfile", 7, 7)
    assert event.message.startswith("`NumPy`: its default integer has 32 bits")
    assert "int64" in (event.hint or "")
