"""Sandboxes for agents: machines that are made, asked and ended through protocols of others."""

from boxer.sandboxes.manager import Sandbox, Sandboxes, Settings

__all__ = ["Sandbox", "Sandboxes", "Settings"]
