"""smolagents' tool reader (mcpadapt) against mcp-quickstart: what it makes of the tools' schemas, and calls.

    python smolagents_reader.py path/to/mcp-quickstart

Prints a line per check.
"""

import importlib.metadata

from smolagents import MCPClient, ToolCollection

from checking import check, conclude
from login import fetched, registered, token
from quickstart import Quickstart


def connection(server: Quickstart, scope: str) -> dict:
    """The parameters of a connection with a token: the reader does not log in."""
    metadata = fetched(f"{server.issuer}/.well-known/oauth-authorization-server")
    good = token(metadata, registered(metadata), scope, server.resource)
    return {"url": server.resource, "transport": "streamable-http", "headers": {"Authorization": f"Bearer {good}"}}


def tools_and_calls(server: Quickstart) -> None:
    with MCPClient(connection(server, "mcp:use notes:write"), structured_output=True) as listed:
        tools = {tool.name: tool for tool in listed}
        names = ["whoami", "echo", "slow_count", "add_note", "list_notes"]
        check("the tools", list(tools) == names, list(tools))
        check("no arguments: an object without members", tools["whoami"].inputs == {}, tools["whoami"].inputs)
        check("arguments: a string", tools["echo"].inputs["text"]["type"] == "string", tools["echo"].inputs)
        check("arguments: integers", tools["slow_count"].inputs["to"]["type"] == "integer", tools["slow_count"].inputs)
        schema = tools["list_notes"].output_schema
        check("the schema of a result", schema["properties"]["notes"]["type"] == "array", schema)

        said = tools["whoami"]()
        check("whoami", said["issuer"] == server.issuer and said["scopes"] == ["mcp:use", "notes:write"], said)
        text = "Ünïcode \u212a \U0001f600"
        check("echo", tools["echo"](text=text) == text)
        check("slow_count", tools["slow_count"](to=3, interval_ms=20) == "Counted to 3.")
        check("add_note", tools["add_note"](text="read by smolagents") == "That makes 1.")
        check("list_notes", tools["list_notes"]() == {"notes": ["read by smolagents"]})


def text_only(server: Quickstart) -> None:
    """As the reader was before it knew structured content."""
    given = connection(server, "mcp:use")
    with ToolCollection.from_mcp(given, trust_remote_code=True, structured_output=False) as collection:
        said = {tool.name: tool for tool in collection.tools}["whoami"]()
        check("text only: whoami", f'"{server.issuer}"' in said, said)


def main(binary: str) -> None:
    with Quickstart(binary) as server:
        tools_and_calls(server)
        text_only(server)
    print(f"smolagents {importlib.metadata.version('smolagents')}: all checks passed")


if __name__ == "__main__":
    conclude(main, 1, __doc__)
