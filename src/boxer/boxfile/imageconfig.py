"""The settings of an image, as the OCI image specification shapes them.

Belongs here: the value and its OCI JSON form. Does not: how it is changed (`instructions`),
how a machine obeys it (`link`).

Source: https://github.com/opencontainers/image-spec/blob/main/config.md; Healthcheck and Shell are
Docker's extensions of it (moby's image specification v1.2).

Invariants
1. `from_oci(c.to_oci()) == c`.
2. `to_oci` gives the same object for equal configs: keys that are sets are sorted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from boxer.boxfile.fields import Fields


@dataclass(frozen=True, slots=True)
class Healthcheck:
    """HEALTHCHECK: `test` is `("NONE",)`, `("CMD", arg...)` or `("CMD-SHELL", command)`.

    Durations are in nanoseconds, 0 = the default of whoever runs it.
    """

    test: tuple[str, ...]
    interval: int = 0
    timeout: int = 0
    start_period: int = 0
    start_interval: int = 0
    retries: int = 0

    def to_oci(self) -> dict[str, object]:
        durations = {
            "Interval": self.interval,
            "Timeout": self.timeout,
            "StartPeriod": self.start_period,
            "StartInterval": self.start_interval,
            "Retries": self.retries,
        }
        return {"Test": list(self.test), **{k: v for k, v in durations.items() if v}}

    @classmethod
    def from_fields(cls, fields: Fields) -> Healthcheck:
        return cls(
            test=fields.texts("Test"),
            interval=fields.number("Interval", 0),
            timeout=fields.number("Timeout", 0),
            start_period=fields.number("StartPeriod", 0),
            start_interval=fields.number("StartInterval", 0),
            retries=fields.number("Retries", 0),
        )


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """What a box does when it is started with nothing said. Change one with `dataclasses.replace`.

    env: "NAME=value" in the order they were set, each name once.
    entrypoint, cmd: None = never set; an empty tuple = set to nothing.
    working_dir: absolute path, "" = "/".   user: "name[:group]" or "uid[:gid]", "" = root.
    exposed_ports: "8080/tcp".   labels: sorted pairs.   shell: None = the default shell.
    """

    env: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] | None = None
    cmd: tuple[str, ...] | None = None
    working_dir: str = ""
    user: str = ""
    exposed_ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    stop_signal: str = ""
    healthcheck: Healthcheck | None = None
    shell: tuple[str, ...] | None = None

    def environment(self) -> dict[str, str]:
        """The environment as a mapping, in order."""
        return dict(_split_variable(entry) for entry in self.env)

    def to_oci(self) -> dict[str, object]:
        """The `config` object of an OCI image configuration."""
        fields: dict[str, object] = {}
        if self.env:
            fields["Env"] = list(self.env)
        for key, argv in (
            ("Entrypoint", self.entrypoint),
            ("Cmd", self.cmd),
            ("Shell", self.shell),
        ):
            if argv is not None:
                fields[key] = list(argv)
        for key, text in (
            ("WorkingDir", self.working_dir),
            ("User", self.user),
            ("StopSignal", self.stop_signal),
        ):
            if text:
                fields[key] = text
        for key, names in (("ExposedPorts", self.exposed_ports), ("Volumes", self.volumes)):
            if names:
                fields[key] = {name: {} for name in sorted(names)}
        if self.labels:
            fields["Labels"] = dict(sorted(self.labels))
        if self.healthcheck is not None:
            fields["Healthcheck"] = self.healthcheck.to_oci()
        return fields

    @classmethod
    def from_oci(cls, config: Mapping[str, object]) -> ImageConfig:
        """Reads the `config` object of an OCI image configuration.

        Raises `BadFieldError` (`bad-field`) for a field of the wrong type.
        """
        return cls.from_fields(Fields(config, "the image configuration"))

    @classmethod
    def from_fields(cls, fields: Fields) -> ImageConfig:
        healthcheck = fields.object("Healthcheck")
        return cls(
            env=fields.texts("Env"),
            entrypoint=fields.optional_texts("Entrypoint"),
            cmd=fields.optional_texts("Cmd"),
            working_dir=fields.text("WorkingDir", ""),
            user=fields.text("User", ""),
            exposed_ports=fields.keys_of("ExposedPorts"),
            volumes=fields.keys_of("Volumes"),
            labels=fields.text_map("Labels"),
            stop_signal=fields.text("StopSignal", ""),
            healthcheck=None if healthcheck is None else Healthcheck.from_fields(healthcheck),
            shell=fields.optional_texts("Shell"),
        )


def _split_variable(entry: str) -> tuple[str, str]:
    name, _, value = entry.partition("=")
    return name, value
