"""The official MCP Python SDK against mcp-quickstart, with the SDK's own OAuth client.

    python interop.py path/to/mcp-quickstart

Prints a line per check. Ends with a status other than 0 at the first check that fails.
"""

import asyncio
import base64
import json
import re
import signal
import sys
import time
from urllib.parse import parse_qs, urlsplit

import httpx2
from mcp.client import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata
from mcp.shared.exceptions import MCPError

from quickstart import Quickstart, run_to_the_end

# The clock skew that the resource server allows by default.
SKEW = 60
CALLBACK = "http://127.0.0.1:3030/callback"


def check(name: str, condition: bool, detail: object = "") -> None:
    if not condition:
        raise AssertionError(f"{name}: {detail}")
    print(f"ok   {name}", flush=True)


class Storage:
    """Keeps tokens and client for one user."""

    def __init__(self) -> None:
        self.tokens = None
        self.client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens) -> None:
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client) -> None:
        self.client = client


class User:
    """Someone with the SDK's client: logs in by following the redirect that the development server approves at once."""

    def __init__(self, server: Quickstart) -> None:
        self.server = server
        self.storage = Storage()
        self.log: list[str] = []
        self.forms: list[dict[str, list[str]]] = []
        self.authorizations: list[dict[str, list[str]]] = []
        self._callback: dict[str, list[str]] = {}
        self.provider = OAuthClientProvider(
            server_url=server.resource,
            client_metadata=OAuthClientMetadata(client_name="interop", redirect_uris=[CALLBACK]),
            storage=self.storage,
            redirect_handler=self._authorize,
            callback_handler=self._called_back,
        )

    async def _authorize(self, url: str) -> None:
        async with httpx2.AsyncClient(follow_redirects=False) as browser:
            response = await browser.get(url)
        location = response.headers.get("location", "")
        check("authorize: redirect to the client", response.status_code in (302, 303), response.status_code)
        check("authorize: exact redirect URI", location.startswith(CALLBACK + "?"), location.partition("?")[0])
        self.authorizations.append(parse_qs(urlsplit(url).query))
        self._callback = parse_qs(urlsplit(location).query)

    async def _called_back(self) -> AuthorizationCodeResult:
        answer = {name: values[0] for name, values in self._callback.items()}
        check("authorize: iss in the response", answer.get("iss") == self.server.issuer, sorted(answer))
        return AuthorizationCodeResult(code=answer["code"], state=answer["state"], iss=answer["iss"])

    async def _record(self, response: httpx2.Response) -> None:
        request = response.request
        url = str(request.url).replace(self.server.issuer, "AS").replace(self.server.origin, "RS")
        self.log.append(f"{request.method} {url} {response.status_code}")
        if url == "AS/token":
            self.forms.append(parse_qs(request.content.decode()))

    def http(self) -> httpx2.AsyncClient:
        client = create_mcp_http_client(auth=self.provider)
        client.event_hooks = {"response": [self._record]}
        return client


async def login_and_call(server: Quickstart, mode: str, revision: str, lifetime: int) -> User:
    """From nothing but the URL: 401, metadata, registration, authorization, token, then the tools."""
    user = User(server)
    async with user.http() as http, Client(streamable_http_client(server.resource, http_client=http), mode=mode) as client:
        check(f"{mode}: revision {revision}", client.protocol_version == revision, client.protocol_version)
        check(
            f"{mode}: 401 → metadata → registration → token → retry",
            user.log[:6]
            == [
                "POST RS/mcp 401",
                "GET RS/.well-known/oauth-protected-resource/mcp 200",
                "GET AS/.well-known/oauth-authorization-server 200",
                "POST AS/register 201",
                "POST AS/token 200",
                "POST RS/mcp 200",
            ],
            user.log,
        )
        authorization = user.authorizations[0]
        check(f"{mode}: the challenge's scope was asked for", authorization["scope"] == ["mcp:use"], authorization["scope"])
        check(f"{mode}: resource in both requests", user.forms[0]["resource"] == authorization["resource"] == [server.resource])

        tools = await client.list_tools()
        check(f"{mode}: tools/list", [tool.name for tool in tools.tools] == ["whoami", "echo", "slow_count", "add_note", "list_notes"])

        who = (await client.call_tool("whoami", {})).structured_content
        check(f"{mode}: whoami: issuer", who["issuer"] == server.issuer, who)
        check(f"{mode}: whoami: client", who["client_id"] == user.storage.client.client_id, who)
        check(f"{mode}: whoami: scopes", who["scopes"] == ["mcp:use"], who)
        check(f"{mode}: whoami: subject", bool(who["subject"]), who)
        check(f"{mode}: whoami: expiry", abs(who["expires_at"] - time.time() - lifetime) < 30, who)

        text = "Ünïcode \u212a \u0000 \U0001f600"
        echoed = await client.call_tool("echo", {"text": text})
        check(f"{mode}: echo", echoed.content[0].text == text)

        steps: list[tuple[float, float | None]] = []

        async def progress(done: float, total: float | None, message: str | None) -> None:
            steps.append((done, total))

        counted = await client.call_tool("slow_count", {"to": 3, "interval_ms": 20}, progress_callback=progress)
        check(f"{mode}: slow_count: result", counted.content[0].text == "Counted to 3.", counted)
        check(f"{mode}: slow_count: progress", steps == [(1, 3), (2, 3), (3, 3)], steps)

        try:
            await client.call_tool("nope", {})
            raise AssertionError("an unknown tool was called")
        except MCPError as error:
            check(f"{mode}: unknown tool", error.code == -32602, error.code)
        check(f"{mode}: one login was enough", len(user.authorizations) == 1 and len(user.forms) == 1)
    return user


async def refresh(binary: str) -> None:
    """A token that the client knows to be over is exchanged for a new one, without another login."""
    with Quickstart(binary, "--token-lifetime", "2") as server:
        user = User(server)
        async with user.http() as http, Client(streamable_http_client(server.resource, http_client=http), mode="auto") as client:
            first = user.storage.tokens
            check("refresh: there is a refresh token", bool(first.refresh_token))
            await asyncio.sleep(2.5)
            before = len(user.log)
            who = (await client.call_tool("whoami", {})).structured_content
            second = user.storage.tokens
            check("refresh: token request, then the call", user.log[before : before + 2] == ["POST AS/token 200", "POST RS/mcp 200"], user.log[before:])
            check("refresh: grant", user.forms[-1]["grant_type"] == ["refresh_token"])
            check("refresh: new access token", second.access_token != first.access_token)
            check("refresh: rotated", bool(second.refresh_token) and second.refresh_token != first.refresh_token)
            check("refresh: no second login", len(user.authorizations) == 1)
            check("refresh: whoami", who["scopes"] == ["mcp:use"] and who["client_id"] == user.storage.client.client_id, who)


async def call(server: Quickstart, token: str) -> httpx2.Response:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "whoami"}}
    async with httpx2.AsyncClient() as http:
        return await http.post(server.resource, json=body, headers={"Authorization": f"Bearer {token}"})


async def accepted(name: str, server: Quickstart, token: str) -> None:
    response = await call(server, token)
    check(f"{name}: 200", response.status_code == 200 and "structuredContent" in response.text, response.status_code)


async def refused(name: str, server: Quickstart, token: str) -> None:
    """A bad token gives 401 with the challenge of POLICY §3, and nothing of the token in the answer."""
    response = await call(server, token)
    check(f"{name}: 401", response.status_code == 401, response.status_code)
    challenge = response.headers["www-authenticate"]
    metadata = f"{server.origin}/.well-known/oauth-protected-resource/mcp"
    expected = rf'Bearer error="invalid_token", error_description="[ -~]+", scope="mcp:use", resource_metadata="{re.escape(metadata)}"'
    check(f"{name}: challenge", re.fullmatch(expected, challenge) is not None, challenge)
    check(f"{name}: not to be stored", response.headers["cache-control"] == "no-store", response.headers["cache-control"])
    check(f"{name}: body", response.json()["error"] == "invalid_token", response.text)
    everything = challenge + response.text
    check(f"{name}: nothing of the token is in the answer", not any(part in everything for part in token.split(".") if part))


def tampered(token: str) -> dict[str, str]:
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    claims["scope"] = "mcp:use mcp:admin"
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    middle = len(signature) // 2
    flipped = signature[:middle] + ("A" if signature[middle] != "A" else "B") + signature[middle + 1 :]
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').decode().rstrip("=")
    return {
        "tampered claims": f"{header}.{forged}.{signature}",
        "tampered signature": f"{header}.{payload}.{flipped}",
        "no signature": f"{unsigned}.{forged}.",
    }


async def foreign_audience(binary: str, server: Quickstart, token: str) -> None:
    """A second resource server that trusts the same issuer must not take a token that was made for the first."""
    with Quickstart(binary, "--issuer", server.issuer, embedded=False, environment={"OAUTH_ALLOW_INSECURE_HTTP": "loopback"}) as other:
        check("foreign audience: the ready line names the given issuer", other.issuer == server.issuer, other.issuer)
        await accepted("foreign audience: at home", server, token)
        await refused("foreign audience: elsewhere", other, token)
        # The second server finds the keys by the issuer's metadata, over HTTP.
        user = User(other)
        async with user.http() as http, Client(streamable_http_client(other.resource, http_client=http), mode="auto") as client:
            who = (await client.call_tool("whoami", {})).structured_content
            check("foreign audience: a token of its own is good", who["issuer"] == server.issuer, who)
        await refused("foreign audience: the other way round", server, user.storage.tokens.access_token)


async def expired_tokens(server: Quickstart) -> tuple[str, float]:
    """A token of one second, and when the resource server must stop to accept it."""
    user = User(server)
    async with user.http() as http, Client(streamable_http_client(server.resource, http_client=http), mode="legacy") as client:
        who = (await client.call_tool("whoami", {})).structured_content
    return user.storage.tokens.access_token, who["expires_at"] + SKEW


def wrong_starts(binary: str, server: Quickstart) -> None:
    """What is configured wrongly never starts: exit 78, a line each on stderr, nothing on stdout."""
    taken = str(urlsplit(server.resource).port)
    for name, arguments, words in [
        ("MCP port in use", ["--port", taken, "--issuer-port", "0"], ["--port", taken]),
        ("issuer port in use", ["--port", "0", "--issuer-port", taken], ["--issuer-port", taken]),
        ("half a flag", ["--port"], ["--port"]),
    ]:
        code, out, err = run_to_the_end(binary, *arguments)
        check(f"start: {name}: exit 78", code == 78, code)
        check(f"start: {name}: one line", err.count("\n") == 1 and all(word in err for word in words), err)
        check(f"start: {name}: not ready", out == "", out)
    code, out, err = run_to_the_end(binary, "--help")
    check("start: --help", code == 0 and "--required-scope" in out and err == "", (code, err))


async def main(binary: str) -> None:
    with Quickstart(binary, "--token-lifetime", "1") as short_lived, Quickstart(binary) as server:
        old, over = await expired_tokens(short_lived)
        await login_and_call(server, "auto", "2026-07-28", 3600)
        user = await login_and_call(server, "legacy", "2025-11-25", 3600)
        await refresh(binary)
        token = user.storage.tokens.access_token
        for name, bad in tampered(token).items():
            await refused(name, server, bad)
        await accepted("the token itself", server, token)
        await foreign_audience(binary, server, token)
        wrong_starts(binary, server)
        if (rest := over - time.time()) > 0:
            await accepted("before the end of the clock skew", short_lived, old)
            print(f"     waiting {rest:.0f} s for a token to expire beyond the clock skew", flush=True)
            await asyncio.sleep(rest + 1)
        await refused("expired", short_lived, old)
        check("SIGINT ends it with 0", server.stop(signal.SIGINT) == 0)
        check("SIGTERM ends it with 0", short_lived.stop(signal.SIGTERM) == 0)
    print("interop: all checks passed")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    # Ended from outside, it still stops what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    failures: list[BaseException] = []
    try:
        asyncio.run(main(sys.argv[1]))
    except* AssertionError as group:
        failures = [*group.exceptions]
    for failure in failures:
        # What is raised while a client is open arrives inside groups.
        while isinstance(failure, BaseExceptionGroup):
            failure = failure.exceptions[0]
        print(f"FAIL {failure}", file=sys.stderr)
    sys.exit(1 if failures else 0)
