"""The legacy form of exceptions (`try`, `catch`, `rethrow`, `delegate`) as `try_table`.

Compilers for Emscripten still write the form that browsers had first; wasmtime and the
specification know the other one only. A handler there is a label that is branched to:

    try T                    block T
      BODY                     block (the handler's values)
    catch tag        ->          try_table T (catch tag 0)
      HANDLER                      BODY
    end                          end
                                 br 1
                               end
                               HANDLER
                             end

`rethrow` needs the exception: the handler then gets a reference to it, kept in a local. `delegate`
hands an exception to an outer `try` past those between: that one's body gets a label to branch to,
behind which the exception is thrown again.

Belongs here: this, and the labels of all branches in such a function. Does not: other instructions
(`code`).

Source: WebAssembly exception handling proposal, "legacy" and current; core specification 3.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from boxer.errors import DamagedWasmError, UnsupportedModuleError
from boxer.packages.native.relocatable import RelocationKind
from boxer.packages.sidemodule.code import Output
from boxer.packages.sidemodule.instructions import EMPTY, Instruction, Op
from boxer.wasmformat import uleb128

EXNREF = 0x69
_CATCH, _CATCH_REF, _CATCH_ALL, _CATCH_ALL_REF = range(4)
_NO_HANDLER = -1


@dataclass(slots=True)
class _Handler:
    tag: int | None
    rethrown: bool = False


@dataclass(slots=True)
class _Attempt:
    """A `try`. current: the handler that is being read. target: of its `delegate`, where that goes
    past another `try`; "" for none, "caller" for out of the function. landing: the level of the
    label that others delegate to."""

    handlers: list[_Handler] = field(default_factory=list)
    current: int = _NO_HANDLER
    target: _Attempt | str = ""
    is_target: bool = False
    landing: int = 0

    @property
    def in_body(self) -> bool:
        return self.current == _NO_HANDLER


@dataclass(slots=True)
class _Label:
    """level: how many labels there are outside of it, in what is written. handled: how many
    handlers of its `try` have begun."""

    level: int
    attempt: _Attempt | None = None
    handled: int = 0
    exception: int | None = None


def rewritten(found: Sequence[Instruction], output: Output, first_local: int) -> int:
    """Writes a function's instructions; returns how many locals of type exnref it needs.

    first_local: the number of the first of them.
    """
    attempts, caller_is_target = _attempts(found)
    return _Rewriting(output, attempts, caller_is_target, first_local).run(found)


def _damaged(what: str) -> DamagedWasmError:
    return DamagedWasmError(f"The module is damaged: {what}.")


def _attempts(found: Sequence[Instruction]) -> tuple[list[_Attempt], bool]:
    """Every `try` in order with its handlers; whether one delegates out of the function."""
    attempts: list[_Attempt] = []
    open_blocks: list[_Attempt | None] = []
    outward = False
    for one in found:
        if one.op in (Op.BLOCK, Op.LOOP, Op.IF):
            open_blocks.append(None)
        elif one.op == Op.TRY:
            attempts.append(_Attempt())
            open_blocks.append(attempts[-1])
        elif one.op in (Op.CATCH, Op.CATCH_ALL):
            top = open_blocks[-1] if open_blocks else None
            if top is None:
                raise _damaged("a handler without its `try`")
            top.handlers.append(_Handler(one.numbers[0] if one.op == Op.CATCH else None))
            top.current += 1
        elif one.op == Op.RETHROW:
            _handler_of(open_blocks, one.numbers[0]).rethrown = True
        elif one.op == Op.DELEGATE:
            outward |= _delegate(open_blocks, one.numbers[0])
        elif one.op == Op.END and open_blocks:
            open_blocks.pop()
    return attempts, outward


def _handler_of(open_blocks: Sequence[_Attempt | None], depth: int) -> _Handler:
    attempt = open_blocks[-1 - depth] if depth < len(open_blocks) else None
    if attempt is None or attempt.in_body:
        raise _damaged("`rethrow` outside of a handler")
    return attempt.handlers[attempt.current]


def _delegate(open_blocks: list[_Attempt | None], depth: int) -> bool:
    """Ends the innermost `try`, which hands on; whether to the function's caller."""
    own = open_blocks.pop() if open_blocks else None
    if own is None or own.handlers or depth > len(open_blocks):
        raise _damaged("`delegate` without its `try`")
    around = [a for a in reversed(open_blocks) if a and a.in_body]
    outer = open_blocks[: len(open_blocks) - depth]
    target = next((a for a in reversed(outer) if a and a.in_body), None)
    if target is (around[0] if around else None):
        return False  # where the exception goes anyway
    own.target = target or "caller"
    if target:
        target.is_target = True
    return target is None


class _Rewriting:
    """One function on its way. level: how many labels are open in what is written."""

    def __init__(
        self, output: Output, attempts: list[_Attempt], caller_is_target: bool, first_local: int
    ) -> None:
        self.output = output
        self.attempts = iter(attempts)
        self.caller_is_target = caller_is_target
        self.first_local = first_local
        self.level = 0
        self.labels = [_Label(-1)]
        self.kept = 0
        self.most_kept = 0

    def run(self, found: Sequence[Instruction]) -> int:
        if self.caller_is_target:
            self.open(Op.BLOCK, -EXNREF)
        for one in found:
            if not self.labels:
                raise _damaged("code behind a function's end")
            self.step(one)
        if self.labels:
            raise _damaged("a function without an end")
        return self.most_kept

    def step(self, one: Instruction) -> None:
        op, text = one.op, self.output.text
        if op is None:
            text += one.text
        elif op in (Op.BLOCK, Op.LOOP, Op.IF):
            self.labels.append(_Label(self.level))
            self.open(op, one.numbers[0])
        elif op == Op.TRY:
            self.begin(one.numbers[0])
        elif op in (Op.CATCH, Op.CATCH_ALL):
            self.handle()
        elif op == Op.RETHROW:
            exception = self.labels[-1 - one.numbers[0]].exception
            if exception is None:
                raise _damaged("`rethrow` outside of a handler")
            text += bytes([Op.LOCAL_GET]) + uleb128(exception) + bytes([Op.THROW_REF])
        elif op in (Op.BR, Op.BR_IF):
            text += bytes([op]) + uleb128(self.depth(one.numbers[0]))
        elif op == Op.BR_TABLE:
            depths = b"".join(uleb128(self.depth(number)) for number in one.numbers)
            text += bytes([op]) + uleb128(len(one.numbers) - 1) + depths
        elif op in (Op.END, Op.DELEGATE):
            self.end()
        else:
            self.output.instruction(one)

    def open(self, opcode: int, kind: int) -> None:
        self.output.block(opcode, kind)
        self.level += 1

    def close(self) -> None:
        self.output.text.append(Op.END)
        self.level -= 1

    def depth(self, number: int) -> int:
        if number >= len(self.labels):
            raise _damaged("a branch to a label that is not there")
        return self.outwards(self.labels[-1 - number].level)

    def outwards(self, level: int) -> int:
        """The number of the label that has `level` labels outside of it."""
        return self.level - level - 1

    def begin(self, kind: int) -> None:
        attempt = next(self.attempts)
        if kind >= 0 and self.output.known(self.output.about.types, kind, "type")[0]:
            raise UnsupportedModuleError("The module has a `try` with parameters.")
        self.labels.append(_Label(self.level, attempt))
        if attempt.target:
            landing = attempt.target.landing if isinstance(attempt.target, _Attempt) else 0
            self.output.block(Op.TRY_TABLE, kind)
            self.output.text += bytes([1, _CATCH_ALL_REF]) + uleb128(self.outwards(landing))
            self.level += 1
        else:
            self.open(Op.BLOCK, kind)
        if attempt.handlers:
            self.begin_handled(attempt.handlers, kind)
        if attempt.is_target:
            attempt.landing = self.level
            self.open(Op.BLOCK, -EXNREF)

    def begin_handled(self, handlers: Sequence[_Handler], kind: int) -> None:
        for handler in reversed(handlers):
            self.open(Op.BLOCK, self.values_of(handler))
        self.output.block(Op.TRY_TABLE, kind)
        self.output.text += uleb128(len(handlers))
        for number, handler in enumerate(handlers):
            self.clause(handler, number)
        self.level += 1

    def values_of(self, handler: _Handler) -> int:
        """The type of the block behind which a handler stands: what it finds on the stack."""
        values: tuple[int, ...] = ()
        if handler.tag is not None:
            values = self.output.known(self.output.about.tags, handler.tag, "tag")[1]
        if handler.rethrown:
            values = (*values, EXNREF)
        if len(values) < 2:
            return -(values[0] if values else EMPTY)
        return self.output.about.number_of(((), values))

    def clause(self, handler: _Handler, label: int) -> None:
        if handler.tag is None:
            self.output.text.append(_CATCH_ALL_REF if handler.rethrown else _CATCH_ALL)
        else:
            symbol, _ = self.output.about.tags[handler.tag]
            kind = _CATCH_REF if handler.rethrown else _CATCH
            self.output.refer(kind, RelocationKind.TAG_INDEX_LEB, symbol)
        self.output.text += uleb128(label)

    def handle(self) -> None:
        """Ends the body or a handler, and begins the next handler."""
        label = self.labels[-1]
        attempt = label.attempt
        if attempt is None or label.handled >= len(attempt.handlers):
            raise _damaged("a handler without its `try`")
        if label.handled == 0:
            self.end_landing(label)
            self.close()
        if label.exception is not None:
            self.kept -= 1
        self.branch(label)
        self.close()
        label.exception = None
        if attempt.handlers[label.handled].rethrown:
            label.exception = self.first_local + self.kept
            self.kept += 1
            self.most_kept = max(self.most_kept, self.kept)
            self.output.text += bytes([Op.LOCAL_SET]) + uleb128(label.exception)
        label.handled += 1

    def end_landing(self, label: _Label) -> None:
        """Ends a body that others delegate to: what arrives there is thrown again."""
        if label.attempt and label.attempt.is_target:
            self.branch(label)
            self.close()
            self.output.text.append(Op.THROW_REF)

    def branch(self, label: _Label) -> None:
        self.output.text += bytes([Op.BR]) + uleb128(self.outwards(label.level))

    def end(self) -> None:
        label = self.labels.pop()
        if label.handled == 0:
            self.end_landing(label)
        if label.exception is not None:
            self.kept -= 1
        if self.labels:
            self.close()
            return
        if self.caller_is_target:
            self.output.text.append(Op.RETURN)
            self.close()
            self.output.text.append(Op.THROW_REF)
        self.output.text.append(Op.END)
