"""The commands, as a user types them, against a registry that wants a login."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from boxer.cli import main
from boxer.store import ImageStore, parse_reference
from tests.registry.fake import PASSWORD, USER, FakeRegistry
from tests.registry.modules import module


class Commands:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: str | Path, status: int = 0) -> str:
        """What a command prints; where it fails, what it says of that."""
        assert main(list(map(str, words))) == status
        out, err = self._capsys.readouterr()
        return str(err if status else out)


@pytest.fixture
def command(registry: FakeRegistry, capsys: pytest.CaptureFixture[str]) -> Commands:
    registry.auth = "token"
    return Commands(capsys)


def login(command: Commands, registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch, password: str,
          status: int = 0) -> str:  # fmt: skip
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{password}\n"))
    return command("login", registry.host, "-u", USER, "--password-stdin", status=status)


def test_a_box_goes_out_and_comes_back(
    command: Commands, registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name = f"{registry.host}/team/app:1"
    image = ImageStore().put(parse_reference("app"), module())
    assert "names no registry" in command("push", "app", status=1)
    command("tag", "app", name)
    assert command("push", "--no-sbom", name, status=1).startswith("error[registry-denied]")
    assert login(command, registry, monkeypatch, "wrong", 1).startswith("error[registry-denied]")
    assert not (tmp_path / "docker").exists()
    assert login(command, registry, monkeypatch, PASSWORD).startswith("Login Succeeded")
    assert command("push", "-q", "--no-sbom", name) == f"sha256:{image.manifest}\n"
    assert f"sha256:{image.manifest}" in command("images", "--digests")
    command("rmi", name, "app")
    assert command("pull", name) == f"{name}\n"
    [listed] = json.loads(command("images", "--json"))
    assert (listed["name"], listed["tag"]) == (f"{registry.host}/team/app", "1")
    assert listed["manifest"] == f"sha256:{image.manifest}"
    assert command("logout", registry.host).startswith("Removed")
    assert command("pull", name, status=1).startswith("error[registry-denied]")


def test_boxes_go_through_a_file(command: Commands, tmp_path: Path) -> None:
    ImageStore().put(parse_reference("app:1"), module())
    archive = tmp_path / "boxes.tar"
    command("save", "-o", archive, "app:1")
    command("rmi", "app:1")
    assert command("load", "-i", archive) == "Loaded box: app:1\n"
    assert command("load", "-q", "-i", archive, "--tag", "other") == ""
    assert ImageStore().get(parse_reference("other")) == module()
    assert "no tar archive" in command("load", "-i", __file__, status=1)
    assert "cannot be read" in command("load", "-i", tmp_path / "none.tar", status=1)


@pytest.mark.parametrize("host", ["", "Host", "a/b", "name", "host:port", "http://host.example"])
def test_what_is_no_registry(command: Commands, host: str) -> None:
    assert command("login", host, "-u", "x", "-p", "y", status=1).startswith("error[bad-reference]")


def test_a_login_without_a_terminal_is_refused(
    command: Commands, registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert "no terminal" in command("login", registry.host, status=1)


def test_a_box_that_is_missing_is_fetched_or_not(command: Commands, registry: FakeRegistry) -> None:
    registry.auth = "none"
    name = f"{registry.host}/team/app:1"
    assert command("run", name, status=125).count("error[registry-missing]") == 1
    assert command("run", "--pull", "never", name, status=125).startswith("error[box-missing]")
