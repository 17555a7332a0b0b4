from mcp.server.fastmcp import FastMCP

server = FastMCP("box", host="0.0.0.0", port=8000, stateless_http=True, json_response=True)

@server.tool()
def add(a: int, b: int) -> int:
    return a + b

server.run(transport="streamable-http")
