"""A protected MCP server of the official Python SDK, with the authorization server of that SDK in the same process.

The user of its authorization server approves everything. Nothing of it is checked here: see doctor.py.
"""

import contextlib
import secrets
import threading
import time
import warnings

import uvicorn
from mcp.server.auth.provider import AccessToken, AuthorizationCode, RefreshToken, construct_redirect_uri
from mcp.server.auth.settings import AuthSettings, ClientRegistrationOptions
from mcp.server.mcpserver import MCPServer
from mcp.shared.auth import OAuthToken

SCOPE = "user"


class Provider:
    """Clients, codes and tokens in memory, as the SDK asks for them."""

    def __init__(self) -> None:
        self.clients, self.codes, self.tokens, self.refresh_tokens = {}, {}, {}, {}

    async def get_client(self, client_id):
        return self.clients.get(client_id)

    async def register_client(self, client_info):
        self.clients[client_info.client_id] = client_info

    async def authorize(self, client, params):
        code = secrets.token_urlsafe(24)
        self.codes[code] = AuthorizationCode(
            code=code, client_id=client.client_id, scopes=params.scopes or [SCOPE], expires_at=time.time() + 60,
            code_challenge=params.code_challenge, redirect_uri=params.redirect_uri, resource=params.resource,
            redirect_uri_provided_explicitly=params.redirect_uri_provided_explicitly,
        )
        return construct_redirect_uri(str(params.redirect_uri), code=code, state=params.state)

    async def load_authorization_code(self, client, authorization_code):
        return self.codes.get(authorization_code)

    async def exchange_authorization_code(self, client, authorization_code):
        del self.codes[authorization_code.code]
        return self._issue(client.client_id, authorization_code.scopes, authorization_code.resource)

    async def load_refresh_token(self, client, refresh_token):
        return self.refresh_tokens.get(refresh_token)

    async def exchange_refresh_token(self, client, refresh_token, scopes):
        del self.refresh_tokens[refresh_token.token]
        return self._issue(client.client_id, scopes or refresh_token.scopes, None)

    async def load_access_token(self, token):
        return self.tokens.get(token)

    async def revoke_token(self, token):
        self.tokens.pop(token.token, None)

    def _issue(self, client_id, scopes, resource):
        access, refresh = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self.tokens[access] = AccessToken(
            token=access, client_id=client_id, scopes=scopes, expires_at=int(time.time()) + 600, resource=resource
        )
        self.refresh_tokens[refresh] = RefreshToken(token=refresh, client_id=client_id, scopes=scopes)
        return OAuthToken(
            access_token=access, token_type="Bearer", expires_in=600, scope=" ".join(scopes), refresh_token=refresh
        )


class SDKServer:
    """Runs in a thread: `resource` is the URL of its endpoint."""

    def __init__(self) -> None:
        listening = uvicorn.Config("", host="127.0.0.1", port=0).bind_socket()
        origin = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self.resource = origin + "/mcp"
        warnings.simplefilter("ignore")
        server = MCPServer(
            "interop",
            auth_server_provider=Provider(),
            auth=AuthSettings(
                issuer_url=origin, resource_server_url=self.resource, required_scopes=[SCOPE],
                client_registration_options=ClientRegistrationOptions(enabled=True, valid_scopes=[SCOPE]),
            ),
        )
        server.tool(name="hello")(lambda: "hello")
        self._server = uvicorn.Server(uvicorn.Config(server.streamable_http_app(), log_level="error"))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listening]}, daemon=True)

    def __enter__(self) -> "SDKServer":
        self._thread.start()
        while not self._server.started:
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        with contextlib.suppress(RuntimeError):
            self._thread.join(10)
