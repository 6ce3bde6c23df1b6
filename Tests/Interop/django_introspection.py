"""mcp-quickstart behind django-oauth-toolkit, by introspection: two users of one client, with the official MCP SDK.

    python django_introspection.py path/to/mcp-quickstart path/to/python

The other Python has django-oauth-toolkit. Prints a line per check.
"""

import asyncio
import base64
import contextlib
import json
import pathlib
import subprocess
import tempfile
from urllib.parse import urlencode

import httpx2
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull

import login
from checking import check, conclude
from interop import User, accepted, refused
from quickstart import Quickstart

SERVER = pathlib.Path(__file__).resolve().with_name("django_server.py")


@contextlib.contextmanager
def toolkit(python: str):
    """A running django-oauth-toolkit; what it says of itself."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [python, str(SERVER), folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            line = process.stdout.readline()
            check("django-oauth-toolkit listens", line.startswith("{"), line)
            yield json.loads(line)
        finally:
            process.stdin.close()
            process.wait(15)


class DjangoUser(User):
    """A user with a password, of the client that both users have."""

    def __init__(self, server: Quickstart, name: str, toolkit: dict) -> None:
        super().__init__(server)
        self.browser = login.Browser(name, toolkit["users"][name])
        self.storage.client = OAuthClientInformationFull(
            client_id=toolkit["client"], redirect_uris=[login.CALLBACK], token_endpoint_auth_method="none"
        )

    async def _authorize(self, url: str) -> None:
        answer = await asyncio.to_thread(self.browser.authorize, url)
        self._callback = {name: [value] for name, value in answer.items()}


def environment(toolkit: dict) -> dict[str, str]:
    return {
        "OAUTH_ISSUERS": toolkit["issuer"], "OAUTH_ALLOW_INSECURE_HTTP": "loopback",
        "OAUTH_INTROSPECTION_URL": toolkit["issuer"] + "/introspect/",
        "OAUTH_INTROSPECTION_CLIENT_ID": toolkit["server"], "OAUTH_INTROSPECTION_CLIENT_SECRET": toolkit["secret"],
    }


async def notes(client: Client) -> list[str]:
    return (await client.call_tool("list_notes", {})).structured_content["notes"]


async def two_users(server: Quickstart, toolkit: dict, mode: str) -> None:
    alice, bob = (DjangoUser(server, name, toolkit) for name in ("alice", "bob"))
    async with (
        alice.http() as http, Client(streamable_http_client(server.resource, http_client=http), mode=mode) as one,
        bob.http() as his, Client(streamable_http_client(server.resource, http_client=his), mode=mode) as two,
    ):
        for name, client in (("alice", one), ("bob", two)):
            who = (await client.call_tool("whoami", {})).structured_content
            check(f"{mode}: {name}: subject", who["subject"] == name, who)
            check(f"{mode}: {name}: the client of both", who["client_id"] == toolkit["client"], who)
        before = await notes(one), await notes(two)
        mine, yours = f"of alice, {mode}", f"of bob, {mode}"
        added = await one.call_tool("add_note", {"text": mine})
        check(f"{mode}: alice adds a note", not added.is_error, added)
        check(f"{mode}: bob does not see it", await notes(two) == before[1], before)
        await two.call_tool("add_note", {"text": yours})
        check(f"{mode}: alice sees hers and not bob's", await notes(one) == [*before[0], mine])
        check(f"{mode}: bob sees his and not alice's", await notes(two) == [*before[1], yours])
    check(f"{mode}: no client was registered", not any("/register" in line for line in alice.log + bob.log), alice.log)


def introspected(toolkit: dict, token: str) -> dict:
    basic = base64.b64encode(f"{toolkit['server']}:{toolkit['secret']}".encode()).decode()
    form = urlencode({"token": token}).encode()
    return login.fetched(toolkit["issuer"] + "/introspect/", form, {"Authorization": f"Basic {basic}"})


async def neighbours(server: Quickstart, toolkit: dict) -> None:
    """What the endpoint calls active is not yet good here, and what it does not is refused."""
    metadata = login.fetched(f"{toolkit['issuer']}/.well-known/oauth-authorization-server")

    def token(resource: str | None) -> str:
        browser = login.Browser("alice", toolkit["users"]["alice"])
        return login.token(metadata, toolkit["client"], "mcp:use", resource, browser)

    good = token(server.resource)
    said = introspected(toolkit, good)
    names = ["active", "aud", "client_id", "exp", "scope", "username"]
    check("what the endpoint says has no sub and no iss", sorted(said) == names, said)
    await accepted("for this resource", server, good)
    for name, resource in (("for another resource", "https://other.example/mcp"), ("for no resource", None)):
        text = token(resource)
        check(f"{name}: active, says the endpoint", introspected(toolkit, text)["active"] is True)
        await refused(name, server, text)
    revoked = token(server.resource)
    form = {"token": revoked, "client_id": toolkit["client"]}
    answer = await asyncio.to_thread(httpx2.post, metadata["revocation_endpoint"], data=form)
    check("revoked: done", answer.status_code == 200, answer.status_code)
    await refused("revoked", server, revoked)
    await refused("unknown", server, "not-a-token-of-this-server")


async def main(binary: str, python: str) -> None:
    with toolkit(python) as running, Quickstart(binary, embedded=False, environment=environment(running)) as server:
        for mode in ("auto", "legacy"):
            await two_users(server, running, mode)
        await neighbours(server, running)
    print("django-oauth-toolkit: all checks passed")


if __name__ == "__main__":
    conclude(main, 2, __doc__)
