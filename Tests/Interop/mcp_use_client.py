"""mcp-use against mcp-quickstart: its OAuth client with its callback server, and the tools as LangChain sees them.

    python mcp_use_client.py path/to/mcp-quickstart

Prints a line per check.
"""

import json
import logging
import os
import pathlib
import socket
import sys
import tempfile

from checking import check, conclude, first
from quickstart import Quickstart

LOGIN = pathlib.Path(__file__).resolve().with_name("login.py")


def free_port() -> int:
    """The client wants to know its callback's port beforehand."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


async def main(binary: str) -> None:
    with tempfile.TemporaryDirectory() as home:
        # It keeps tokens there, opens this browser, and reports to its makers unless it is told not to.
        os.environ |= {"HOME": home, "BROWSER": f"{sys.executable} {LOGIN} %s &"}
        os.environ["MCP_USE_ANONYMIZED_TELEMETRY"] = "false"
        import mcp_use

        logging.getLogger("mcp_use").setLevel(logging.CRITICAL)
        with Quickstart(binary) as server:
            await login_and_call(mcp_use, server)
            await token_of_another_login(mcp_use, server)
            await bad_token(mcp_use, server)
    print(f"mcp-use {mcp_use.__version__}: all checks passed")


def client(mcp_use, server: Quickstart, auth: object):
    return mcp_use.MCPClient.from_dict({"mcpServers": {"quickstart": {"url": server.resource, "auth": auth}}})


async def who(session) -> dict:
    return json.loads((await session.call_tool("whoami", {})).content[0].text)


async def login_and_call(mcp_use, server: Quickstart) -> None:
    """From nothing but the URL: metadata, registration, a browser, the callback, a token, then the tools."""
    from mcp_use.agents.adapters.langchain_adapter import LangChainAdapter

    opened = client(mcp_use, server, {"callback_port": free_port()})
    try:
        session = await opened.create_session("quickstart")
        check("streamable HTTP, not the old SSE", session.connector.transport_type == "streamable HTTP")
        said = await who(session)
        check("whoami: issuer", said["issuer"] == server.issuer, said)
        check("whoami: the challenge's scope was asked for", said["scopes"] == ["mcp:use"], said)
        text = "Ünïcode \u212a \U0001f600"
        check("echo", (await session.call_tool("echo", {"text": text})).content[0].text == text)
        counted = await session.call_tool("slow_count", {"to": 3, "interval_ms": 20})
        check("slow_count", counted.content[0].text == "Counted to 3.", counted)

        tools = {tool.name: tool for tool in await LangChainAdapter().create_tools(opened)}
        names = ["whoami", "echo", "slow_count", "add_note", "list_notes"]
        check("LangChain: the tools", list(tools) == names, list(tools))
        answer = await tools["echo"].ainvoke({"text": "by LangChain"})
        check("LangChain: echo", "by LangChain" in str(answer), answer)
        answer = await tools["whoami"].ainvoke({})
        check("LangChain: a tool without arguments", server.issuer in str(answer), answer)
    finally:
        await opened.close_all_sessions()


async def token_of_another_login(mcp_use, server: Quickstart) -> None:
    """The token that the first client kept is good for the second: no browser."""
    os.environ["BROWSER"] = "/nonexistent/browser %s"
    opened = client(mcp_use, server, {"callback_port": free_port()})
    try:
        said = await who(await opened.create_session("quickstart"))
        check("kept token: whoami", said["scopes"] == ["mcp:use"], said)
    finally:
        await opened.close_all_sessions()


async def bad_token(mcp_use, server: Quickstart) -> None:
    opened = client(mcp_use, server, "eyJhbGciOiJFUzI1NiJ9.e30.AAAA")
    try:
        await opened.create_session("quickstart")
        raise AssertionError("bad token: a session was made")
    except Exception as error:
        check("bad token: refused with 401", "401" in str(first(error)), f"{type(error).__name__} {first(error)}")
    finally:
        await opened.close_all_sessions()


if __name__ == "__main__":
    conclude(main, 1, __doc__)
