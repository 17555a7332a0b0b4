"""One step of a plan, applied to its stage.

Belongs here: which function an instruction means. Does not: any instruction's own work.

Invariant: every error that leaves here has the instruction's place.
"""

from __future__ import annotations

from boxer.boxfile import Healthcheck, ImageConfig
from boxer.dockerfile import (
    Arg,
    Cmd,
    Command,
    Copy,
    Entrypoint,
    Env,
    Expose,
    HealthCheck,
    Instruction,
    Label,
    Maintainer,
    OnBuild,
    Run,
    Shell,
    StopSignal,
    User,
    Volume,
    Workdir,
)
from boxer.errors import (
    AccountError,
    BoxerError,
    InputTooLargeError,
    InstructionError,
    Where,
)
from boxer.filetree import Ids, require_room, resolve_user
from boxer.instructions import settings
from boxer.instructions.addition import copy_files
from boxer.instructions.context import Context
from boxer.instructions.durations import parse_duration
from boxer.instructions.mounts import mounted
from boxer.instructions.state import StageState
from boxer.plan import Step
from boxer.userland import Ports

# Go's time.ParseDuration: "1h30m", "1.5s", "300ms"
_NETWORKS = ("default", "none", "host")
_SECURITIES = ("sandbox", "insecure")
_MOST_RETRIES = (1 << 31) - 1


def apply(step: Step, state: StageState, context: Context, ports: Ports) -> None:
    """Changes the state as the instruction says. Raises BoxerErrors with the instruction's place.

    After an error the state may be half changed; the build ends then.
    """
    state.args = dict(step.args)
    instruction = step.instruction
    try:
        _apply(instruction, state, context, ports)
        if isinstance(instruction, Copy | Run):
            require_room(state.tree)
    except BoxerError as error:
        raise error.at(instruction.where) from None
    except RecursionError:
        raise InputTooLargeError(
            "What the instruction reads is nested too deeply.", where=instruction.where
        ) from None


def _apply(instruction: Instruction, state: StageState, context: Context, ports: Ports) -> None:
    where = instruction.where
    config = state.config
    match instruction:
        case Copy():
            copy_files(instruction, state, context, ports)
        case Run():
            _run(instruction, state, context, ports)
        case Workdir():
            _workdir(instruction, state)
        case Env():
            state.config = settings.with_env(config, instruction.pairs)
        case Label():
            state.config = settings.with_labels(config, instruction.pairs)
        case Expose():
            state.config = settings.with_ports(config, instruction.ports, where)
        case Volume():
            state.config = settings.with_volumes(config, instruction.paths, where)
        case StopSignal():
            state.config = settings.with_stop_signal(config, instruction.signal, where)
        case User():
            state.config = settings.with_user(config, instruction.user)
        case Shell():
            state.config = settings.with_shell(config, instruction.argv)
        case Cmd():
            state.config = settings.with_command(config, _argv(instruction.command, config))
            state.command_set = True
        case Entrypoint():
            argv = _argv(instruction.command, config)
            state.config = settings.with_entrypoint(config, argv, state.command_set)
        case HealthCheck():
            check = _healthcheck(instruction)
            state.config = settings.with_healthcheck(config, check)
        case OnBuild():
            return  # `plan` puts it into the stages built on this one
        case Arg() | Maintainer():
            return  # an ARG is in every later step's args; a maintainer is no setting of a box
        case _:
            raise InstructionError(f"`{instruction.text}` cannot stand here.")


def _run(step: Run, state: StageState, context: Context, ports: Ports) -> None:
    _check_flags(step)
    # Late: the shell and pip are half of what a build imports, and many have no RUN.
    from boxer.instructions.run import run_exec_form, run_shell_form

    with mounted(step.mounts, state, context, ports, step.where):
        if step.command.argv is not None:
            run_exec_form(step.command.argv, state, ports, step.where)
        else:
            run_shell_form(step.command.script or "", state, ports, step.where)


def _check_flags(step: Run) -> None:
    if step.security == "insecure":
        raise InstructionError(
            "`--security=insecure` cannot be had: a build has no privileges to give.",
            hint="Remove the flag.",
        )
    if step.devices:
        raise InstructionError(
            f"`--device={step.devices[0]}` cannot be had: a build has no devices to give.",
            hint="Remove the flag, and what needs the device.",
        )
    for flag, value, known in (
        ("network", step.network, _NETWORKS),
        ("security", step.security, _SECURITIES),
    ):
        if value is not None and value not in known:
            raise InstructionError(
                f"`--{flag}={value}` is not known.", hint=f"There are {', '.join(known)}."
            )


def _workdir(step: Workdir, state: StageState) -> None:
    """Makes the folder if it is missing; it belongs to the stage's USER, as in BuildKit."""
    path = settings.working_directory(state.config, step.path)
    owner = _user_or_root(state)
    state.tree.make_directories(path, 0o755, owner.uid, owner.gid, state.epoch)
    state.config = settings.with_working_directory(state.config, path)


def _user_or_root(state: StageState) -> Ids:
    try:
        return resolve_user(state.tree, state.config.user)
    except AccountError:
        return Ids(0, 0)  # BuildKit's reading of a name that is not there yet


def _argv(command: Command, config: ImageConfig) -> tuple[str, ...]:
    if command.argv is not None:
        return command.argv
    return settings.in_shell(config, command.script or "")


def _healthcheck(step: HealthCheck) -> Healthcheck:
    command = step.command
    if command is None:
        return Healthcheck(("NONE",))
    if command.argv is not None:
        test: tuple[str, ...] = ("CMD", *command.argv)
    else:
        test = ("CMD-SHELL", command.script or "")
    options = step.options
    return Healthcheck(
        test=test,
        interval=_duration("interval", options, step.where),
        timeout=_duration("timeout", options, step.where),
        start_period=_duration("start-period", options, step.where),
        start_interval=_duration("start-interval", options, step.where),
        retries=_retries(options.get("retries", "0"), step.where),
    )


def _duration(name: str, options: dict[str, str], where: Where) -> int:
    """0 where it is not given."""
    text = options.get(name)
    return 0 if text is None else parse_duration(name, text, where)


def _retries(text: str, where: Where) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise InstructionError(f"`--retries={text}` is no number.", where=where)
    if len(text) > 10 or int(text) > _MOST_RETRIES:
        raise InstructionError(f"`--retries` is more than {_MOST_RETRIES}.", where=where)
    return int(text)
