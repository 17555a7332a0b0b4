from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxer.boxfile import Healthcheck, ImageConfig
from boxer.errors import BadFieldError, BoxerError

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
WORDS = st.lists(TEXT, max_size=4).map(tuple)
NAMES = st.sets(TEXT, max_size=4).map(lambda names: tuple(sorted(names)))
NUMBER = st.integers(0, 2**63 - 1)
CONFIGS = st.builds(
    ImageConfig,
    env=WORDS,
    entrypoint=st.none() | WORDS,
    cmd=st.none() | WORDS,
    working_dir=TEXT,
    user=TEXT,
    exposed_ports=NAMES,
    volumes=NAMES,
    labels=st.dictionaries(TEXT, TEXT, max_size=4).map(lambda d: tuple(sorted(d.items()))),
    stop_signal=TEXT,
    healthcheck=st.none()
    | st.builds(
        Healthcheck,
        test=WORDS,
        interval=NUMBER,
        timeout=NUMBER,
        start_period=NUMBER,
        start_interval=NUMBER,
        retries=NUMBER,
    ),
    shell=st.none() | WORDS,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(config=CONFIGS)
def test_config_survives_its_json(config: ImageConfig) -> None:
    assert ImageConfig.from_oci(json.loads(json.dumps(config.to_oci()))) == config


def test_empty_command_is_not_an_unset_one() -> None:
    assert "Cmd" not in ImageConfig().to_oci()
    assert ImageConfig(cmd=()).to_oci()["Cmd"] == []


def test_docker_shape() -> None:
    config = ImageConfig(
        env=("PATH=/bin", "A=b=c"), cmd=("python3",), exposed_ports=("80/tcp",), working_dir="/app"
    )
    assert config.to_oci() == {
        "Env": ["PATH=/bin", "A=b=c"],
        "Cmd": ["python3"],
        "ExposedPorts": {"80/tcp": {}},
        "WorkingDir": "/app",
    }
    assert config.environment() == {"PATH": "/bin", "A": "b=c"}


@pytest.mark.parametrize(
    "fields",
    [
        {"Env": "A=b"},
        {"Env": [1]},
        {"Cmd": {}},
        {"User": 0},
        {"ExposedPorts": ["80"]},
        {"Labels": {"a": 1}},
        {"Healthcheck": []},
        {"Healthcheck": {"Interval": -1}},
        {"Healthcheck": {"Interval": True}},
        {"WorkingDir": "/\0"},
        {"WorkingDir": "\ud800"},
    ],
)
def test_wrong_types_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(BadFieldError):
        ImageConfig.from_oci(fields)


@given(
    fields=st.dictionaries(
        st.sampled_from(["Env", "Cmd", "User", "Labels", "Volumes", "Healthcheck", "Shell"]), JSON
    )
)
def test_any_json_is_accepted_or_refused(fields: dict[str, object]) -> None:
    with contextlib.suppress(BoxerError):
        ImageConfig.from_oci(fields)
