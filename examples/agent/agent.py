"""An agent's tool: what a model has written runs in a sandbox, by the unmodified e2b SDK.

boxer build -t agent examples/agent
boxer serve agent --e2b -p 3000 --prepare 'import json, math, statistics'
(set the three variables it prints)
pip install e2b-code-interpreter
python examples/agent/agent.py
"""

from e2b_code_interpreter import Sandbox

# In place of a model: what it would write, a step at a time.
STEPS = [
    "numbers = [float(line) for line in open('numbers.txt')]",
    "statistics.mean(numbers), max(numbers)",
    "open('/etc/shadow-of-the-host')",
    "import urllib.request; urllib.request.urlopen('https://example.com', timeout=2)",
]


def main() -> None:
    with Sandbox.create(timeout=120) as sandbox:
        sandbox.files.write("numbers.txt", "1.5\n2.5\n8\n")
        for code in STEPS:
            done = sandbox.run_code(code)
            told = f"{done.error.name}: {done.error.value}" if done.error else done.text
            print(f">>> {code}\n{told or ''}")
        print(sandbox.commands.run("whoami; pwd; wc -l < numbers.txt").stdout, end="")


if __name__ == "__main__":
    main()
