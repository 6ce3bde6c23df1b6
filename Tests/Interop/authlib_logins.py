"""mcp-quickstart and the official MCP SDK with Authlib between them as a whole authorization server, of four kinds.

    python authlib_logins.py path/to/mcp-quickstart

Prints a line per check.
"""

import json
import os

from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

import login
from authlib_server import OPENID, RFC_8414, FullServer
from authlib_server import User as Person
from checking import check, conclude
from interop import User, accepted, refused
from minting import b64decoded
from quickstart import Quickstart

LOOPBACK = {"OAUTH_ALLOW_INSECURE_HTTP": "loopback"}
KINDS = {
    "RS256": ("RS256", RFC_8414, "", "keys and tokens"),
    "ES256 without kid": ("ES256", RFC_8414, "", "nothing"),
    "issuer with a path": ("RS256", RFC_8414 + "/tenants/a-1", "/tenants/a-1", "keys and tokens"),
    "OpenID only": ("RS256", OPENID, "", "keys and tokens"),
    "OpenID only, issuer with a path": ("ES256", "/realms/one" + OPENID, "/realms/one", "keys"),
}


async def whole_login(name: str, issuer: FullServer, server: Quickstart) -> str:
    """From nothing but the URL of the resource; gives the last token."""
    user = User(server)
    async with user.http() as http, Client(streamable_http_client(server.resource, http_client=http)) as client:
        who = (await client.call_tool("whoami", {})).structured_content
        said = (who["issuer"], who["subject"], who["client_id"], who["scopes"])
        check(f"{name}: whoami", said == (issuer.issuer, "alice", user.storage.client.client_id, ["mcp:use"]), who)
        found = [line for line in user.log if ".well-known/" in line and line.endswith(" 200")]
        check(f"{name}: the client found the metadata", len(found) == 2, user.log)
        added = await client.call_tool("add_note", {"text": name})
        logins = len(user.authorizations)
        check(f"{name}: add_note: 403 → another login → done", not added.is_error and logins == 2, user.log)

        first = user.storage.tokens
        user.provider.context.token_expiry_time = 1
        listed = await client.call_tool("list_notes", {})
        check(f"{name}: list_notes after a refresh", listed.structured_content == {"notes": [name]}, listed)
        second = user.storage.tokens
        check(f"{name}: refresh: another token", second.access_token != first.access_token)
        check(f"{name}: refresh: by its grant", user.forms[-1]["grant_type"] == ["refresh_token"], user.forms[-1])
    keys = issuer.asked[f"GET {issuer.path}/jwks"]
    check(f"{name}: the resource server asked for the keys once", keys == 1, issuer.asked)
    return second.access_token


def named_keys(name: str, issuer: FullServer, token: str, kid: str) -> None:
    """The premise: what names a kid, and what does not."""
    header = json.loads(b64decoded(token.partition(".")[0]))
    keys = login.fetched(issuer.issuer + "/jwks")["keys"]
    named = ("kid" in header, "kid" in keys[0])
    check(f"{name}: kid of {kid}", named == ("tokens" in kid, "keys" in kid), (header, keys))
    check(f"{name}: {issuer.algorithm}", (header["alg"], header["typ"]) == (issuer.algorithm, "at+jwt"), header)


async def main(binary: str) -> None:
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    foreign: str | None = None
    for name, kind in KINDS.items():
        with FullServer(*kind) as issuer:
            issuer.checked_metadata()
            with Quickstart(binary, "--issuer", issuer.issuer, embedded=False, environment=LOOPBACK) as server:
                token = await whole_login(name, issuer, server)
                named_keys(name, issuer, token, kind[3])
                await accepted(name, server, token)
                # The neighbours: another resource of this issuer, another user, another issuer of the same kind.
                client = login.registered(issuer.metadata())
                elsewhere = login.token(issuer.metadata(), client, "mcp:use", "https://other.example/mcp")
                await refused(f"{name}: for another resource", server, elsewhere)
                if foreign is not None:
                    await refused(f"{name}: of another issuer", server, foreign)
                foreign = token
                issuer.user = Person("bob")
                await bob(name, server)
    print("authlib: all checks passed")


async def bob(name: str, server: Quickstart) -> None:
    user = User(server)
    async with user.http() as http, Client(streamable_http_client(server.resource, http_client=http)) as client:
        listed = await client.call_tool("list_notes", {})
        check(f"{name}: another user has notes of his own", listed.structured_content == {"notes": []}, listed)


if __name__ == "__main__":
    conclude(main, 1, __doc__)
