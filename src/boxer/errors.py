"""Every way Boxer can fail.

Belongs here: the one error tree. Does not: drawing an error (`console`), deciding on an exit
status (`cli`). This module imports nothing of ours but `escape`.

Invariants
1. Every error a user can cause is a `BoxerError` with its own kebab-case `reference`.
2. Each reference has a page, docs/errors/REFERENCE.md; a test keeps the two sets equal.
3. A guest that exits non-zero is a result, never an error.
4. `str` of an error holds no control characters but newline and tab; its attributes are as they
   came.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from boxer.escape import escape


@dataclass(frozen=True, slots=True)
class Where:
    """The place in the user's input an error speaks of: a file and its lines (from 1), if known."""

    file: str
    line: int | None = None
    last_line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


class BoxerError(Exception):
    """An error with a name, a place and a next move.

    message: what happened, one sentence, offending values in backticks.
    where: file and line of the user's input, if the error has one.
    hint: what to do, best as a command.
    details: the end of the message that who watched a build has seen already.
    """

    reference: ClassVar[str] = "boxer-bug"
    exit_status: ClassVar[int] = 1

    def __init__(
        self,
        message: str,
        *,
        where: Where | None = None,
        hint: str | None = None,
        details: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details = details
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        """The message as it may be printed: it can quote a box, or files of somebody else."""
        return escape(super().__str__())

    def __reduce__(self) -> tuple[Any, ...]:
        """Whatever its kind's `__init__` takes: it goes to another process as it is."""
        return _again, (type(self), self.args), self.__dict__

    def at(self, where: Where) -> BoxerError:
        """Gives the error a place unless it already has one, and returns it (for `raise`)."""
        if self.where is None:
            self.where = where
        return self


def _again(kind: type[BoxerError], args: tuple[object, ...]) -> BoxerError:
    return kind.__new__(kind, *args)


# --- filetree, blobstore ---------------------------------------------------------------------


class WriteError(BoxerError):
    """A file could not be written (disk full, no permission); nothing half-written is left."""

    reference = "cannot-write"


class InputTooLargeError(BoxerError):
    """Something a build or a run reads is larger, or more, than any of them needs."""

    reference = "input-too-large"


class TreeError(BoxerError):
    """An operation on a file tree that its paths do not allow."""


class MissingPathError(TreeError):
    reference = "path-missing"


class PathKindError(TreeError):
    reference = "path-kind"


class SymlinkLoopError(TreeError):
    reference = "symlink-loop"


class DepthError(TreeError):
    """More folders in one another than a box has."""

    reference = "path-too-deep"


class AccountError(TreeError):
    reference = "unknown-account"


class ArchiveError(TreeError):
    reference = "bad-archive"


class ArchiveLimitError(ArchiveError):
    reference = "archive-too-large"


# --- wasmformat, boxfile -----------------------------------------------------------------------


class BadFieldError(BoxerError):
    """A field of a JSON document has the wrong type or value."""

    reference = "bad-field"


class NotWasmError(BoxerError):
    """Bytes that are not a WebAssembly core module at all."""

    reference = "not-wasm"


class DamagedWasmError(BoxerError):
    """A WebAssembly module whose sections cannot be read."""

    reference = "damaged-wasm"


class NotABoxError(BoxerError):
    """A good file that no `boxer build` wrote."""

    reference = "not-a-box"


class DamagedBoxError(BoxerError):
    """A box that was cut short or changed."""

    reference = "damaged-box"


class UnsupportedBoxError(BoxerError):
    """A box of a format this Boxer does not know."""

    reference = "unsupported-box"


# --- dockerfile, plan --------------------------------------------------------------------------


class DockerfileSyntaxError(BoxerError):
    """A Dockerfile or .dockerignore that cannot be read."""

    reference = "dockerfile-syntax"


class StageError(BoxerError):
    """A stage that is not there: --target, COPY --from, FROM."""

    reference = "unknown-stage"


class VariableError(BoxerError):
    """A variable that cannot be expanded, `${NAME:?text}` among them."""

    reference = "bad-variable"


# --- bases -------------------------------------------------------------------------------------


class UnknownBaseError(BoxerError):
    reference = "unknown-base"


class BaseMissingError(BoxerError):
    reference = "base-missing"


class BaseDamagedError(BoxerError):
    reference = "base-damaged"


# --- instructions ------------------------------------------------------------------------------


class BadPatternError(BoxerError):
    reference = "bad-pattern"


class ContextEscapeError(BoxerError):
    reference = "context-escape"


class CopySourceError(BoxerError):
    reference = "copy-source"


class CopyTargetError(BoxerError):
    reference = "copy-target"


class BadModeError(BoxerError):
    reference = "bad-mode"


class RemoteSourceError(BoxerError):
    reference = "remote-source"


class InstructionError(BoxerError):
    """An instruction whose value cannot be used."""

    reference = "bad-instruction"


class RunFailedError(BoxerError):
    reference = "run-failed"


class ShellSyntaxError(BoxerError):
    reference = "shell-syntax"


class UnsupportedCommandError(BoxerError):
    """A command of a RUN that cannot do its work in a box."""

    reference = "unsupported-command"


class PipUsageError(BoxerError):
    reference = "pip-usage"


class ResolutionError(BoxerError):
    reference = "package-resolution"


class NativePackageError(BoxerError):
    reference = "native-package"


class PackageBuildError(BoxerError):
    reference = "package-build"


class PackageFetchError(BoxerError):
    reference = "package-fetch"


class BadWheelError(BoxerError):
    reference = "bad-wheel"


# --- link, preinit, runtime --------------------------------------------------------------------


class TooLargeError(BoxerError):
    """What shall go into a box does not fit a 32-bit memory."""

    reference = "box-too-large"


class TreeImageError(BoxerError):
    """The file system a program of a build left cannot be read back."""

    reference = "bad-tree-image"


class StoppedError(BoxerError):
    """A program ended where it should have returned to its caller."""

    reference = "program-stopped"


class FreezeError(BoxerError):
    """The program did not start, so there is nothing to freeze. why: what it wrote, indented lines,
    or how it ended where it wrote nothing."""

    reference = "freeze-failed"

    def __init__(self, message: str, *, hint: str | None = None, why: str = "") -> None:
        super().__init__(message, hint=hint)
        self.why = why


class UnsupportedModuleError(BoxerError):
    """A module that asks its host for more than WASI preview 1, or lacks what a base must have."""

    reference = "unsupported-module"


class MountError(BoxerError):
    """A folder or file of the host that cannot be mounted."""

    reference = "bad-mount"


class VolumeError(BoxerError):
    """A volume that is not there, is in use, or cannot be called so."""

    reference = "bad-volume"


class NetworkValueError(BoxerError):
    """What a run is to reach of the network is not said clearly, or cannot be had."""

    reference = "bad-network"


class PortValueError(BoxerError):
    """A port that is to lead into a box is not said clearly."""

    reference = "bad-port"


class PortTakenError(BoxerError):
    """A port of this machine that cannot be had."""

    reference = "port-taken"


class LimitValueError(BoxerError):
    """A limit that makes no sense."""

    reference = "bad-limit"


class EngineError(BoxerError):
    """The WebAssembly engine failed in a way that is not the box's doing."""

    reference = "engine-failed"
    exit_status = 3


class BenchmarkError(BoxerError):
    """A benchmark's program failed, or the sides that are compared do not agree."""

    reference = "benchmark-failed"


class GuestError(BoxerError):
    """A function in a box raised an exception, or the box crashed.

    type: the exception's name in the guest. traceback: as the guest's Python prints it. stdout,
    stderr: what the call had written, where it was kept.
    """

    reference = "guest-error"

    def __init__(
        self, type_: str, text: str, traceback: str, *, stdout: bytes = b"", stderr: bytes = b""
    ) -> None:
        super().__init__(f"{type_}: {text}\n\n{traceback}".rstrip())
        self.type = type_
        self.text = text
        self.traceback = traceback
        self.stdout = stdout
        self.stderr = stderr

    def shown(self) -> str:
        """The traceback as lines to end a message with; none where no code of the program is in
        it."""
        lines = self.traceback.rstrip().splitlines()
        return "".join(f"\n  {line}" for line in lines) if len(lines) > 1 else ""


class GuestExitedError(BoxerError):
    """A function in a box ended its program instead of returning. code: its exit status."""

    reference = "guest-exited"

    def __init__(self, code: int, *, stdout: bytes = b"", stderr: bytes = b"") -> None:
        super().__init__(f"The function ended its program with status `{code}`.")
        self.code = code
        self.stdout = stdout
        self.stderr = stderr


class LimitReached(BoxerError):  # noqa: N818 - said of a call, which had no fault
    """A call reached one of its limits. limit: the name of the field of `Limits`."""

    reference = "limit-reached"

    def __init__(self, limit: str, *, stdout: bytes = b"", stderr: bytes = b"") -> None:
        told = f"The call reached its `{limit}` limit."
        super().__init__("The call was cancelled." if limit == "cancelled" else told)
        self.limit = limit
        self.stdout = stdout
        self.stderr = stderr


class ServeError(BoxerError):
    """An application that cannot be served."""

    reference = "cannot-serve"


class SandboxError(BoxerError):
    """A sandbox that is not there, or cannot be had."""

    reference = "sandbox"


class FunctionError(BoxerError):
    """A box is no typed function, or what a function's project says cannot be done."""

    reference = "function"


class ClusterError(BoxerError):
    """Workers on other machines that cannot be had, or that were lost too often."""

    reference = "cluster"


class BreakingChangeError(BoxerError):
    """A function under whose tag callers know another signature, which this one does not keep."""

    reference = "breaking-change"


class FunctionInputError(BoxerError):
    """What a function was given does not fit its signature; it was not called.

    errors: paths (JSON Pointers, RFC 6901) and what is wrong there.
    """

    reference = "function-input"

    def __init__(self, function: str, errors: Sequence[tuple[str, str]]) -> None:
        listed = "; ".join(f"`{path or '/'}` {message}" for path, message in errors)
        super().__init__(
            f"What `{function}` was given does not fit its signature: {listed}.",
            hint=f"See what it takes: `boxer fn inspect {function}`.",
        )
        self.errors = list(errors)


class ChainError(BoxerError):
    """Functions that cannot be a chain, or a link of one that failed.

    failures: name, message and traceback of each link it went through, the innermost last.
    """

    reference = "chain"

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        failures: Sequence[tuple[str, str, str]] = (),
    ) -> None:
        super().__init__(message, hint=hint)
        self.failures = list(failures)


class HostFunctionError(BoxerError):
    """What a box needs of its host is not there, or cannot be offered."""

    reference = "host-function"


class CallDataError(BoxerError):
    """An argument of a call is not plain data."""

    reference = "call-data"


class PoolClosedError(BoxerError):
    """A pool was used after it had been closed."""

    reference = "pool-closed"


class MachineOverError(BoxerError):
    """A machine was used after its end."""

    reference = "machine-over"


class MachineBusyError(BoxerError):
    """Something runs in a machine that is to be copied or called. what: threads and processes."""

    reference = "machine-busy"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"The machine is not at rest: {what or 'a request is under way'}.",
            hint="Wait for what runs in it, or end it; `pause` holds it as it is.",
        )
        self.what = what


class GuestFileError(BoxerError):
    """A file or program in a machine that cannot be had. type: the exception's name in the guest.
    errno: Linux's number; 0: none."""

    reference = "guest-file"

    def __init__(self, type_: str, text: str, errno: int) -> None:
        super().__init__(f"{type_}: {text}")
        self.type = type_
        self.text = text
        self.errno = errno


# --- build, cli --------------------------------------------------------------------------------


class ContextMissingError(BoxerError):
    """The build context is not there, or is no folder."""

    reference = "context-missing"


class EpochError(BoxerError):
    """SOURCE_DATE_EPOCH is no number of seconds."""

    reference = "bad-epoch"


class ForeignProgramError(BoxerError):
    """The command of a box is a program of another machine."""

    reference = "foreign-program"


class WarmupError(BoxerError):
    """A label or option that says what to do before the freeze makes no sense."""

    reference = "bad-warmup"


class DockerfileMissingError(BoxerError):
    """There is no Dockerfile, or it cannot be read."""

    reference = "dockerfile-missing"


class BuildArgumentError(BoxerError):
    """A --build-arg that is not NAME[=VALUE]."""

    reference = "bad-build-arg"


class SecretError(BoxerError):
    """A `--secret` that names none, or one that cannot be read."""

    reference = "bad-secret"


class BadReferenceError(BoxerError):
    """A name for a box that is none."""

    reference = "bad-reference"


class ImageMissingError(BoxerError):
    """A box that is not there."""

    reference = "box-missing"


class EnvironmentFileError(BoxerError):
    """An `--env-file` that cannot be read, or a line of it that sets nothing."""

    reference = "bad-env-file"


class UnsupportedOptionError(BoxerError):
    """An option of docker's that asks for what a box or a build has not."""

    reference = "unsupported-option"
    exit_status = 2


# --- services --------------------------------------------------------------------------------


class ServiceMissingError(BoxerError):
    """A box that neither runs detached nor has."""

    reference = "service-missing"


class NameTakenError(BoxerError):
    """A name for a detached box that another has."""

    reference = "name-taken"


class ServiceStateError(BoxerError):
    """What is asked of a detached box is not to be had as it is now."""

    reference = "service-state"


class ServiceOptionError(BoxerError):
    """A name, signal, restart policy, health check or log option that is none."""

    reference = "bad-service-option"


# --- store, registry -------------------------------------------------------------------------


class StoreError(BoxerError):
    """The store of named boxes, or an image layout, is damaged or not to be had."""

    reference = "store-damaged"


class ArtifactError(BoxerError):
    """A manifest that cannot be read, or one of something that is no box."""

    reference = "not-a-box-artifact"


class RegistryError(BoxerError):
    """A registry that cannot be reached, breaks off, or answers what no registry may."""

    reference = "registry-failed"


class RegistryMissingError(RegistryError):
    """What a registry does not have."""

    reference = "registry-missing"


class RegistryDeniedError(RegistryError):
    """What a registry does not let this user do."""

    reference = "registry-denied"


class InsecureRegistryError(RegistryError):
    """Plain HTTP, or a password over it, to a registry that is not of this host."""

    reference = "registry-insecure"


class DamagedDownloadError(RegistryError):
    """What came is not what was asked for, by its size or its sha256."""

    reference = "damaged-download"


class RegistryPackagesError(BoxerError):
    """A package of the extra `boxer[registry]` is missing."""

    reference = "registry-packages"


class CredentialsError(BoxerError):
    """A login that cannot be read or kept."""

    reference = "bad-credentials"


class SigningKeyError(BoxerError):
    """A key that cannot be read, or is none for signing."""

    reference = "bad-key"


class SignatureError(BoxerError):
    """No signature of a wanted key."""

    reference = "signature-refused"


class PolicyError(BoxerError):
    """A policy file that cannot be read, or whose rule is not known."""

    reference = "bad-policy"


# --- networks --------------------------------------------------------------------------------


class NetworkMissingError(BoxerError):
    """A network of boxes that is not there."""

    reference = "network-missing"
