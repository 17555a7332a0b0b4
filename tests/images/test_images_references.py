"""Which base a FROM reference means."""

from __future__ import annotations

import pytest

from boxer.errors import UnknownBaseError
from boxer.images import default_base, resolve, table, tools_of
from boxer.images.references import with_python


@pytest.mark.parametrize(
    ("reference", "flavour"),
    [
        ("python", ""),
        ("python:latest", ""),
        ("python:3", ""),
        ("python:3.13", ""),
        ("python:3.13.2", ""),
        ("python:slim", "slim"),
        ("python:3-alpine", "alpine"),
        ("python:3.13-slim", "slim"),
        ("python:3.13-slim-bookworm", "slim-bookworm"),
        ("python:3.13-alpine3.20", "alpine3.20"),
        ("python:3.13.5-bookworm", "bookworm"),
        ("library/python:3.13", ""),
        ("registry.example/library/python:3.13", ""),
        ("registry.example:5000/mirror/library/python:3.13", ""),
    ],
)
def test_spellings_of_the_python_image_mean_the_python_base(reference: str, flavour: str) -> None:
    found = resolve(reference)
    assert (found.name, found.variant, found.flavour) == ("python", "3.13", flavour)
    assert found.notice is None


@pytest.mark.parametrize("reference", ["python:3.9", "python:3.12-slim", "python:3.14-rc"])
def test_another_minor_version_says_which_one_the_box_gets(reference: str) -> None:
    found = resolve(reference)
    assert found.variant == "3.13"
    assert found.notice is not None
    assert reference in found.notice
    assert "the box gets python 3.13" in found.notice


def test_a_digest_is_accepted_with_a_notice() -> None:
    found = resolve("python:3.13@sha256:" + "0" * 64)
    assert "digest" in (found.notice or "")


def test_a_foreign_registry_is_accepted_with_a_notice() -> None:
    assert "taken to be" in (resolve("registry.example/python:3.13").notice or "")


def test_scratch_is_a_base_without_a_variant() -> None:
    found = resolve("scratch")
    assert found.is_scratch
    assert found.variant == ""


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        ("pyhton:3.13", "Did you mean `python`?"),
        ("oven/bun:1", "FROM quickjs"),
        ("mine/own:1", "boxer bases"),
        ("continuumio/miniconda3", "pip install"),
        ("registry.example/nvidia/cuda:12.4.1-runtime-ubuntu22.04", "Run the model elsewhere"),
        ("quay.io/jupyter/scipy-notebook:latest", "as a script"),
        ("python:2.7", "FROM python:3.13"),
        ("python:3.13-windowsservercore-ltsc2022", "3.13-slim"),
        ("mine/python:3.13", "Did you mean `python`?"),
        ("python:-bad", "NAME[:TAG]"),
        ("Python:3", "NAME[:TAG]"),
        ("", "NAME[:TAG]"),
        ("python:3.13:4", "NAME[:TAG]"),
        ("../python", "NAME[:TAG]"),
        ("python:bookworm!", "NAME[:TAG]"),
    ],
)
def test_what_is_no_base_is_an_error_with_a_next_move(reference: str, says: str) -> None:
    with pytest.raises(UnknownBaseError) as error:
        resolve(reference)
    assert says in (error.value.hint or "")


@pytest.mark.parametrize(
    ("reference", "asked"),
    [
        ("python:3.8-slim-buster", "3.8"),
        ("python:3.13.1", ""),
        ("python:3", ""),
        ("ghcr.io/astral-sh/uv:0.9-python3.12-alpine", "3.12"),
        ("ghcr.io/astral-sh/uv:latest", ""),
        ("mcr.microsoft.com/devcontainers/python:1-3.11-bullseye", "3.11"),
        ("registry.example/ubi9/python-39:1", "3.9"),
        ("arm64v8/python:3.10-alpine", "3.10"),
        ("pypy:3.9-slim", "3.9"),
    ],
)
def test_the_python_of_an_image_is_known_where_it_is_another(reference: str, asked: str) -> None:
    found = resolve(reference)
    assert (found.name, found.asked) == ("python", asked)
    assert not asked or asked in (found.notice or "")


@pytest.mark.parametrize(
    "reference",
    [
        "ubuntu:latest",
        "amazonlinux:2023",
        "debian:bookworm-slim",
        "alpine:3.20",
        "gcc:14",
        "registry.example/library/gcc",
        "registry.example/distroless/static-debian12:nonroot",
    ],
)
def test_an_image_of_a_distribution_is_the_base_of_c_programs(reference: str) -> None:
    found = resolve(reference)
    assert (found.name, found.variant) == ("linux", "1")
    assert reference in (found.notice or "")


@pytest.fixture
def two_pythons(monkeypatch: pytest.MonkeyPatch) -> None:
    known = [("python", "3.99"), ("python", "3.98"), ("linux", "1")]
    rows = [{"name": name, "variant": variant} for name, variant in known]
    read = {**table._table(), "base": rows}
    monkeypatch.setattr(table, "_table", lambda: read)


@pytest.mark.usefixtures("two_pythons")
@pytest.mark.parametrize(
    ("reference", "variant", "asked"),
    [
        ("python", "3.99", ""),
        ("python:3-slim", "3.99", ""),
        ("python:3.99.4", "3.99", ""),
        ("python:3.98-slim", "3.98", ""),
        ("ghcr.io/astral-sh/uv:0.9-python3.98-alpine", "3.98", ""),
        ("ghcr.io/astral-sh/uv:latest", "3.99", ""),
        ("python:3.9", "3.99", "3.9"),
    ],
)
def test_the_base_of_a_version_is_taken_where_there_is_one(
    reference: str, variant: str, asked: str
) -> None:
    found = resolve(reference)
    assert (found.name, found.variant, found.asked) == ("python", variant, asked)


@pytest.mark.usefixtures("two_pythons")
def test_the_first_python_is_the_one_that_is_suggested() -> None:
    assert default_base() == with_python("debian") == "python:3.99"
    with pytest.raises(UnknownBaseError, match=r"Boxer has python 3\.99, 3\.98 only") as error:
        resolve("python:2.7")
    assert error.value.hint is not None
    assert "FROM python:3.99" in error.value.hint
    with pytest.raises(UnknownBaseError) as error:
        resolve("azure-functions/python")
    assert error.value.hint is not None
    assert "`FROM python:3.99-slim`" in error.value.hint


@pytest.mark.parametrize(
    ("reference", "tools"),
    [
        ("ghcr.io/astral-sh/uv:latest", ("uv",)),
        ("ghcr.io/astral-sh/uv:0.9.1@sha256:" + "0" * 64, ("uv",)),
        ("astral-sh/uv", ("uv",)),
        ("python:3.13", ()),
        ("not an image", ()),
    ],
)
def test_the_tools_of_an_image(reference: str, tools: tuple[str, ...]) -> None:
    assert tools_of(reference) == tools
