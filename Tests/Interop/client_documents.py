"""Clients that no server has registered: their client_id is the URL of a document, which they serve over TLS.

    python client_documents.py path/to/mcp-quickstart

The official MCP SDK logs in with such a document, without a secret and with a key of its own, and so does Authlib.
"""

import http.server
import json
import pathlib
import tempfile
import threading
import time
import uuid

from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from cryptography.hazmat.primitives import serialization
from mcp.client import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.auth.extensions.client_credentials import PrivateKeyJWTOAuthProvider, SignedJWTParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientMetadata

from checking import check, conclude
from interop import User
from issuer import Authority
from login import CALLBACK, Browser
from minting import jwk, new_key
from quickstart import Quickstart


class DocumentSite:
    """Serves documents over TLS as a client's host does, and counts who asks."""

    def __init__(self, authority: Authority) -> None:
        self.documents: dict[str, dict] = {}
        self.asked: list[str] = []
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                document = site.documents.get(self.path)
                body = json.dumps(document or {}).encode()
                self.send_response(200 if document else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.socket = authority.context.wrap_socket(self._server.socket, server_side=True)
        self.origin = f"https://localhost:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def publish(self, path: str, **members: object) -> str:
        """The client_id of the document."""
        url = self.origin + path
        document = {"client_id": url, "client_name": "Interop", "redirect_uris": [CALLBACK]}
        self.documents[path] = document | members
        return url

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def private_pem(key) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


async def public_client(server: Quickstart, site: DocumentSite) -> None:
    """The SDK's login with the URL as its client_id: nothing is registered."""
    url = site.publish("/public.json", grant_types=["authorization_code", "refresh_token"])
    user = User(server)
    user.provider = OAuthClientProvider(
        server_url=server.resource,
        client_metadata=OAuthClientMetadata(client_name="interop", redirect_uris=[CALLBACK]),
        storage=user.storage, redirect_handler=user._authorize, callback_handler=user._called_back,
        client_metadata_url=url,
    )
    async with user.http() as http_client, Client(streamable_http_client(server.resource, http_client=http_client)) as client:
        who = (await client.call_tool("whoami", {})).structured_content
        check("public: the client is the URL", who["client_id"] == url, who)
        check("public: nothing was registered", not any("AS/register" in line for line in user.log), user.log)
        check("public: the document was fetched once", site.asked == ["/public.json"], site.asked)


async def client_with_key(server: Quickstart, site: DocumentSite) -> None:
    """The SDK signs assertions; the keys are in the document, then at a jwks_uri."""
    key = new_key("ES256")
    pem = private_pem(key)
    keys = {"keys": [jwk(key, alg="ES256")]}
    site.documents["/keys.json"] = keys
    members = {"token_endpoint_auth_method": "private_key_jwt", "grant_types": ["authorization_code", "client_credentials"]}
    for name, where in [("jwks", {"jwks": keys}), ("jwks_uri", {"jwks_uri": site.origin + "/keys.json"})]:
        url = site.publish(f"/{name}.json", **members, **where)
        signing = SignedJWTParameters(issuer=url, subject=url, signing_key=pem, signing_algorithm="ES256")
        user = User(server)
        user.provider = PrivateKeyJWTOAuthProvider(
            server_url=server.resource, storage=user.storage, client_id=url, scope="mcp:use", issuer=server.issuer,
            assertion_provider=signing.create_assertion_provider(),
        )
        async with user.http() as http_client, Client(streamable_http_client(server.resource, http_client=http_client)) as client:
            who = (await client.call_tool("whoami", {})).structured_content
            check(f"key in {name}: the client is the URL", who["client_id"] == url, who)
    check("the key set was fetched once", site.asked.count("/keys.json") == 1, site.asked)


def authlib_client(server: Quickstart, site: DocumentSite) -> None:
    """Authlib's client: authorization code with PKCE, and an assertion of its own making at the token endpoint."""
    # Authlib reads only RSA keys from PEM.
    key = new_key("RS256")
    pem = private_pem(key)
    client_id = site.publish(
        "/authlib.json", token_endpoint_auth_method="private_key_jwt", jwks={"keys": [jwk(key, alg="RS256")]})
    endpoint = server.issuer + "/token"
    # Authlib's assertions are good for an hour by default; servers accept five minutes.
    method = PrivateKeyJWT(endpoint, claims={"exp": int(time.time()) + 60}, alg="RS256")
    session = OAuth2Session(
        client_id, pem, token_endpoint_auth_method=method, redirect_uri=CALLBACK, scope="mcp:use",
        code_challenge_method="S256",
    )
    verifier = uuid.uuid4().hex * 2
    url, state = session.create_authorization_url(
        server.issuer + "/authorize", code_verifier=verifier, resource=server.resource)
    answer = Browser().authorize(url)
    check("Authlib: state and issuer came back", answer["state"] == state and answer["iss"] == server.issuer, sorted(answer))
    token = session.fetch_token(endpoint, code=answer["code"], code_verifier=verifier, resource=server.resource)
    check("Authlib: a token with an assertion", token["token_type"] == "Bearer" and bool(token["access_token"]), sorted(token))


async def main(binary: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(pathlib.Path(folder))
        site = DocumentSite(authority)
        try:
            flags = ["--ca-file", str(authority.file), "--dangerously-allow-loopback-clients"]
            with Quickstart(binary, *flags) as server:
                await public_client(server, site)
                await client_with_key(server, site)
                authlib_client(server, site)
        finally:
            site.close()


if __name__ == "__main__":
    conclude(main, 1, __doc__)
