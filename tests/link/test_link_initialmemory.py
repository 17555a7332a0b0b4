from __future__ import annotations

import pytest
from wasmtime import wat2wasm

from boxer.boxfile import ImageConfig
from boxer.errors import AccountError, BadFieldError, TooLargeError, UnsupportedModuleError
from boxer.filetree import Tree
from boxer.link import BootBlock, Start, initial_memory, machine_config
from boxer.wasmformat import Module


def base(boot: str = r"BXBOOT01\02", heap: int = 70_000, exports: str = "") -> Module:
    return Module.parse(
        bytes(
            wat2wasm(f"""
        (module
          (memory (export "memory") 2)
          (global (export "boxer_boot") i32 (i32.const 1024))
          (global (export "__heap_base") i32 (i32.const {heap}))
          (data (i32.const 1024) "{boot}")
          (data (i32.const 2000) "end of data"){exports})
        """)
        )
    )


def test_tree_config_and_heap_lie_behind_the_base() -> None:
    image = initial_memory(base(), b"T" * 100, b"uid=0\0")
    memory = image.to_bytes()
    boot = BootBlock.decode(memory[1024:1088])
    assert (boot.tree, boot.tree_size) == (131072, 100)
    assert memory[boot.tree : boot.tree + 100] == b"T" * 100
    assert boot.config % 8 == 0
    assert memory[boot.config : boot.config + boot.config_size] == b"uid=0\0"
    assert boot.heap == 135168
    assert image.size >= boot.heap + (1 << 20)
    assert memory[2000:2011] == b"end of data"
    assert boot.phase == 0


def test_base_memory_is_never_made_smaller() -> None:
    module = Module.parse(
        bytes(
            wat2wasm(r"""
        (module (memory (export "memory") 100)
          (global (export "boxer_boot") i32 (i32.const 1024))
          (global (export "__heap_base") i32 (i32.const 2048))
          (data (i32.const 1024) "BXBOOT01\02"))""")
        )
    )
    assert initial_memory(module, b"", b"").size == 100 * 65536


@pytest.mark.parametrize(
    "module",
    [
        base(boot="XXXXXXXX"),
        base(boot=r"BXBOOT01\03"),
        base(boot=r"BXBOOT01\02\00\00\00\01"),
        base(heap=1500),
        base(heap=0),
        Module.parse(bytes(wat2wasm("(module (memory 1))"))),
    ],
)
def test_module_that_is_no_base_is_refused(module: Module) -> None:
    with pytest.raises(UnsupportedModuleError):
        initial_memory(module, b"", b"")


def test_more_than_a_memory_holds_is_refused() -> None:
    with pytest.raises(TooLargeError):
        initial_memory(base(heap=-4096), b"tree", b"")


def users() -> Tree:
    tree = Tree()
    tree.add_file("/etc/passwd", b"root:x:0:0::/root:/bin/sh\nweb:x:33:34::/srv:/bin/sh\n")
    tree.add_file("/etc/group", b"web:x:34:\nlog:x:50:web\n")
    return tree


def records(config: ImageConfig, start: Start) -> list[str]:
    data = machine_config(config, users(), start)
    assert data.endswith(b"\0")
    return data.decode().split("\0")[:-1]


def test_config_records() -> None:
    config = ImageConfig(
        env=("PATH=/bin", "A=b=c"),
        entrypoint=("python", "-u"),
        cmd=("app.py", "two words"),
        working_dir="/app",
        user="web",
        exposed_ports=("53/udp", "8443/tcp", "80", "443/tcp"),
    )
    assert records(config, Start("python", ("json", "re"), 17)) == [
        "uid=33", "gid=34", "group=50", "user=web", "cwd=/app", "hostname=box", "program=python",
        "epoch=17", "exposed=80", "exposed=443", "exposed=8443", "frozen=yes",
        "env=PATH=/bin", "env=A=b=c",
        "entrypoint=python", "entrypoint=-u",
        "cmd=app.py", "cmd=two words", "import=json", "import=re",
    ]  # fmt: skip


def test_defaults_are_root_in_the_root() -> None:
    assert records(ImageConfig(), Start("python"))[:4] == ["uid=0", "gid=0", "user=root", "cwd=/"]


def test_unknown_user_is_refused() -> None:
    with pytest.raises(AccountError):
        machine_config(ImageConfig(user="nobody-here"), users(), Start("python"))


def test_nul_cannot_smuggle_a_record() -> None:
    with pytest.raises(BadFieldError):
        machine_config(ImageConfig(env=("A=\0uid=0",)), users(), Start("python"))
