"""nginx with TLS in front of mcp-quickstart and of its authorization server: a login, and progress that arrives live.

    python behind_nginx.py path/to/mcp-quickstart path/to/nginx

Prints a line per check.
"""

import asyncio
import contextlib
import pathlib
import socket
import ssl
import tempfile

import httpx2
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

from authlib_server import RFC_8414, FullServer
from checking import check, conclude
from interop import User
from issuer import Authority
from nginx import Nginx
from quickstart import Quickstart

PATH = "/login"
METADATA = RFC_8414 + PATH

# Nothing but where to listen and what is behind it: buffering and time-outs are nginx's own.
SERVER = """
    server {{
        listen 127.0.0.1:{port} ssl;
        server_name localhost;
        ssl_certificate {pem};
        ssl_certificate_key {pem};
        location / {{ proxy_pass {resource}; proxy_http_version 1.1; proxy_set_header Host $http_host; }}
        location {path}/ {{ proxy_pass {issuer}; }}
        location {metadata} {{ proxy_pass {issuer}; }}
    }}
"""


class TLSUser(User):
    """Trusts the test's own authority."""

    def __init__(self, server: Quickstart, trust: ssl.SSLContext) -> None:
        super().__init__(server)
        self.trust = trust

    async def _authorize(self, url: str) -> None:
        async with httpx2.AsyncClient(verify=self.trust) as browser:
            location = (await browser.get(url)).headers["location"]
        query = httpx2.URL(location).params
        self.authorizations.append({})
        self._callback = {name: [query[name]] for name in query}

    def http(self) -> httpx2.AsyncClient:
        timeout = httpx2.Timeout(30, read=60)
        hooks = {"response": [self._record]}
        return httpx2.AsyncClient(auth=self.provider, verify=self.trust, timeout=timeout, event_hooks=hooks)


async def progress_is_live(client: Client) -> None:
    """The call would take 100 s. Three steps of it arrive, then the client gives up: nothing waited for its end."""
    steps: asyncio.Queue[tuple[float, float | None]] = asyncio.Queue()

    async def progress(done: float, total: float | None, message: str | None) -> None:
        steps.put_nowait((done, total))

    count = {"to": 100, "interval_ms": 1000}
    call = asyncio.create_task(client.call_tool("slow_count", count, progress_callback=progress))
    arrived: list[tuple[float, float | None]] = []
    try:
        async with asyncio.timeout(50):
            while len(arrived) < 3:
                arrived.append(await steps.get())
    except TimeoutError:
        raise AssertionError(f"progress is not live: {len(arrived)} steps within 50 s") from None
    finally:
        is_running = not call.done()
        call.cancel()
        await asyncio.wait([call])
    check("progress arrives while the tool runs", is_running and arrived == [(1, 100), (2, 100), (3, 100)], arrived)


async def through(server: Quickstart, issuer: FullServer, trust: ssl.SSLContext) -> None:
    user = TLSUser(server, trust)
    async with user.http() as http, Client(streamable_http_client(server.resource, http_client=http)) as client:
        check(
            "login over TLS",
            user.log[:6]
            == [
                "POST RS/mcp 401", "GET RS/.well-known/oauth-protected-resource/mcp 200",
                f"GET RS{METADATA} 200", "POST AS/register 201", "POST AS/token 200", "POST RS/mcp 200",
            ],
            user.log,
        )
        who = (await client.call_tool("whoami", {})).structured_content
        check("whoami", (who["issuer"], who["subject"]) == (server.issuer, "alice"), who)
        await progress_is_live(client)
        counted = await client.call_tool("slow_count", {"to": 3, "interval_ms": 20})
        check("the end of a stream arrives", counted.content[0].text == "Counted to 3.", counted)
        text = "é" * 500_000
        echoed = await client.call_tool("echo", {"text": text})
        check("a megabyte there and back", echoed.content[0].text == text)


async def main(binary: str, nginx: str) -> None:
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = pathlib.Path(name)
        authority = Authority(folder)
        listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        public = f"https://localhost:{listener.getsockname()[1]}"
        issuer = stack.enter_context(FullServer("RS256", METADATA, PATH, public=public))
        arguments = ["--resource", f"{public}/mcp", "--issuer", issuer.issuer, "--ca-file", str(authority.file)]
        server = stack.enter_context(Quickstart(binary, *arguments, embedded=False))
        site = SERVER.format(
            port=listener.getsockname()[1], pem=authority.pem, resource=server.address(), issuer=issuer.origin,
            path=PATH, metadata=METADATA,
        )
        stack.enter_context(Nginx(nginx, folder, [listener], site))
        # From now on only nginx listens.
        listener.close()
        await through(server, issuer, ssl.create_default_context(cafile=str(authority.file)))
    print("nginx: all checks passed")


if __name__ == "__main__":
    conclude(main, 2, __doc__)
