"""A box as rows of a name and a value."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from boxer.boxfile import BoxInfo, Distribution, Healthcheck, needed_hosts
from boxer.packages import difference_of


def describe_box(info: BoxInfo, size: int) -> list[tuple[str, str]]:
    """What a person wants to know of a box. size: bytes of its file."""
    config = info.config
    packages = ", ".join(f"{d.name} {d.version}" for d in info.distributions)
    rows = [
        ("size", f"{size:,} bytes"),
        ("base", f"{info.base_name} {info.base_version} ({info.base_digest[:12]})"),
        ("code", info.code_digest[:12]),
        ("kernel ABI", str(info.kernel_abi)),
        ("made by", f"boxer {info.boxer_version}"),
        ("created", datetime.fromtimestamp(info.created, UTC).isoformat()),
        ("entrypoint", _command(config.entrypoint)),
        ("cmd", _command(config.cmd)),
        ("working dir", config.working_dir or "/"),
        ("user", config.user or "root"),
        ("environment", "\n".join(config.env)),
        ("ports", ", ".join(config.exposed_ports)),
        ("volumes", ", ".join(config.volumes)),
        ("healthcheck", _healthcheck(config.healthcheck)),
        ("labels", "\n".join(f"{name}={value}" for name, value in config.labels)),
        ("packages", packages),
        ("function", _function(info)),
        ("needs", ", ".join(f"{name} of its host" for name in needed_hosts(info))),
        ("left to the run", _left(info)),
        ("frozen for", ", ".join(name.lstrip("@") for name in info.assumed)),
        ("different here", "\n".join(_differences(info.distributions))),
    ]
    return [(name, value) for name, value in rows if value]


def _function(info: BoxInfo) -> str:
    """Its name and entry, where the box is a typed function."""
    if info.function is None:
        return ""
    told = json.loads(info.function)
    return f"{told.get('signature', {}).get('name')} ({told.get('entry')})"


def _left(info: BoxInfo) -> str:
    """Each package that every run imports itself, with the first reason."""
    packages: dict[str, str] = {}
    for entry in info.left_to_run:
        packages.setdefault(entry.name.partition(".")[0], entry.reason)
    return "\n".join(f"{name}: {reason}" for name, reason in packages.items())


def _differences(held: Sequence[Distribution]) -> Iterator[str]:
    """What its packages give otherwise than elsewhere."""
    for name in dict.fromkeys(entry.name for entry in held):
        found = difference_of(name)
        if found is not None:
            yield f"{name}: {found[0]}."


def _healthcheck(check: Healthcheck | None) -> str:
    if check is None:
        return ""
    times = {
        "interval": check.interval,
        "timeout": check.timeout,
        "start period": check.start_period,
        "start interval": check.start_interval,
    }
    said = [f"{name} {value / 1e9:g} s" for name, value in times.items() if value]
    said += [f"retries {check.retries}"] if check.retries else []
    return _command(check.test) + (f" ({', '.join(said)})" if said else "")


def _command(argv: Sequence[str] | None) -> str:
    return "" if argv is None else json.dumps(list(argv), ensure_ascii=False)
