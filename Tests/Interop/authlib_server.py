"""Authlib as a whole authorization server on 127.0.0.1: registration, codes with PKCE, refresh, JWTs of RFC 9068."""

import logging
import secrets
import threading
from collections import Counter
from dataclasses import dataclass

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, TokenMixin, grants
from authlib.oauth2.rfc7591 import ClientMetadataClaims, ClientRegistrationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from authlib.oauth2.rfc9207 import IssuerParameter
from authlib.oidc.discovery import OpenIDProviderMetadata
from flask import Flask, Response, jsonify, request
from joserfc.jwk import ECKey, KeySet, RSAKey
from werkzeug.serving import make_server

SCOPES = ["mcp:use", "notes:read", "notes:write"]
RFC_8414 = "/.well-known/oauth-authorization-server"
OPENID = "/.well-known/openid-configuration"

logging.getLogger("werkzeug").setLevel(logging.ERROR)


@dataclass
class Client(ClientMixin):
    """What a client registered, RFC 7591."""

    client_id: str
    client_secret: str
    metadata: dict

    @property
    def method(self) -> str:
        return self.metadata.get("token_endpoint_auth_method", "client_secret_basic")

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str:
        return self.metadata["redirect_uris"][0]

    def get_allowed_scope(self, scope: str | None) -> str:
        return " ".join(name for name in (scope or "").split() if name in SCOPES)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.metadata["redirect_uris"]

    def check_client_secret(self, client_secret: str) -> bool:
        return secrets.compare_digest(client_secret, self.client_secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == self.method

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.metadata.get("grant_types", ["authorization_code"])


@dataclass
class User:
    name: str

    def get_user_id(self) -> str:
        return self.name


@dataclass
class Grant(AuthorizationCodeMixin, TokenMixin):
    """What the user agreed to: behind a code, and behind a refresh token."""

    client_id: str
    redirect_uri: str
    scope: str
    resource: str
    user: User
    code_challenge: str
    code_challenge_method: str

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def check_client(self, client: Client) -> bool:
        return client.client_id == self.client_id


class FullServer:
    """Metadata at `well_known` alone, the issuer with this `path`; `kid` is of "keys and tokens", "keys" or "nothing".

    `public` is the origin of a proxy that clients use; without it, they come to `origin` directly.
    `user` is who sits at the browser and agrees to everything. `asked` counts requests by method and path.
    """

    def __init__(
        self, algorithm: str, well_known: str, path: str = "", kid: str = "keys and tokens", public: str | None = None
    ) -> None:
        self.user, self.asked = User("alice"), Counter()
        self.algorithm, self.well_known, self.path = algorithm, well_known, path
        key = RSAKey.generate_key(2048) if algorithm == "RS256" else ECKey.generate_key("P-256")
        if "keys" in kid:
            key.ensure_kid()
        self.keys = {"keys": [key.as_dict(private=False)]}
        # Authlib names the key in the token's header if it chose it from a set.
        self._signer = KeySet([key]) if "tokens" in kid else key
        self._clients: dict[str, Client] = {}
        self._codes: dict[str, Grant] = {}
        self._refreshing: dict[str, Grant] = {}
        app = Flask(__name__)
        self._server = make_server("127.0.0.1", 0, app, threaded=True)
        self.origin = f"http://127.0.0.1:{self._server.port}"
        self.issuer = (public or self.origin) + path
        self._route(app, self._authorization_server(app))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> "FullServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def metadata(self) -> dict:
        """Checked by Authlib's own reading of RFC 8414 or of OpenID Connect Discovery."""
        document = {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token", "registration_endpoint": f"{self.issuer}/register",
            "jwks_uri": f"{self.issuer}/jwks", "scopes_supported": SCOPES, "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"], "authorization_response_iss_parameter_supported": True,
        }
        if OPENID in self.well_known:
            document |= {
                "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": sorted({"RS256", self.algorithm}),
            }
        return document

    def checked_metadata(self) -> None:
        """The rules, without the one that loopback cannot keep: https."""
        kind = OpenIDProviderMetadata if OPENID in self.well_known else AuthorizationServerMetadata
        kind({name: over_tls(value) for name, value in self.metadata().items()}).validate()

    def _authorization_server(self, app: Flask) -> AuthorizationServer:
        owner = self

        class CodeGrant(grants.AuthorizationCodeGrant):
            TOKEN_ENDPOINT_AUTH_METHODS = ["none", "client_secret_basic", "client_secret_post"]

            def save_authorization_code(self, code: str, asked) -> None:
                data = asked.payload.data
                owner._codes[code] = Grant(
                    asked.client.client_id, asked.payload.redirect_uri, asked.scope, data.get("resource", ""),
                    asked.user, data["code_challenge"], data["code_challenge_method"],
                )

            def query_authorization_code(self, code: str, client: Client) -> Grant | None:
                grant = owner._codes.get(code)
                return grant if grant is not None and grant.check_client(client) else None

            def delete_authorization_code(self, grant: Grant) -> None:
                owner._codes = {code: other for code, other in owner._codes.items() if other is not grant}

            def authenticate_user(self, grant: Grant) -> User:
                return grant.user

        class RefreshGrant(grants.RefreshTokenGrant):
            TOKEN_ENDPOINT_AUTH_METHODS = CodeGrant.TOKEN_ENDPOINT_AUTH_METHODS
            INCLUDE_NEW_REFRESH_TOKEN = True

            def authenticate_refresh_token(self, text: str) -> Grant | None:
                return owner._refreshing.get(text)

            def authenticate_user(self, grant: Grant) -> User:
                return grant.user

            def revoke_old_credential(self, grant: Grant) -> None:
                owner._refreshing = {text: other for text, other in owner._refreshing.items() if other is not grant}

        class Tokens(JWTBearerTokenGenerator):
            def get_jwks(self) -> object:
                return owner._signer

            def get_audiences(self, client: Client, user: User, scope: str) -> str:
                return request.form["resource"]

        class Registration(ClientRegistrationEndpoint):
            def authenticate_token(self, asked) -> object:
                return "everyone may"

            def get_server_metadata(self) -> dict:
                return owner.metadata()

            def save_client(self, info: dict, metadata: dict, asked) -> Client:
                client = Client(info["client_id"], info["client_secret"], metadata)
                owner._clients[client.client_id] = client
                return client

        class Named(IssuerParameter):
            def get_issuer(self) -> str:
                return owner.issuer

        def save(token: dict, asked) -> None:
            grant = getattr(asked, "authorization_code", None) or asked.refresh_token
            if "refresh_token" in token:
                owner._refreshing[token["refresh_token"]] = grant

        server = AuthorizationServer(app, query_client=lambda name: owner._clients.get(name), save_token=save)
        random = lambda *_, **__: secrets.token_urlsafe(32)  # noqa: E731
        server.register_token_generator("default", Tokens(self.issuer, self.algorithm, random))
        server.register_grant(CodeGrant, [CodeChallenge(required=True)])
        server.register_grant(RefreshGrant)
        server.register_endpoint(Registration(server, [ClientMetadataClaims]))
        Named()(server)
        return server

    def _route(self, app: Flask, server: AuthorizationServer) -> None:
        @app.before_request
        def count() -> None:
            self.asked[f"{request.method} {request.path}"] += 1

        @app.get(self.well_known)
        def metadata() -> Response:
            return jsonify(self.metadata())

        @app.get(self.path + "/jwks")
        def jwks() -> Response:
            return jsonify(self.keys)

        @app.get(self.path + "/authorize")
        def authorize() -> Response:
            grant = server.get_consent_grant(end_user=self.user)
            return server.create_authorization_response(grant_user=self.user, grant=grant)

        @app.post(self.path + "/token")
        def token() -> Response:
            return server.create_token_response()

        @app.post(self.path + "/register")
        def register() -> Response:
            return server.create_endpoint_response("client_registration")


def over_tls(value: object) -> object:
    return value.replace("http://", "https://", 1) if isinstance(value, str) else value
