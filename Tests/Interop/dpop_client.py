"""A client that binds its tokens to a key (RFC 9449), made with `cryptography` and the standard library alone.

Nothing here comes from a JOSE library: keys, thumbprints and proofs are made from the text of the RFCs.
"""

import base64
import hashlib
import http.client
import json
import secrets
import time
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

CALLBACK = "http://127.0.0.1:3030/callback"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int) -> str:
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


class ProofKey:
    """A private key and the proofs that it signs. `algorithm` is ES256, EdDSA or RS256."""

    def __init__(self, algorithm: str = "ES256") -> None:
        self.algorithm = algorithm
        if algorithm == "ES256":
            self.private = ec.generate_private_key(ec.SECP256R1())
            numbers = self.private.public_key().public_numbers()
            point = {"x": b64(numbers.x.to_bytes(32, "big")), "y": b64(numbers.y.to_bytes(32, "big"))}
            self.jwk = {"kty": "EC", "crv": "P-256"} | point
        elif algorithm == "EdDSA":
            self.private = ed25519.Ed25519PrivateKey.generate()
            self.jwk = {"kty": "OKP", "crv": "Ed25519", "x": b64(self.private.public_key().public_bytes_raw())}
        elif algorithm == "RS256":
            self.private = rsa.generate_private_key(65537, 2048)
            numbers = self.private.public_key().public_numbers()
            self.jwk = {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}
        else:
            raise ValueError(algorithm)

    @property
    def thumbprint(self) -> str:
        """RFC 7638 §3: the required members, in the order of their names, without white space."""
        text = json.dumps(self.jwk, sort_keys=True, separators=(",", ":"))
        return b64(hashlib.sha256(text.encode()).digest())

    def sign(self, message: bytes) -> bytes:
        if self.algorithm == "ES256":
            # RFC 7518 §3.4: both numbers in 32 bytes, one after the other.
            r, s = utils.decode_dss_signature(self.private.sign(message, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        if self.algorithm == "EdDSA":
            return self.private.sign(message)
        return self.private.sign(message, padding.PKCS1v15(), hashes.SHA256())

    def proof(
        self, method: str, url: str, token: str | None = None, nonce: str | None = None,
        header: dict | None = None, **claims: object,
    ) -> str:
        """A proof for one request. A header parameter or a claim that is given as None is left out."""
        own = {"jti": secrets.token_urlsafe(16), "htm": method, "htu": url, "iat": int(time.time())}
        if token is not None:
            own["ath"] = b64(hashlib.sha256(token.encode()).digest())
        if nonce is not None:
            own["nonce"] = nonce
        parameters = {"typ": "dpop+jwt", "alg": self.algorithm, "jwk": self.jwk} | (header or {})
        parts = [
            b64(json.dumps({name: value for name, value in part.items() if value is not None}).encode())
            for part in (parameters, own | claims)
        ]
        message = ".".join(parts)
        return message + "." + b64(self.sign(message.encode()))


@dataclass
class Answer:
    """`fields` are the field lines in their order, with names in lower case."""

    status: int
    fields: list[tuple[str, str]]
    body: bytes

    def values(self, name: str) -> list[str]:
        return [value for field, value in self.fields if field == name]

    def first(self, name: str) -> str | None:
        return next(iter(self.values(name)), None)

    @property
    def json(self) -> dict:
        return json.loads(self.body)


def send(
    method: str, url: str, fields: dict[str, str] | None = None, body: bytes | None = None,
    more: list[tuple[str, str]] | None = None, connection: http.client.HTTPConnection | None = None,
) -> Answer:
    """Sends one request, without following a redirect. `more` are field lines that may repeat a name.

    Without a `connection`, the request has one of its own.
    """
    parts = urlsplit(url)
    own = connection or http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
    try:
        own.putrequest(method, parts.path + (f"?{parts.query}" if parts.query else ""), skip_accept_encoding=True)
        length = {} if body is None else {"Content-Length": str(len(body))}
        for name, value in [*((fields or {}) | length).items(), *(more or [])]:
            own.putheader(name, value)
        own.endheaders(body)
        answer = own.getresponse()
        lines = [(name.lower(), value) for name, value in answer.getheaders()]
        return Answer(answer.status, lines, answer.read())
    finally:
        if connection is None:
            own.close()


class BoundClient:
    """One user's client: it registers itself, logs in, refreshes, and calls the MCP server with proofs.

    `nonces` are the last ones that each server has sent. `asked` counts how often a server has asked for a nonce.
    """

    def __init__(self, resource: str, issuer: str, key: ProofKey, client_id: str | None = None) -> None:
        self.resource, self.issuer, self.key, self.client_id = resource, issuer, key, client_id
        self.metadata = send("GET", f"{issuer}/.well-known/oauth-authorization-server").json
        self.nonces: dict[str, str] = {}
        self.asked: list[str] = []
        # What each request to the MCP server has besides: the session, for example.
        self.fields: dict[str, str] = {}
        self.tokens: dict = {}

    @property
    def access_token(self) -> str:
        return self.tokens["access_token"]

    def register(self, **members: object) -> dict:
        """RFC 7591."""
        wanted = {
            "client_name": "dpop", "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"],
        }
        body = json.dumps(wanted | members).encode()
        answer = send("POST", self.metadata["registration_endpoint"], {"Content-Type": "application/json"}, body).json
        self.client_id = answer["client_id"]
        return answer

    def authorize(self, binds_code: bool = True) -> dict[str, str]:
        """The form that redeems a new code. With `binds_code`, the code is bound to the key (RFC 9449 §10)."""
        verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
        query = {
            "response_type": "code", "client_id": self.client_id, "redirect_uri": CALLBACK, "scope": "mcp:use",
            "state": state, "code_challenge": b64(hashlib.sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256", "resource": self.resource,
        }
        if binds_code:
            query["dpop_jkt"] = self.key.thumbprint
        answer = send("GET", f"{self.metadata['authorization_endpoint']}?{urlencode(query)}")
        values = parse_qs(urlsplit(answer.first("location") or "").query)
        if values.get("state") != [state] or "code" not in values:
            raise AssertionError(f"authorize: {answer.status} {values.get('error_description')}")
        return {
            "grant_type": "authorization_code", "code": values["code"][0], "redirect_uri": CALLBACK,
            "client_id": self.client_id, "code_verifier": verifier, "resource": self.resource,
        }

    def refreshing(self) -> dict[str, str]:
        """The form that refreshes the present tokens."""
        return {
            "grant_type": "refresh_token", "refresh_token": self.tokens["refresh_token"], "client_id": self.client_id,
        }

    def request_token(self, form: dict[str, str], key: ProofKey | None = None) -> Answer:
        """Sends the form with a proof, and once more when the server asks for a nonce (RFC 9449 §8)."""
        url = self.metadata["token_endpoint"]
        for attempt in range(2):
            proof = (key or self.key).proof("POST", url, nonce=self.nonces.get(url))
            answer = send("POST", url, FORM | {"DPoP": proof}, urlencode(form).encode())
            asks = answer.status == 400 and answer.json.get("error") == "use_dpop_nonce"
            if not self._learns_nonce(url, answer, asks) or attempt == 1:
                break
        return answer

    def obtain(self, form: dict[str, str]) -> dict:
        """The tokens of a good answer."""
        answer = self.request_token(form)
        if answer.status != 200:
            raise AssertionError(f"token: {answer.status} {answer.json.get('error_description')}")
        self.tokens = answer.json
        return self.tokens

    def call(self, body: dict, **options: object) -> Answer:
        """Sends a message with a new proof, and once more when the server asks for a nonce (RFC 9449 §9)."""
        for attempt in range(2):
            answer = self.post(body, **options)
            asks = answer.status == 401 and 'error="use_dpop_nonce"' in (answer.first("www-authenticate") or "")
            if not self._learns_nonce(self.resource, answer, asks) or attempt == 1:
                break
        return answer

    def post(
        self, body: dict, proofs: list[str] | None = None, scheme: str = "DPoP", url: str | None = None,
        connection: http.client.HTTPConnection | None = None, fields: dict[str, str] | None = None,
    ) -> Answer:
        """Sends a message once, by default with a new good proof.

        `url` is where the request is sent: another one than the resource for a server that is behind a proxy.
        """
        if proofs is None:
            proofs = [self.proof()]
        all_fields = {
            "Content-Type": "application/json", "Accept": "application/json",
            "Authorization": f"{scheme} {self.access_token}",
        }
        lines = [("DPoP", proof) for proof in proofs]
        payload = json.dumps(body).encode()
        return send("POST", url or self.resource, all_fields | self.fields | (fields or {}), payload, lines, connection)

    def proof(self, method: str = "POST", url: str | None = None, **claims: object) -> str:
        """A good proof for a call, but for what `claims` changes."""
        own = {"token": self.access_token, "nonce": self.nonces.get(self.resource)}
        return self.key.proof(method, url or self.resource, **(own | claims))

    def _learns_nonce(self, server: str, answer: Answer, asks: bool) -> bool:
        """Keeps a new nonce. The value says whether the request is to be sent again."""
        if asks:
            self.asked.append(server)
        nonce = answer.first("dpop-nonce")
        if nonce is not None:
            self.nonces[server] = nonce
        return asks and nonce is not None


def tool(name: str, **arguments: object) -> dict:
    """The message that calls a tool."""
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}


def structured(answer: Answer) -> dict:
    """The structured result of a tool."""
    if answer.status != 200:
        raise AssertionError(f"call: {answer.status} {answer.values('www-authenticate')}")
    return answer.json["result"]["structuredContent"]
