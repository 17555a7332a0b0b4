"""Arguments that lie on the stack are as wide as the engine reads them.

An engine passes the first whole numbers of a call in registers and the others on the stack. What
has 32 bits Cranelift stores with 32 and loads with 64, for which a processor cannot take what was
just stored: twelve cycles a call (docs/decisions/0013). Here such parameters get 64 bits.

Belongs here: which parameters are widened, and what that changes of a function and of its calls.
Does not: reading a module (`wasm`).

Invariants
1. Only functions whose every use is a call by number are changed: none that is in a table, that is
   exported, or whose address is taken. And only those with hints, which training ran often: all
   would cost six times as much code.
2. What a program does stays: the upper half of a widened number is never looked at.
3. A function's branches stay in their order, and their hints with them.

Source: WebAssembly's core specification, validation, which says what each instruction takes from
the stack and leaves there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from . import hints, wasm
from .wasm import Body, Type

# Of x86-64's six registers for whole numbers the engine itself takes two; the others have more.
IN_REGISTERS = 4
I32, I64 = 0x7F, 0x7E
I64_EXTEND_I32_U, I32_WRAP_I64 = b"\xad", b"\xa7"
I32_CONST, I64_CONST = 0x41, b"\x42"
LOCAL_GET, LOCAL_SET, LOCAL_TEE = 0x20, 0x21, 0x22
CALL, RETURN_CALL, CALL_INDIRECT, RETURN_CALL_INDIRECT = 0x10, 0x12, 0x11, 0x13
BR, BR_TABLE, RETURN, UNREACHABLE, THROW, THROW_REF = 0x0C, 0x0E, 0x0F, 0x00, 0x08, 0x0A
# Behind these nothing is reached.
LEAVING = (BR, BR_TABLE, RETURN, UNREACHABLE, THROW, THROW_REF, RETURN_CALL, RETURN_CALL_INDIRECT)
REF_FUNC, MISCELLANEOUS, VECTORS = 0xD2, 0xFC, 0xFD
NO_RESULT, CONTINUED = 0x40, 0x80


def _spread(found: Mapping[tuple[int, int], Sequence[int]]) -> dict[int, tuple[int, int]]:
    return {opcode: counts for counts, opcodes in found.items() for opcode in opcodes}


# How many values an instruction takes from the stack, and how many it leaves there, by opcode.
PLAIN = _spread(
    {
        (0, 0): (0x01,),
        (0, 1): (LOCAL_GET, 0x23, 0x3F, *range(0x41, 0x45), 0xD0, REF_FUNC),
        (1, 0): (0x1A, LOCAL_SET, 0x24),
        (1, 1): (
            *(LOCAL_TEE, 0x25, *range(0x28, 0x36), 0x40, 0x45, 0x50, *range(0x67, 0x6A), 0xD1),
            *(*range(0x79, 0x7C), *range(0x8B, 0x92), *range(0x99, 0xA0), *range(0xA7, 0xC5)),
        ),
        (2, 0): (0x26, *range(0x36, 0x3F)),
        (2, 1): (
            *(*range(0x46, 0x50), *range(0x51, 0x67), *range(0x6A, 0x79), *range(0x7C, 0x8B)),
            *(*range(0x92, 0x99), *range(0xA0, 0xA7)),
        ),
        (3, 1): (0x1B, 0x1C),
    }
)
# Memories, tables and their segments, conversions that saturate: behind MISCELLANEOUS.
OTHERS = _spread(
    {
        (0, 0): (9, 13),
        (0, 1): (16,),
        (1, 1): range(8),
        (2, 1): (15,),
        (3, 0): (8, 10, 11, 12, 14, 17),
    }
)
# Behind VECTORS; what is not here takes two vectors and leaves one.
OF_VECTORS = _spread(
    {
        (0, 1): (12,),
        (1, 1): (
            *(*range(11), *range(15, 23), 24, 25, 27, 29, 31, 33, 77, 83, *range(92, 101)),
            *(*range(103, 107), 116, 117, 122, *range(124, 130), 131, 132, *range(135, 139), 148),
            *(160, 161, 163, 164, *range(167, 171), 192, 193, 195, 196, *range(199, 203)),
            *(224, 225, 227, 236, 237, 239, *range(248, 256)),
        ),
        (2, 0): (11, *range(88, 92)),
        (3, 1): (82,),
    }
)
OF_TWO_VECTORS = (2, 1)


@dataclass(frozen=True)
class _Producer:
    """What left a value on the stack. begin, end: its instruction in the module; last: whether the
    value lies on top behind it."""

    begin: int
    end: int
    last: bool = True


@dataclass
class _Frame:
    """A block being read. height: of the stack below it; label: how many values a branch to it
    takes; parameters, results: how many it begins and ends with."""

    height: int
    label: int
    parameters: int
    results: int


@dataclass(frozen=True)
class _Call:
    """A call of a wide function. producers: of its arguments, in their order; None where nothing
    produced one, as in code that is not reached."""

    callee: int
    producers: Sequence[_Producer | None]


@dataclass
class _Module:
    """data: the module's bytes. types: of functions; of: by function, the number of its type."""

    data: bytes
    types: list[Type]
    of: list[int]
    bodies: list[Body]

    def type_of(self, function: int) -> Type:
        return self.types[self.of[function]]


@dataclass
class _Stack:
    """The values on the stack at one place in a function, by what produced them."""

    frames: list[_Frame]
    values: list[_Producer] = field(default_factory=list)

    def pop(self, count: int) -> list[_Producer | None]:
        """The topmost values, the deepest first."""
        rest = len(self.values) - self.frames[-1].height
        found = self.values[len(self.values) - min(count, rest) :]
        del self.values[len(self.values) - len(found) :]
        return [*([None] * (count - len(found))), *found]

    def push(self, count: int, begin: int, end: int) -> None:
        self.values += [_Producer(begin, end, i == count - 1) for i in range(count)]

    def leave(self) -> None:
        """What follows is not reached: it takes what it likes."""
        del self.values[self.frames[-1].height :]


def widened(module: bytes) -> bytes:
    """The module with 64 bits for what its functions are given on the stack."""
    read = _read(module)
    wide = _wide(read)
    calling = _calling(read, wide)
    calls = {body.number: list(_calls(read, body, wide)) for body in calling}
    for found in calls.values():
        for call in found:
            places = wide.get(call.callee, ())
            if any(not _is_last(call.producers[place]) for place in places):
                del wide[call.callee]  # Of several values only the topmost can be made wide.
    of, types = list(read.of), list(read.types)
    number = {kind: i for i, kind in enumerate(types)}
    for function, places in wide.items():
        parameters, results = read.type_of(function)
        changed = bytes(I64 if i in places else kind for i, kind in enumerate(parameters)), results
        if changed not in number:
            number[changed] = len(types)
            types.append(changed)
        of[function] = number[changed]
    code = [_body(read, body, wide, calls.get(body.number, ())) for body in read.bodies]
    imported = len(of) - len(code)
    vectors = {
        wasm.TYPE: [_type(*entry) for entry in types],
        wasm.FUNCTION: [wasm.number(entry) for entry in of[imported:]],
        wasm.CODE: [wasm.number(len(body)) + body for body in code],
    }
    parts = [module[: wasm.PREAMBLE]]
    for kind, start, _, end in wasm.sections(module):
        if kind in vectors:
            content = wasm.number(len(vectors[kind])) + b"".join(vectors[kind])
            parts.append(bytes([kind]) + wasm.number(len(content)) + content)
        else:
            parts.append(module[start:end])
    known = hints.hints_of(module)
    return hints.with_hints(wasm.without(b"".join(parts), hints.SECTION), known)


def _is_last(producer: _Producer | None) -> bool:
    return producer is None or producer.last


def _type(parameters: bytes, results: bytes) -> bytes:
    return b"".join(
        (b"\x60", wasm.number(len(parameters)), parameters, wasm.number(len(results)), results)
    )


def _read(module: bytes) -> _Module:
    return _Module(module, wasm.types(module), wasm.type_numbers(module), list(wasm.bodies(module)))


def _wide(module: _Module) -> dict[int, tuple[int, ...]]:
    """By function, which of its parameters get 64 bits: those on the stack that have 32."""
    candidates = hints.hints_of(module.data).keys() - wasm.named_functions(module.data)
    found = {}
    for function in candidates:
        parameters, _ = module.type_of(function)
        whole = [i for i, kind in enumerate(parameters) if kind in (I32, I64)]
        places = tuple(i for i in whole[IN_REGISTERS:] if parameters[i] == I32)
        if places:
            found[function] = places
    return found


def _calling(module: _Module, wide: Iterable[int]) -> list[Body]:
    """The functions that may call a wide one: some bytes of them are as such a call's. To read all
    instructions takes four times as long."""
    calls = re.escape(bytes((CALL, RETURN_CALL)))
    numbers = b"|".join(_number_pattern(wasm.number(function)) for function in wide)
    call = re.compile(b"[%b](?:%b)" % (calls, numbers), re.DOTALL)
    return [body for body in module.bodies if call.search(module.data, body.first, body.end)]


def _number_pattern(encoded: bytes) -> bytes:
    """A number as it is written: as short as can be, or filled up with zeros."""
    *first, last = encoded
    filled = re.escape(bytes((*first, last | CONTINUED))) + b"\x80*\x00"
    return re.escape(encoded) + b"|" + filled


def _calls(module: _Module, body: Body, wide: Mapping[int, object]) -> Iterator[_Call]:
    """The calls of wide functions in a function."""
    data = module.data
    _, results = module.type_of(body.number)
    stack = _Stack([_Frame(0, len(results), 0, len(results))])
    for opcode, begin, end in wasm.instructions(data, body):
        if opcode in (wasm.BLOCK, wasm.LOOP, wasm.IF, wasm.TRY_TABLE):
            _enter(module, stack, opcode, begin, end)
        elif opcode == wasm.ELSE:
            frame = stack.frames[-1]
            del stack.values[frame.height :]
            stack.push(frame.parameters, begin, end)
        elif opcode == wasm.END:
            frame = stack.frames.pop()
            del stack.values[frame.height :]
            stack.push(frame.results, begin, end)
        elif opcode == wasm.BR_IF:
            stack.pop(1)
            label = stack.frames[-1 - wasm.read(data, begin + 1)[0]].label
            stack.pop(label)
            stack.push(label, begin, end)
        elif opcode in (CALL, RETURN_CALL, CALL_INDIRECT, RETURN_CALL_INDIRECT):
            callee, _ = wasm.read(data, begin + 1)
            direct = opcode in (CALL, RETURN_CALL)
            parameters, returned = module.type_of(callee) if direct else module.types[callee]
            stack.pop(0 if direct else 1)
            producers = stack.pop(len(parameters))
            stack.push(len(returned), begin, end)
            if direct and callee in wide:
                yield _Call(callee, producers)
        elif opcode not in LEAVING:
            taken, left = _counts(data, opcode, begin)
            stack.pop(taken)
            stack.push(left, begin, end)
        if opcode in LEAVING:
            stack.leave()


def _enter(module: _Module, stack: _Stack, opcode: int, begin: int, end: int) -> None:
    """A block begins."""
    if opcode == wasm.IF:
        stack.pop(1)
    # A kind of value or NO_RESULT is a negative number of one byte; a type's is not negative.
    kind = module.data[begin + 1]
    if NO_RESULT <= kind < CONTINUED:
        parameters, results = 0, int(kind != NO_RESULT)
    else:
        taken, left = module.types[wasm.read(module.data, begin + 1)[0]]
        parameters, results = len(taken), len(left)
    stack.pop(parameters)
    label = parameters if opcode == wasm.LOOP else results
    stack.frames.append(_Frame(len(stack.values), label, parameters, results))
    stack.push(parameters, begin, end)


def _counts(data: bytes, opcode: int, begin: int) -> tuple[int, int]:
    """How many values an instruction takes, and how many it leaves."""
    if opcode == MISCELLANEOUS:
        return OTHERS[wasm.read(data, begin + 1)[0]]
    if opcode == VECTORS:
        return OF_VECTORS.get(wasm.read(data, begin + 1)[0], OF_TWO_VECTORS)
    return PLAIN[opcode]


def _body(
    module: _Module, body: Body, wide: Mapping[int, Sequence[int]], calls: Sequence[_Call]
) -> bytes:
    """The function's locals and instructions, changed."""
    data = module.data
    # By place: what comes behind the instruction that ends there, what before the one that begins
    # there, and what its first byte becomes.
    behind: dict[int, bytes] = {}
    before: dict[int, bytes] = {}
    instead: dict[int, bytes] = {}
    for call in calls:
        for place in wide.get(call.callee, ()):
            producer = call.producers[place]
            if producer and data[producer.begin] == I32_CONST:
                instead[producer.begin] = I64_CONST
            elif producer:
                behind[producer.end] = I64_EXTEND_I32_U
    for opcode, begin, end in _uses(data, body, wide.get(body.number, ())):
        if opcode != LOCAL_GET:
            before[begin] = I64_EXTEND_I32_U
        if opcode != LOCAL_SET:
            # What is passed on as it is stays wide.
            behind[end] = b"" if end in behind else I32_WRAP_I64
    parts, last = [], body.start
    for at in sorted({*behind, *before, *instead}):
        parts += [data[last:at], behind.get(at, b""), before.get(at, b""), instead.get(at, b"")]
        last = at + len(instead.get(at, b""))
    return b"".join([*parts, data[last : body.end]])


def _uses(data: bytes, body: Body, parameters: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """The instructions that get or set one of these parameters."""
    if parameters:
        for opcode, begin, end in wasm.instructions(data, body):
            of_local = opcode in (LOCAL_GET, LOCAL_SET, LOCAL_TEE)
            if of_local and wasm.read(data, begin + 1)[0] in parameters:
                yield opcode, begin, end
