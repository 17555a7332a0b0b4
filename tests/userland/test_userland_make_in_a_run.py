"""make as a command of a RUN: its recipes in the shell, over the stage's tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boxer.errors import RunFailedError

if TYPE_CHECKING:
    from tests.stages import Stage

MAKEFILE = """
NAMES := $(shell ls parts | sort)
export TOOL = fine
all: out/whole sub
out/whole: $(addprefix parts/,$(NAMES))
\t@mkdir -p $(@D)
\tcat $^ | tr a-z A-Z > $@
sub:
\t$(MAKE) -C inner WORD="two words" say
.PHONY: all sub clean
clean: ; rm -rf out
"""
INNER = """
WORD = one
say:
\t@echo "$(WORD) $$TOOL $(MAKELEVEL) $(notdir $(CURDIR))"
"""


@pytest.fixture
def project(stage: Stage) -> Stage:
    stage.tree.add_file("/p/Makefile", MAKEFILE.encode())
    stage.tree.add_file("/p/inner/makefile", INNER.encode())
    for name in ("b", "a"):
        stage.tree.add_file(f"/p/parts/{name}", f"{name}\n".encode())
    return stage


def test_recipes_work_on_the_tree_and_makes_call_makes(project: Stage) -> None:
    said = project.run("cd /p && make -j4")
    assert said == (
        "cat parts/a parts/b | tr a-z A-Z > out/whole\n"
        'make -C inner WORD="two words" say\n'
        "make[1]: Entering directory '/p/inner'\n"
        "two words fine 1 inner\n"
        "make[1]: Leaving directory '/p/inner'\n"
    )
    assert project.tree.file("/p/out/whole").data == b"A\nB\n"


def test_what_is_made_is_not_made_again_and_variables_are_passed_down(project: Stage) -> None:
    project.run("make -C /p -s out/whole")
    assert project.run("cd /p; make out/whole") == "make: 'out/whole' is up to date.\n"
    assert "two words x 1" in project.run("cd /p && make sub WORD=given TOOL=x MAKE='make -s'")
    assert project.run("make -C /p --no-print-directory clean") == "rm -rf out\n"
    assert project.tree.get("/p/out") is None


def test_a_recipe_that_fails_stops_the_run(project: Stage) -> None:
    project.tree.add_file("/p/bad.mk", b"all:\n\tfalse\n\ttouch /never\n")
    with pytest.raises(RunFailedError) as error:
        project.run("cd /p && make -f bad.mk")
    assert "make: *** [bad.mk:2: all] Error 1" in str(error.value)
    assert project.tree.get("/never") is None


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("nothing-makes-this", "*** No rule to make target 'nothing-makes-this'.  Stop."),
        ("-C /none", "*** /none: No such file or directory.  Stop."),
        ("--frobnicate", "unrecognized option '--frobnicate'"),
        ("-f none.mk", "*** none.mk: No such file or directory.  Stop."),
    ],
)
def test_misuse_is_told_in_makes_words(project: Stage, arguments: str, says: str) -> None:
    with pytest.raises(RunFailedError) as error:
        project.run(f"cd /p && make {arguments}")
    assert says in str(error.value)
    assert "status 2" in str(error.value)
