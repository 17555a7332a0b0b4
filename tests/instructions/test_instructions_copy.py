"""COPY and ADD: sources, destinations, owners, and what leads out of the context."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from boxer.dockerfile import Add, Copy, Heredoc
from boxer.errors import (
    ArchiveError,
    BadModeError,
    BadPatternError,
    BoxerError,
    ContextEscapeError,
    CopySourceError,
    CopyTargetError,
    RemoteSourceError,
    Where,
)
from boxer.filetree import Directory, File, Symlink, Tree, write_tar
from boxer.instructions.addition import copy_files
from boxer.instructions.context import Context

if TYPE_CHECKING:
    from tests.stages import Stage

Folder = Callable[[dict[str, str]], Path]

FILES = {
    "app.py": "app",
    "util.py": "util",
    "README.md": "readme",
    ".env": "secret",
    "pkg/__init__.py": "init",
    "pkg/sub/data.txt": "data",
    "pkg/sub/[odd].txt": "odd",
    "other/data.txt": "other",
    "inner": "-> pkg/sub",
    "file-link": "-> app.py",
    "pkg/inside-link": "-> /etc/passwd",
}


class Ignored:
    """A fake for `.dockerignore`: names that are left out."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def excludes(self, path: str, is_dir: bool) -> bool:
        return any(path == name or path.startswith(name + "/") for name in self._names)


def _copy(target: Stage, context: Context, *argv: str, **flags: Any) -> None:
    *sources, destination = argv
    kind = Add if flags.pop("add", False) else Copy
    head: dict[str, Any] = {"where": Where("Dockerfile", 4), "text": "COPY"}
    step = kind(**head, sources=tuple(sources), destination=destination, **flags)
    copy_files(step, target.state, context, target.ports)


def _files(tree: Tree, below: str) -> dict[str, str]:
    return {path: node.data.decode() for path, node in tree.walk(below) if isinstance(node, File)}


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["app.py", "/x"], {"/x": "app"}),
        (["app.py", "/x/"], {"/x/app.py": "app"}),
        (["./app.py", "/x/y/z"], {"/x/y/z": "app"}),
        (["/app.py", "/x/"], {"/x/app.py": "app"}),
        (["app.py", "util.py", "/x/"], {"/x/app.py": "app", "/x/util.py": "util"}),
        (["*.py", "/x/"], {"/x/app.py": "app", "/x/util.py": "util"}),
        (["?pp.py", "/x/"], {"/x/app.py": "app"}),
        (["[!a]*.py", "/x/"], {"/x/app.py": "app"}),
        (["[^a]*.py", "/x/"], {"/x/util.py": "util"}),
        (["pkg", "/x"], {"/x/__init__.py": "init", "/x/sub/data.txt": "data",
                         "/x/sub/[odd].txt": "odd"}),
        (["pkg/", "/x/"], {"/x/__init__.py": "init", "/x/sub/data.txt": "data",
                           "/x/sub/[odd].txt": "odd"}),
        (["pkg/sub", "other", "/x/"], {"/x/data.txt": "other", "/x/[odd].txt": "odd"}),
        (["*/data.txt", "/x/"], {"/x/data.txt": "other"}),
        (["pkg/*/*.txt", "/x/"], {"/x/data.txt": "data", "/x/[odd].txt": "odd"}),
        (["pkg/sub/\\[odd\\].txt", "/x/"], {"/x/[odd].txt": "odd"}),
        (["p*", "/x/"], {"/x/__init__.py": "init", "/x/sub/data.txt": "data",
                         "/x/sub/[odd].txt": "odd"}),
        (["inner", "/x"], {"/x/data.txt": "data", "/x/[odd].txt": "odd"}),
        (["inner/data.txt", "/x"], {"/x": "data"}),
        (["file-link", "/x/"], {"/x/file-link": "app"}),
        (["no-such-*", "/x/"], {}),
        ([".env", "/x"], {"/x": "secret"}),
    ],
)  # fmt: skip
def test_sources_go_where_buildkit_puts_them(
    stage: Stage, folder: Folder, argv: list[str], expected: dict[str, str]
) -> None:
    _copy(stage, Context(folder(FILES)), *argv)
    assert _files(stage.tree, "/x") == expected


@pytest.mark.parametrize(
    ("working_dir", "destination", "path"),
    [
        ("", ".", "/app.py"),
        ("", "x", "/x"),
        ("/work", ".", "/work/app.py"),
        ("/work", "./", "/work/app.py"),
        ("/work", "sub/", "/work/sub/app.py"),
        ("/work", "sub", "/work/sub"),
        ("/work", "../y", "/y"),
        ("/work", "../../../y/", "/y/app.py"),
        ("/work", "/z/.", "/z/app.py"),
        ("/work", "/etc", "/etc/app.py"),
    ],
)
def test_destinations_are_relative_to_the_working_directory(
    stage: Stage, folder: Folder, working_dir: str, destination: str, path: str
) -> None:
    stage.state.config = replace(stage.state.config, working_dir=working_dir)
    _copy(stage, Context(folder(FILES)), "app.py", destination)
    assert stage.tree.file(path).data == b"app"


def test_copying_all_takes_hidden_files_and_links_as_they_are(stage: Stage, folder: Folder) -> None:
    _copy(stage, Context(folder(FILES)), ".", "/x/")
    assert stage.tree.file("/x/.env").data == b"secret"
    link = stage.tree.get("/x/pkg/inside-link", follow=False)
    assert isinstance(link, Symlink)
    assert link.target == "/etc/passwd"
    link = stage.tree.get("/x/inner", follow=False)
    assert isinstance(link, Symlink)


def test_what_is_ignored_does_not_exist(stage: Stage, folder: Folder) -> None:
    context = Context(folder(FILES), Ignored(".env", "pkg/sub", "other"))
    _copy(stage, context, ".", "/x/")
    assert "/x/.env" not in _files(stage.tree, "/x")
    assert stage.tree.get("/x/pkg/sub") is None
    assert stage.tree.get("/x/other") is None
    with pytest.raises(CopySourceError):
        _copy(stage, context, ".env", "/y")


def test_modes_and_times_are_kept_and_times_clamped(stage: Stage, folder: Folder) -> None:
    import os

    root = folder({"d/f": "x", "d/g": "y"})
    (root / "d/f").chmod(0o751)
    (root / "d").chmod(0o700)
    os.utime(root / "d/f", (50, 50))
    stage.state.epoch = 100
    _copy(stage, Context(root), ".", "/x/")
    assert stage.attributes("/x/d/f") == "0:0 751"
    assert stage.attributes("/x/d") == "0:0 700"
    assert stage.tree.file("/x/d/f").mtime == 50
    assert stage.tree.file("/x/d/g").mtime == 100


def test_a_folder_that_is_the_destination_is_made_755_and_one_that_is_there_stays(
    stage: Stage, folder: Folder
) -> None:
    root = folder({"d/f": "x"})
    (root / "d").chmod(0o700)
    _copy(stage, Context(root), "d", "/new")
    assert stage.attributes("/new") == "0:0 755"
    _copy(stage, Context(root), "d", "/home/app", chown="7:8")
    assert stage.attributes("/home/app") == "1000:1001 755"
    assert stage.attributes("/home/app/f") == "7:8 644"


def test_a_folder_below_the_destination_is_as_in_the_source_even_where_it_was_there(
    stage: Stage, folder: Folder
) -> None:
    root = folder({"d/inner/f": "x"})
    (root / "d/inner").chmod(0o750)
    stage.tree.make_directories("/app/d/inner", 0o700, 5, 6)
    stage.tree.make_directories("/app/d/own", 0o700, 5, 6)
    _copy(stage, Context(root), ".", "/app", chown="app:staff")
    assert stage.attributes("/app") == "5:6 700"
    assert stage.attributes("/app/d") == "1000:50 755"
    assert stage.attributes("/app/d/inner") == "1000:50 750"
    assert stage.attributes("/app/d/own") == "5:6 700"


@pytest.mark.parametrize(
    ("chown", "owner", "notices"),
    [
        ("1234", "1234:1234", 0),
        ("1234:5", "1234:5", 0),
        ("app", "1000:1001", 0),
        ("app:staff", "1000:50", 0),
        ("app:7", "1000:7", 0),
        ("app:", "1000:1001", 0),
        (":staff", "0:50", 0),
        ("nobody", "0:0", 1),
        ("nobody:nogroup", "0:0", 2),
        (None, "0:0", 0),
    ],
)
def test_chown_is_read_as_buildkit_reads_it(
    stage: Stage, folder: Folder, chown: str | None, owner: str, notices: int
) -> None:
    _copy(stage, Context(folder(FILES)), "app.py", "/deep/er/", chown=chown)
    assert stage.attributes("/deep/er/app.py") == f"{owner} 644"
    assert stage.attributes("/deep/er") == f"{owner} 755"
    assert len(stage.heard.notices) == notices


@pytest.mark.parametrize(
    ("chmod", "file", "directory"),
    [
        ("755", "755", "755"),
        ("0644", "644", "644"),
        ("u+x,go-rx", "700", "700"),
        ("4711", "4711", "4711"),
    ],
)
def test_chmod_sets_the_modes_of_what_is_copied(
    stage: Stage, folder: Folder, chmod: str, file: str, directory: str
) -> None:
    _copy(stage, Context(folder(FILES)), "pkg", "/x/", chmod=chmod)
    assert stage.attributes("/x/__init__.py") == f"0:0 {file}"
    assert stage.attributes("/x/sub") == f"0:0 {directory}"
    assert stage.attributes("/x/inside-link") == "0:0 777"


def test_a_file_replaces_a_link_inside_a_folder_and_writes_through_one_above(
    stage: Stage, folder: Folder
) -> None:
    stage.tree.make_directories("/real")
    stage.tree.add_symlink("/alias", "/real")
    stage.tree.add_symlink("/real/app.py", "/etc/passwd")
    _copy(stage, Context(folder({"s/app.py": "new"})), "s", "/alias/")
    assert stage.tree.file("/etc/passwd").data.startswith(b"root")
    node = stage.tree.get("/real/app.py", follow=False)
    assert isinstance(node, File)


def test_a_link_as_destination_stays_inside_the_box(stage: Stage, folder: Folder) -> None:
    stage.tree.add_symlink("/out", "../../../../outside")
    _copy(stage, Context(folder(FILES)), "app.py", "/out/")
    assert stage.tree.file("/outside/app.py").data == b"app"


@pytest.mark.parametrize(
    ("argv", "files"),
    [
        (["s", "/home/app/f"], {"s/x": "1"}),
        (["s", "/t/"], {"s/passwd/x": "1"}),
        (["f", "/etc/passwd/x"], {"f": "1"}),
        (["s", "/u/"], {"s/dir": "file"}),
    ],
)
def test_files_and_folders_do_not_take_each_others_place(
    stage: Stage, folder: Folder, argv: list[str], files: dict[str, str]
) -> None:
    stage.tree.add_file("/home/app/f", b"")
    stage.tree.add_file("/t/passwd", b"")
    stage.tree.make_directories("/u/dir")
    with pytest.raises(CopyTargetError) as error:
        _copy(stage, Context(folder(files)), *argv)
    assert str(error.value.where) == "Dockerfile:4"


def test_a_first_process_that_is_added_from_afar_is_the_builds_own(
    stage: Stage, folder: Folder
) -> None:
    _copy(stage, Context(folder({"a": "x"})), "https://example.org/v0.19.0/tini", "/sbin/tini")
    assert stage.attributes("/sbin/tini") == "0:0 644"
    assert "nothing is fetched" in stage.heard.notices[0]


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("missing.py", CopySourceError),
        ("pkg/missing", CopySourceError),
        ("app.py/x", CopySourceError),
        ("../secret", ContextEscapeError),
        ("pkg/../../secret", ContextEscapeError),
        ("../*", ContextEscapeError),
        ("out", ContextEscapeError),
        ("out/secret", ContextEscapeError),
        ("abs/passwd", ContextEscapeError),
        ("abs", ContextEscapeError),
        ("chain", ContextEscapeError),
        ("out/*", ContextEscapeError),
        ("loop", CopySourceError),
        ("[", BadPatternError),
        ("[]", BadPatternError),
        ("[a-]x", BadPatternError),
        ("x\\", BadPatternError),
        ("https://example.org/x.tar.gz", RemoteSourceError),
        ("git@example.org:x.git", RemoteSourceError),
        ("nul\0byte", CopySourceError),
    ],
)
def test_what_is_not_there_or_leads_out_is_an_error_with_its_line(
    stage: Stage, folder: Folder, source: str, error: type[BoxerError]
) -> None:
    root = folder(
        {
            "app.py": "x",
            "pkg/f": "x",
            "out": "-> ..",
            "abs": "-> /etc",
            "chain": "-> pkg/up",
            "pkg/up": "-> ../../secret",
            "loop": "-> loop",
        }
    )
    (root.parent / "secret").write_text("outside")
    before = stage.tree.digest()
    with pytest.raises(error) as raised:
        _copy(stage, Context(root), source, "/x/")
    assert str(raised.value.where) == "Dockerfile:4"
    assert "outside" not in str(_files(stage.tree, "/x"))
    assert stage.tree.digest() == before


def test_a_misspelt_source_names_the_nearest(stage: Stage, folder: Folder) -> None:
    with pytest.raises(CopySourceError) as error:
        _copy(stage, Context(folder({"requirements.txt": ""})), "requirement.txt", "/")
    assert error.value.hint == "Did you mean `requirements.txt`?"


def test_a_mode_that_is_none_is_an_error(stage: Stage, folder: Folder) -> None:
    with pytest.raises(BadModeError) as error:
        _copy(stage, Context(folder(FILES)), "app.py", "/", chmod="rw")
    assert str(error.value.where) == "Dockerfile:4"


# --- other stages ------------------------------------------------------------------------------


def _builder(stage: Stage) -> Context:
    other = Tree()
    other.add_file("/out/bin/tool", b"tool", mode=0o755, uid=5, gid=6, mtime=7)
    other.add_link("/out/bin/same", "/out/bin/tool")
    other.add_symlink("/latest", "/out")
    other.add_symlink("/out/link", "/nowhere")
    stage.stages["builder"] = other
    return Context(Path("/nonexistent"))


def test_copies_from_a_stage_keep_owners_and_hard_links(stage: Stage) -> None:
    context = _builder(stage)
    _copy(stage, context, "/latest/bin", "/x/", from_stage="builder")
    assert stage.attributes("/x/tool") == "5:6 755"
    assert stage.tree.get("/x/same") is stage.tree.get("/x/tool")
    assert stage.tree.get("/x/tool") is not stage.stages["builder"].get("/out/bin/tool")


@pytest.mark.parametrize(
    "source", ["out/bin/tool", "/out/*/to?l", "../../out/bin/tool", "/latest/bin/tool"]
)
def test_paths_of_a_stage_are_from_its_root(stage: Stage, source: str) -> None:
    _copy(stage, _builder(stage), source, "/x", from_stage="builder", chown="0:0")
    assert stage.attributes("/x") == "0:0 755"


def test_a_stage_that_is_not_there_is_an_error(stage: Stage) -> None:
    with pytest.raises(CopySourceError, match="--from=bilder"):
        _copy(stage, _builder(stage), "/x", "/", from_stage="bilder")
    with pytest.raises(CopySourceError, match="not in `builder`"):
        _copy(stage, _builder(stage), "/missing", "/", from_stage="builder")


@pytest.mark.parametrize(
    "image", ["registry.example/astral-sh/uv:latest", "astral-sh/uv:0.5.1", "astral-sh/uv"]
)
def test_uvs_own_image_gives_the_builds_uv(stage: Stage, image: str) -> None:
    _copy(stage, _builder(stage), "/uv", "/uvx", "/bin/", from_stage=image)
    assert stage.run("uv --version; /bin/uv --version").count("uv ") == 2
    _copy(stage, _builder(stage), "/usr/local/bin/uv", "/opt/uv", from_stage=image)
    assert stage.run("/opt/uv pip list").startswith("Package")


# --- archives and documents --------------------------------------------------------------------


def _archive(path: Path) -> None:
    tree = Tree()
    tree.root.mode = 0o700
    tree.add_file("/inner/f", b"packed", uid=3, gid=4, mtime=500)
    buffer = io.BytesIO()
    write_tar(tree, buffer)
    path.write_bytes(gzip.compress(buffer.getvalue()))


def test_add_unpacks_archives_and_copy_does_not(stage: Stage, folder: Folder) -> None:
    root = folder({"plain.gz": "x"})
    _archive(root / "a.tgz")
    stage.state.epoch = 100
    _copy(stage, Context(root), "a.tgz", "plain.gz", "/x/", add=True)
    assert stage.tree.file("/x/inner/f").data == b"packed"
    assert stage.attributes("/x/inner/f") == "3:4 644"
    assert stage.tree.file("/x/inner/f").mtime == 100
    assert stage.attributes("/x") == "0:0 755"
    assert stage.tree.file("/x/plain.gz").data == b"x"
    _copy(stage, Context(root), "a.tgz", "/y/")
    assert stage.tree.get("/y/a.tgz") is not None
    _copy(stage, Context(root), "a.tgz", "/z", add=True, chown="app")
    assert stage.attributes("/z/inner/f") == "1000:1001 644"
    assert stage.attributes("/z") == "1000:1001 755"


def test_an_archive_that_reaches_outside_names_its_line(stage: Stage, folder: Folder) -> None:
    import tarfile

    root = folder({})
    with tarfile.open(root / "evil.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo("../../evil"))
    with pytest.raises(ArchiveError) as error:
        _copy(stage, Context(root), "evil.tar", "/x/", add=True)
    assert str(error.value.where) == "Dockerfile:4"


def test_here_documents_are_files(stage: Stage, folder: Folder) -> None:
    documents = (Heredoc("a.txt", "one\n", True), Heredoc("b.txt", "two\n", False))
    _copy(stage, Context(folder(FILES)), "app.py", "/x/", heredocs=documents, chmod="600")
    assert _files(stage.tree, "/x") == {
        "/x/a.txt": "one\n",
        "/x/app.py": "app",
        "/x/b.txt": "two\n",
    }
    assert stage.attributes("/x/a.txt") == "0:0 600"


def test_parents_and_exclude_keep_and_leave_folders(stage: Stage, folder: Folder) -> None:
    context = Context(folder(FILES))
    _copy(stage, context, "pkg/sub/data.txt", "/x/", parents=True)
    _copy(stage, context, "./pkg/./sub/data.txt", "/y/", parents=True)
    _copy(stage, context, "pkg", "/z/", exclude=("sub",))
    assert set(_files(stage.tree, "/x")) == {"/x/pkg/sub/data.txt"}
    assert set(_files(stage.tree, "/y")) == {"/y/sub/data.txt"}
    assert set(_files(stage.tree, "/z")) == {"/z/__init__.py"}
    assert isinstance(stage.tree.get("/z"), Directory)


DEEP = {
    "pyproject.toml": "root",
    "a/pyproject.toml": "a",
    "a/b/c/pyproject.toml": "c",
    "a/b/other.txt": "other",
    "a/tests/t.txt": "t",
}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("**/pyproject.toml", ["a/b/c/pyproject.toml", "a/pyproject.toml", "pyproject.toml"]),
        ("a/**/pyproject.toml", ["a/b/c/pyproject.toml", "a/pyproject.toml"]),
        ("a/./**/**/*.txt", ["b/other.txt", "tests/t.txt"]),
        ("a/b/**", ["a/b/c/pyproject.toml", "a/b/other.txt"]),
        ("**/c", ["a/b/c/pyproject.toml"]),
        ("*/pyproject.toml", ["a/pyproject.toml"]),
    ],
)
@pytest.mark.parametrize("from_stage", [None, "0"])
def test_two_stars_of_parents_are_any_folders(
    stage: Stage, folder: Folder, source: str, expected: list[str], from_stage: str | None
) -> None:
    root = folder(DEEP)
    stage.stages["0"] = Tree()
    for name, text in DEEP.items():
        stage.stages["0"].add_file(f"/{name}", text.encode())
    _copy(stage, Context(root), source, "/x/", parents=True, from_stage=from_stage)
    assert sorted(_files(stage.tree, "/x")) == [f"/x/{name}" for name in expected]


def test_two_stars_within_a_name_are_refused(stage: Stage, folder: Folder) -> None:
    with pytest.raises(BadPatternError, match="within a name"):
        _copy(stage, Context(folder(DEEP)), "a**.toml", "/x/", parents=True)


def test_exclude_of_parents_is_seen_from_where_they_begin(stage: Stage, folder: Folder) -> None:
    context = Context(folder(DEEP))
    _copy(stage, context, "a", "/x/", parents=True, exclude=("a/b", "**/t.txt"))
    assert set(_files(stage.tree, "/x")) == {"/x/a/pyproject.toml"}
    _copy(stage, context, "a/./b", "/y/", parents=True, exclude=("b/c",))
    assert set(_files(stage.tree, "/y")) == {"/y/b/other.txt"}


def test_a_pattern_that_matches_a_link_to_nothing_is_an_error(stage: Stage, folder: Folder) -> None:
    context = Context(folder({"a.py": "a", "b.py": "-> gone.py"}))
    stage.stages["0"] = Tree()
    stage.stages["0"].add_symlink("/b.py", "gone.py")
    for from_stage in (None, "0"):
        with pytest.raises(CopySourceError, match=r"\*\.py` matches the symbolic link"):
            _copy(stage, context, "*.py", "/x/", from_stage=from_stage)


def test_a_path_that_goes_up_and_stays_inside_is_found(stage: Stage, folder: Folder) -> None:
    _copy(stage, Context(folder(FILES)), "pkg/../app.py", "/x")
    assert _files(stage.tree, "/x") == {"/x": "app"}
