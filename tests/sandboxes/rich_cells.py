"""pandas and matplotlib by the unmodified SDK of sandboxes: `python -m tests.sandboxes.rich_cells`.

Belongs here: what takes packages that are long in building. A part that does not hold raises; what
it prints is what was seen.
"""

from __future__ import annotations

import base64
import os
import struct
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.sandboxes import KEY, served

DOCKERFILE = """FROM python:3.13-slim
RUN pip install pandas matplotlib
RUN useradd --uid 1000 --create-home user
WORKDIR /home/user
"""
FRAME = "import pandas as pd\ntable = pd.read_csv('/tmp/given.csv')\ntable"
FIGURE = "import matplotlib.pyplot as plt\nplt.plot([1, 2, 3], [1, 4, 9])\nplt.title('squares')"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Dockerfile").write_text(DOCKERFILE)
        with served(Path(folder)) as url:
            check(url)


def check(url: str) -> None:
    os.environ["E2B_API_KEY"] = KEY  # read when it is imported
    sdk: Any = import_module("e2b_code_interpreter")
    sandbox = sdk.Sandbox.create(timeout=600, api_url=url, sandbox_url=url)
    sandbox.files.write("/tmp/given.csv", "name,price\ntea,2.5\nmilk,1.0\n")
    [frame] = shown(sandbox, FRAME)
    assert "<th>price</th>" in frame.html, frame.html
    assert "<td>tea</td>" in frame.html
    assert frame.text.splitlines()[1].split() == ["0", "tea", "2.5"], frame.text
    print(f"a table: {len(frame.html)} characters of HTML")
    pictures = [one for one in shown(sandbox, FIGURE) if one.png]
    assert len(pictures) == 1, pictures
    print("a figure:", *size_of(pictures[0].png))
    pictures = [one for one in shown(sandbox, "table.plot.bar(x='name').figure") if one.png]
    assert pictures, "a figure that is a cell's value"
    print("a figure of a table:", *size_of(pictures[0].png))
    sandbox.kill()


def shown(sandbox: Any, code: str) -> Any:
    run = sandbox.run_code(code, timeout=300)
    assert run.error is None, run.error
    return run.results


def size_of(png: str) -> tuple[int, int]:
    """Of a picture: width and height (PNG, section 11.2.1)."""
    data = base64.b64decode(png)
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", data[16:24])
    assert width > 100, width
    assert height > 100, height
    return width, height


if __name__ == "__main__":
    main()
