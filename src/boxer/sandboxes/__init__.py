"""Sandboxes for agents: machines that are made, asked and ended through protocols of others."""

from boxer.sandboxes.kernel import install_kernel, run_kernel
from boxer.sandboxes.manager import Sandbox, Sandboxes, Settings
from boxer.sandboxes.mcpserver import mcp_server, serve_mcp_http, serve_mcp_stdio
from boxer.sandboxes.serving import E2bService, open_sandboxes, serve_e2b

__all__ = [
    "E2bService",
    "Sandbox",
    "Sandboxes",
    "Settings",
    "install_kernel",
    "mcp_server",
    "open_sandboxes",
    "run_kernel",
    "serve_e2b",
    "serve_mcp_http",
    "serve_mcp_stdio",
]
