"""What a service may reach of the network, in one process and in several."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from boxer.cli import main
from boxer.runtime import Network
from boxer.serving import Service, server


def test_workers_are_told_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(allow=["a.example:443"], dns=["192.0.2.53"], idle_time=None)
    service = Service(box="x", app="a:b", network=network)
    monkeypatch.setenv(server.VARIABLE, json.dumps(asdict(service)))
    told: list[Service] = []
    monkeypatch.setattr(server, "open_service", told.append)
    server.worker()
    assert told[0].network == network


def test_a_grant_that_is_none_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--allow-net", "*", "none.wasm"]) == 1
    assert "error[" in capsys.readouterr().err
