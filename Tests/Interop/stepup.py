"""The official MCP Python SDK asks for more: a tool that needs a scope that the first login did not bring.

    python stepup.py path/to/mcp-quickstart

Prints a line per check. Ends with a status other than 0 at the first check that fails.
"""

import asyncio
import sys

import httpx2
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

from interop import User, check
from quickstart import Quickstart


class WatchfulUser(User):
    """Keeps the challenges, too."""

    def __init__(self, server: Quickstart) -> None:
        super().__init__(server)
        self.challenges: list[str] = []

    async def _record(self, response: httpx2.Response) -> None:
        await super()._record(response)
        self.challenges += response.headers.get_list("www-authenticate")


def asked(user: User) -> list[str]:
    return [" ".join(sorted(request["scope"][0].split())) for request in user.authorizations]


async def step_up(server: Quickstart, mode: str) -> None:
    user = WatchfulUser(server)
    async with user.http() as http, Client(streamable_http_client(server.resource, http_client=http), mode=mode) as client:
        who = (await client.call_tool("whoami", {})).structured_content
        check(f"{mode}: the first token", who["scopes"] == ["mcp:use"], who)
        check(f"{mode}: one login", asked(user) == ["mcp:use"], asked(user))
        before = len(user.log)
        added = await client.call_tool("add_note", {"text": "remember"})
        check(f"{mode}: add_note: done", not added.is_error, added)
        check(
            f"{mode}: add_note: 403, token, retry",
            user.log[before : before + 3] == ["POST RS/mcp 403", "POST AS/token 200", "POST RS/mcp 200"],
            user.log[before:],
        )
        challenge = (
            'Bearer error="insufficient_scope", '
            'error_description="The operation needs scopes that the access token does not carry.", '
            f'scope="mcp:use notes:write", resource_metadata="{server.metadata}"'
        )
        check(f"{mode}: add_note: the challenge names all scopes of the operation", user.challenges[-1] == challenge, user.challenges[-1])
        check(f"{mode}: add_note: asked for the union", asked(user)[1:] == ["mcp:use notes:write"], asked(user))
        who = (await client.call_tool("whoami", {})).structured_content
        check(f"{mode}: the new token", who["scopes"] == ["mcp:use", "notes:write"], who)
        # notes:write implies notes:read: no third login.
        listed = await client.call_tool("list_notes", {})
        check(f"{mode}: list_notes: implied", not listed.is_error and "remember" in listed.content[0].text, listed)
        check(f"{mode}: two logins were enough", len(user.authorizations) == 2, asked(user))


async def least(server: Quickstart) -> None:
    """Somebody who only reads is asked for no more than that."""
    user = WatchfulUser(server)
    async with user.http() as http, Client(streamable_http_client(server.resource, http_client=http), mode="auto") as client:
        listed = await client.call_tool("list_notes", {})
        check("least: list_notes: done", not listed.is_error, listed)
        check("least: notes:read is enough", asked(user) == ["mcp:use", "mcp:use notes:read"], asked(user))


async def main(binary: str) -> None:
    for mode in ("auto", "legacy"):
        with Quickstart(binary) as server:
            await step_up(server, mode)
            await least(server)
    print("stepup: all checks passed")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        asyncio.run(main(sys.argv[1]))
    except* AssertionError as group:
        failure: BaseException = group
        while isinstance(failure, BaseExceptionGroup):
            failure = failure.exceptions[0]
        print(f"FAIL {failure}", file=sys.stderr)
        sys.exit(1)
