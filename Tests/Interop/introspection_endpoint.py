"""An RFC 7662 endpoint on 127.0.0.1: Authlib's own, served by Werkzeug in a thread of this process."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from flask import Flask, Response, request
from werkzeug.serving import make_server


@dataclass
class ResourceServerClient(ClientMixin):
    """A resource server that may ask, by one method of authentication."""

    client_id: str
    secret: str
    method: str

    def get_client_id(self) -> str:
        return self.client_id

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == self.secret

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == self.method and endpoint == "introspection"


@dataclass
class Token(TokenMixin):
    """What the endpoint says about a token, and whether it is over."""

    claims: dict = field(default_factory=dict)
    expires_at: float | None = None
    revoked: bool = False

    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at < time.time()

    def is_revoked(self) -> bool:
        return self.revoked


class IntrospectionServer:
    """`tokens` is what it knows; `asked` counts the questions about each text; `broken` makes it answer 500."""

    def __init__(self, *clients: ResourceServerClient) -> None:
        self.tokens: dict[str, Token] = {}
        self.asked: Counter[str] = Counter()
        self.broken = False
        app = Flask(__name__)
        known = {client.client_id: client for client in clients}
        server = AuthorizationServer(app, query_client=known.get, save_token=lambda token, request: None)
        server.register_endpoint(self._endpoint())

        @app.post("/introspect")
        def introspect() -> Response:
            self.asked[request.form.get("token", "")] += 1
            if self.broken:
                return Response("out of order", status=500, mimetype="text/plain")
            return server.create_endpoint_response("introspection")

        self._server = make_server("127.0.0.1", 0, app, threaded=True)
        self.issuer = f"http://127.0.0.1:{self._server.port}"
        self.url = self.issuer + "/introspect"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def _endpoint(self) -> type[IntrospectionEndpoint]:
        owner = self

        class Endpoint(IntrospectionEndpoint):
            CLIENT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]

            def query_token(self, token_string: str, token_type_hint: str | None) -> Token | None:
                return owner.tokens.get(token_string)

            def check_permission(self, token: Token, client: ResourceServerClient, request: object) -> bool:
                return True

            def introspect_token(self, token: Token) -> dict:
                return dict(token.claims)

        return Endpoint

    def __enter__(self) -> "IntrospectionServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
