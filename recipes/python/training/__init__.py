"""What the instrumented interpreter runs: programs that show the compiler which of its code is hot.

They run in the box's interpreter without files, network, threads or a real clock
(guest/training). They are not the benchmark's programs: a profile of those would flatter them.

Invariant: no program looks at anything that differs between two runs.
"""
