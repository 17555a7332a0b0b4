"""make beside GNU make: the same makefile, the same words and files.

Each case is a makefile and what make is asked for; both run over a folder of the test's own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from boxer.userland.make import Host, MakeError, Makefile, Ran, Settings, Updater

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="no GNU make to compare with")


class Folder(Host):
    """A folder of this machine as a `Host`: what a test brings is trusted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cwd = str(folder)
        self.out = ""
        self.err = ""

    def read(self, path: str) -> str | None:
        file = self.folder / path
        return file.read_text() if file.is_file() else None

    def mtime(self, path: str) -> int | None:
        file = self.folder / path
        return file.stat().st_mtime_ns if file.exists() else None

    def glob(self, pattern: str) -> list[str]:
        found = self.folder.glob(pattern)
        return sorted(str(path.relative_to(self.folder)) for path in found)

    def real(self, path: str) -> str:
        file = self.folder / path
        return str(file.resolve()) if file.exists() else ""

    def shell(self, script: str, environment: Mapping[str, str]) -> Ran:
        done = subprocess.run(
            ["/bin/sh", "-c", script],
            cwd=self.folder,
            env={**_environment(), **environment},
            capture_output=True,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def write(self, out: bytes, err: bytes = b"") -> None:
        self.out += out.decode()
        self.err += err.decode()

    def complain(self, text: str) -> None:
        self.err += text + "\n"


def _environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "LC_ALL": "C", "FROM_OUTSIDE": "env"}


CASES: dict[str, tuple[str, list[str]]] = {
    "variables": (
        "A = $(B) x\nB := b\nB += more\nC ?= c\nC ?= d\nFROM_OUTSIDE ?= no\nS := $A\nB = late\n"
        "all:\n\t@echo '$(A)|$(B)|$C|$(FROM_OUTSIDE)|$S|$(UNSET)|$$x|$(words $(B))'\n",
        [],
    ),
    "references": (
        "SRC = a.c dir/b.c c.h\nN = SRC\nall:\n"
        "\t@echo $(SRC:.c=.o) $(SRC:%.c=o/%.o) $($(N)) ${N}\n",
        [],
    ),
    "functions": (
        "L = c b a b\nall:\n"
        "\t@echo $(sort $L) $(filter-out b,$L) $(filter a% c,$L) $(word 2,$L) $(wordlist 2,3,$L)\n"
        "\t@echo $(firstword $L) $(lastword $L) $(subst a,x,banana) $(patsubst %.c,%.o,x.c y.h)\n"
        "\t@echo $(dir a/b c) $(notdir a/b c) $(basename a/b.c d) $(suffix a/b.c d) "
        "$(join a b,1 2)\n"
        "\t@echo $(addprefix p-,$L) $(addsuffix .s,$L) $(findstring an,banana) '$(strip  a   b )'\n"
        "\t@echo $(if ,yes,no) $(if x,yes) $(or ,,z) $(and a,b) $(foreach v,1 2,<$v>)\n",
        [],
    ),
    "call and eval": (
        "pair = $(1)-$(2)-$(0)\ndefine RULE\nout-$(1):\n\t@echo made $(1) $$@\nendef\n"
        "$(foreach n,x y,$(eval $(call RULE,$(n))))\nall: out-x out-y\n\t@echo $(call pair,a,b)\n",
        ["all"],
    ),
    "shell": (
        "OUT := $(shell echo one; echo two)\nFAIL := $(shell exit 3)\nX != echo bang\n"
        "all:\n\t@echo $(OUT) $(.SHELLSTATUS) $(X)\n",
        [],
    ),
    "pattern rules": (
        "OBJ = a.o sub/b.o\nprog: $(OBJ)\n\tcat $^ > $@\n%.o: %.c common.h\n"
        "\techo '$@ $< $^ $* $(@D) $(@F) $(<F)' > $@\n",
        [],
    ),
    "static pattern": (
        "OBJ = obj/a.o\nall: $(OBJ)\n\tcat $^\n$(OBJ): obj/%.o: %.c | obj\n"
        "\techo $< $| $* > $@\nobj:\n\tmkdir $@\n",
        [],
    ),
    "own rules": ("CC = echo cc\nCFLAGS = -O\nall: a.o\n\t@echo did\nLDLIBS = -lm\n", []),
    "suffix rule": (".SUFFIXES: .x .c\n.c.x:\n\tcp $< $@\nall: a.x\n\tcat a.x\n", ["all"]),
    "phony and order": (
        ".PHONY: all clean\nall: one two\none two:\n\t@echo $@\nclean:\n\trm -f x\n",
        ["all", "clean"],
    ),
    "up to date": ("a.c:\n\techo never\nall: a.c\n", ["a.c"]),
    "nothing to do": ("all: a.c\n", []),
    "conditionals": (
        "A = 1\nifeq ($(A),1)\nB = yes\nelse ifeq ($(A),2)\nB = two\nelse\nB = no\nendif\n"
        "ifdef NOPE\nC = def\nelse\nC = undef\nendif\nifneq 'a' \"b\"\nD = differ\nendif\n"
        "all:\nifdef A\n\t@echo in recipe\nendif\n\t@echo $B $C $D\n",
        [],
    ),
    "target variables": (
        "F = base\nall: one two\n\t@echo all $F\none: F = own\none: inner\n\t@echo one $F\n"
        "inner:\n\t@echo inner $F\ntwo: F += more\ntwo:\n\t@echo two $F\n%.z: F = pat\n"
        "q.z:\n\t@echo $F\n",
        ["all", "q.z"],
    ),
    "include": (
        "include common.mk\n-include nothere.mk\nall: from-include\n\t@echo $(V)\n",
        ["all"],
    ),
    "made include": (
        "-include gen.mk\nall:\n\t@echo got $(G)\ngen.mk:\n\techo G = 5 > $@\n",
        ["all"],
    ),
    "ignored errors": ("all:\n\t-false\n\t@-exit 4\n\t@echo on\n", []),
    "error stops": ("all: bad\n\techo never\nbad:\n\t@echo before; exit 7\n", []),
    "keep going": ("all: bad good\nbad:\n\texit 1\ngood:\n\t@echo good\n", ["-k"]),
    "no rule": ("all: missing.o\n", []),
    "long lines": (
        "L = a \\\n  b \\\n  c\nall: x \\\n  y\n\t@echo $(L) \\\n\t  and more; \\\n\techo next\n"
        "x y: ; @echo $@ # not a comment of make\n# a comment \\\n  that goes on\n",
        [],
    ),
    "export": ("export A = 1\nB = 2\nexport B\nC = 3\nall:\n\t@echo $$A $$B $$C.\n", []),
    "command line": ("A = file\noverride C = kept\nall:\n\t@echo $A $C\n", ["A=given", "C=given"]),
    "double colon": ("all:: a.c\n\t@echo first\nall::\n\t@echo second\n", []),
    "vpath": ("vpath %.c sub\nb.out: b.c\n\tcp $< $@; echo $^\n", []),
    "VPATH": ("VPATH = sub:other\nall: b.copy\n%.copy: %.c\n\tcp $< $@\n", []),
    "chain": (
        ".SECONDARY:\nall: a.two\n\tcat a.two\n%.two: %.one\n\tcp $< $@\n"
        "%.one: %.c\n\tcp $< $@\n",
        [],
    ),
    "define in recipe": ("define STEPS\n@echo one\n@echo two\nendef\nall:\n\t$(STEPS)\n", []),
    "dry run": ("all: x\n\techo all\nx:\n\ttouch x\n", ["-n"]),
    "silent": ("all:\n\techo hi\n", ["-s"]),
    "wildcard": ("S = $(wildcard *.c sub/*.c)\nall:\n\t@echo $(S) $(wildcard no*.z)\n", []),
    "origin": (
        "A = 1\nall:\n\t@echo $(origin A) $(origin CC) $(origin NO) $(origin FROM_OUTSIDE) "
        "$(flavor A) $(value A) $(origin @)\n",
        [],
    ),
    "messages": ("$(info told)\n$(warning careful)\nall:\n\t@echo x\n", []),
    "error function": ("ifndef Z\n$(error Z is missing)\nendif\nall:\n\t@echo x\n", []),
    "one shell": (".ONESHELL:\nall:\n\t@x=1\n\techo $$x\n", []),
    "circle": ("all: a1\na1: a2\n\t@echo a1\na2: a1\n\t@echo a2\n", ["all"]),
    "missing separator": ("all:\n\techo\nwhat is this\n", []),
    "percent subst": (
        "X = s/%.o\nL := a.c b.c\nall:\n\t@echo $(L:%.c=$(X)) $(patsubst %,p%s,$L)\n",
        [],
    ),
    "dollar shell": ("all:\n\t@for i in 1 2; do echo $$i; done; echo \"$$$$\" | wc -l\n", []),
    "semicolon rule": ("all: ; @echo inline $@\n", []),
    "second recipe line target": ("a.c: common.h\nall: a.c\n\t@echo $< $^ $?\n", ["all"]),
    "second expansion": (
        ".SECONDEXPANSION:\na_WANTS = one two\nall: a\na: $$($$@_WANTS)\n\t@echo $@ of $^\n"
        "one two:\n\t@echo $@\n",
        [],
    ),
    "several goals": ("a:\n\t@echo a\nb: a\n\t@echo b\n", ["b", "a"]),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "w"
    (made / "sub").mkdir(parents=True)
    for name in ("a.c", "sub/b.c", "common.h"):
        (made / name).write_text(f"{name}\n")
    (made / "common.mk").write_text("V = included\nfrom-include:\n\t@echo $@\n")
    return made


def _ours(folder: Path, arguments: list[str]) -> tuple[int, str, str]:
    host = Folder(folder)
    switches = {word for word in arguments if word.startswith("-")}
    given = [word for word in arguments if "=" in word]
    goals = [word for word in arguments if word not in switches and word not in given]
    try:
        return _run(host, switches, given, goals), host.out, host.err
    except MakeError as error:
        return 2, host.out, f"{host.err}make: {error}\n"


def _run(host: Folder, switches: set[str], given: list[str], goals: list[str]) -> int:
    settings = Settings(dry="-n" in switches, silent="-s" in switches, keep_going="-k" in switches)
    while True:
        makefile = Makefile(host, _environment())
        for word in given:
            name, _, value = word.partition("=")
            makefile.variables.assign(name, "=", value, "command line")
        assert makefile.read("Makefile")
        updater = Updater(makefile, settings)
        wanted = [name for name in makefile.missing if updater.can_make(name)]
        for name in wanted:
            updater.make(name)
        if not wanted:
            break
    goals = goals or makefile.variables.value(".DEFAULT_GOAL").split()[:1]
    return 0 if all(updater.make(goal) for goal in goals) else 2


@pytest.mark.parametrize("name", CASES)
def test_make_says_and_does_what_gnu_make_does(name: str, folder: Path, tmp_path: Path) -> None:
    text, arguments = CASES[name]
    (folder / "Makefile").write_text(text)
    other = tmp_path / "gnu" / "w"
    shutil.copytree(folder, other)
    done = subprocess.run(
        ["make", *arguments],
        cwd=other,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    status, out, err = _ours(folder, arguments)
    assert (status, out.splitlines()) == (done.returncode, done.stdout.splitlines()), (
        err + done.stderr
    )
    assert bool(err) == bool(done.stderr), err + done.stderr
    assert _files(folder) == _files(other)


def _files(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }
