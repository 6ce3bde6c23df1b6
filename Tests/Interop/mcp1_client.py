"""The official MCP Python SDK as it was, version 1, against mcp-quickstart: one file for all releases that are tested.

    python mcp1_client.py path/to/mcp-quickstart REVISION

REVISION is what this release speaks. Prints a line per check.
"""

import asyncio
import contextlib
import json
import time
from importlib.metadata import version

from mcp import ClientSession
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamablehttp_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.auth import OAuthClientMetadata
from mcp.shared.exceptions import McpError

from checking import check, conclude
from login import CALLBACK, Browser
from quickstart import Quickstart

RELEASE = version("mcp")
# Since 1.23, a 403 for want of scopes leads to another login; before, a client asks for everything at once.
STEPS_UP = tuple(map(int, RELEASE.split("."))) >= (1, 23)
# A fault of 1.12: every request is sent a second time, after its good answer.
TIMES = 2 if RELEASE == "1.12.4" else 1
# Until 1.9, authorization servers are looked for at the resource server; a client logs in before its first request.
LOGS_IN_FIRST = tuple(map(int, RELEASE.split("."))) < (1, 10)


class User:
    """Someone with this release's client; keeps its own tokens."""

    def __init__(self, server: Quickstart, scope: str | None = None) -> None:
        self.server, self.tokens, self.client = server, None, None
        self.logins: list[str] = []
        self.log: list[str] = []
        self._answer: dict[str, str] = {}
        self.provider = OAuthClientProvider(
            server_url=server.resource,
            client_metadata=OAuthClientMetadata(client_name="interop", redirect_uris=[CALLBACK], scope=scope),
            storage=self, redirect_handler=self._authorize, callback_handler=self._called_back,
        )

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens) -> None:
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client) -> None:
        self.client = client

    async def _authorize(self, url: str) -> None:
        self.logins.append(url)
        self._answer = await asyncio.to_thread(Browser().authorize, url)

    async def _called_back(self) -> tuple[str, str | None]:
        return self._answer["code"], self._answer.get("state")

    def _http(self, **options):
        async def record(response) -> None:
            url = str(response.request.url).replace(self.server.issuer, "AS").replace(self.server.origin, "RS")
            self.log.append(f"{response.request.method} {url} {response.status_code}")

        client = create_mcp_http_client(**options)
        client.event_hooks = {"response": [record]}
        return client

    @contextlib.asynccontextmanager
    async def session(self):
        async with streamablehttp_client(
            self.server.resource, auth=self.provider, httpx_client_factory=self._http
        ) as (read, write, _):
            async with ClientSession(read, write) as session:
                self.revision = (await session.initialize()).protocolVersion
                yield session


async def who(session: ClientSession) -> dict:
    return json.loads((await session.call_tool("whoami", {})).content[0].text)


async def login_and_call(server: Quickstart, revision: str) -> None:
    user = User(server)
    async with user.session() as session:
        check(f"revision {revision}", user.revision == revision, user.revision)
        if LOGS_IN_FIRST:
            check("login → the first request is good", user.log[0] == "POST RS/mcp 200", user.log)
        else:
            expected = [
                "POST RS/mcp 401", "GET RS/.well-known/oauth-protected-resource/mcp 200",
                "GET AS/.well-known/oauth-authorization-server 200", "POST AS/register 201", "POST AS/token 200",
                "POST RS/mcp 200",
            ]
            check("401 → metadata → registration → token → retry", user.log[:6] == expected, user.log)

        tools = [tool.name for tool in (await session.list_tools()).tools]
        check("tools/list", tools == ["whoami", "echo", "slow_count", "add_note", "list_notes"], tools)
        said = await who(session)
        check("whoami: issuer", said["issuer"] == server.issuer, said)
        check("whoami: client", said["client_id"] == user.client.client_id, said)
        check("whoami: the scope that every request needs", "mcp:use" in said["scopes"], said)
        check("whoami: expiry", abs(said["expires_at"] - time.time() - 3600) < 60, said)

        text = "Ünïcode \u212a \u0000 \U0001f600"
        check("echo", (await session.call_tool("echo", {"text": text})).content[0].text == text)
        steps: list[tuple[float, float | None]] = []

        async def progress(done: float, total: float | None, message: str | None) -> None:
            steps.append((done, total))

        count = {"to": 3, "interval_ms": 20}
        counted = await session.call_tool("slow_count", count, progress_callback=progress)
        check("slow_count: result", counted.content[0].text == "Counted to 3.", counted)
        check("slow_count: progress", steps == [(1, 3), (2, 3), (3, 3)], steps)
        try:
            await session.call_tool("nope", {})
            raise AssertionError("an unknown tool was called")
        except McpError as error:
            check("unknown tool", error.error.code == -32602, error.error)
        check("one login was enough", len(user.logins) == 1, len(user.logins))


async def scopes(server: Quickstart) -> None:
    """A tool that needs more than every request does."""
    user = User(server, None if STEPS_UP else "mcp:use notes:write")
    async with user.session() as session:
        added = await session.call_tool("add_note", {"text": f"of {RELEASE}"})
        check("scopes: add_note", not added.isError and added.content[0].text == f"That makes {TIMES}.", added)
        listed = json.loads((await session.call_tool("list_notes", {})).content[0].text)
        check("scopes: list_notes: implied", listed == {"notes": [f"of {RELEASE}"] * TIMES}, listed)
        said = await who(session)
        check("scopes: of the token", said["scopes"] == ["mcp:use", "notes:write"], said)
    if STEPS_UP:
        check("scopes: 403 → token → retry", len(user.logins) == 2 and "POST RS/mcp 403" in user.log, user.log)
    else:
        check("scopes: one login was enough", len(user.logins) == 1 and "POST RS/mcp 403" not in user.log, user.log)


async def refresh(binary: str) -> None:
    """A token that the client knows to be over is exchanged without another login."""
    with Quickstart(binary, "--token-lifetime", "2") as server:
        user = User(server)
        async with user.session() as session:
            before = user.tokens
            await asyncio.sleep(2.5)
            said = await who(session)
            check("refresh: a new token", user.tokens.access_token != before.access_token)
            check("refresh: no second login", len(user.logins) == 1, len(user.logins))
            check("refresh: the same client", said["client_id"] == user.client.client_id, said)


async def main(binary: str, revision: str) -> None:
    with Quickstart(binary) as server:
        await login_and_call(server, revision)
        await scopes(server)
    await refresh(binary)
    print(f"mcp {RELEASE}: all checks passed")


if __name__ == "__main__":
    conclude(main, 2, __doc__)
