"""C and C++ in a RUN: our compiler over a stage's tree (`gcc`, `cc`, `clang`, `g++`, `ar` ..).

Belongs here: what a compiler's command line may ask, the files it sees, compiling, linking, and
archives. Does not: the compiler itself (the SDK, `recipes/programsdk.py`), Python packages
(`packages`), the commands of a RUN (`userland`).

The compiler runs on this machine, on sources that nobody vouches for. So:

Invariants
1. It reads the stage's files and the SDK's, and nothing else of this machine: the front end sees a
   file system of its own (`overlay`); options come from a table of known ones
   (`options`, `arguments`); nothing is assembled or linked that could name a file (`frontend`,
   `linking`).
2. It runs nothing that it compiled; programs run in a machine (`userland.CommandRunner`).
3. The same sources and arguments give the same bytes.
"""

from boxer.toolchain.program import SdkCompiler
from boxer.toolchain.request import CompilerRequest, CompilerResult

__all__ = ["CompilerRequest", "CompilerResult", "SdkCompiler"]
