"""One file a command: `add(subparsers)` declares it, `run(options)` does it."""
