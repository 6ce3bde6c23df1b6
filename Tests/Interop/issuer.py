"""An authorization server's documents, served as a test wants them: where, over TLS or not, with which failures."""

import contextlib
import datetime
import http.server
import ipaddress
import json
import pathlib
import ssl
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from minting import jwk, new_key, sign, thumbprint, token

RFC_8414 = "/.well-known/oauth-authorization-server"
OPENID = "/.well-known/openid-configuration"
KEYS = "/keys"


class Authority:
    """A certificate authority of its own, with one certificate for 127.0.0.1 and localhost; PEM files in `folder`.

    `file` is what to trust, `pem` the certificate with its key.
    """

    def __init__(self, folder: pathlib.Path) -> None:
        key, name = self._key(), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "interop authority")])
        own = x509.BasicConstraints(ca=True, path_length=0)
        self.file = folder / "authority.pem"
        certificate = self._certificate(name, name, key.public_key(), [(own, True)]).sign(key, hashes.SHA256())
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        server = self._key()
        names = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
        address = x509.SubjectAlternativeName(names)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "interop issuer")])
        leaf = self._certificate(subject, name, server.public_key(), [(address, False)]).sign(key, hashes.SHA256())
        self.pem = folder / "issuer.pem"
        self.pem.write_bytes(
            leaf.public_bytes(serialization.Encoding.PEM)
            + server.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.pem)

    @staticmethod
    def _key() -> ec.EllipticCurvePrivateKey:
        return ec.generate_private_key(ec.SECP256R1())

    @staticmethod
    def _certificate(subject, issuer, key, extensions) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number())
        builder = builder.not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(days=1))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder


class Issuer:
    """Publishes metadata at `well_known` and keys at /keys, and counts who asks for what.

    `status` is the answer to everything when it is not 200; `fields` go with every answer. `retired` keys stay in the set until `forget` is called.
    """

    def __init__(self, *well_known: str, authority: Authority | None = None, port: int = 0, algorithm: str = "ES256") -> None:
        self.algorithm, self.status, self.well_known = algorithm, 200, well_known
        self.fields: dict[str, str] = {}
        self.asked: list[str] = []
        self.signing, self.retired = self._new_key(), []
        self._lock = threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                status, body = outer._answer(self.path)
                with contextlib.suppress(OSError):
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(body)))
                    for name, value in outer.fields.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, *_: object) -> None:
                pass  # a client that goes away is none of this program's business

        self._server = Server(("127.0.0.1", port), Handler)
        self.port = self._server.server_address[1]
        scheme = "http"
        if authority is not None:
            scheme = "https"
            self._server.socket = authority.context.wrap_socket(self._server.socket, server_side=True)
        self.name = f"{scheme}://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> "Issuer":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _new_key(self):
        key = new_key(self.algorithm)
        return key, jwk(key, kid=thumbprint(jwk(key)), alg=self.algorithm, use="sig")

    def rotate(self, keep: int = 1) -> None:
        """Signs with a new key from now on; the last `keep` old ones stay in the set."""
        with self._lock:
            self.retired = [self.signing, *self.retired][:keep]
            self.signing = self._new_key()

    def count(self, path: str) -> int:
        return self.asked.count(path)

    def _answer(self, path: str) -> tuple[int, bytes]:
        with self._lock:
            self.asked.append(path)
            if self.status != 200:
                return self.status, b'{"error":"as_ordered"}'
            if path == KEYS:
                return 200, json.dumps({"keys": [public for _, public in [self.signing, *self.retired]]}).encode()
            if path in self.well_known:
                return 200, json.dumps(
                    {
                        "issuer": self.name,
                        "authorization_endpoint": f"{self.name}/authorize",
                        "token_endpoint": f"{self.name}/token",
                        "jwks_uri": f"{self.name}{KEYS}",
                        "response_types_supported": ["code"],
                        "subject_types_supported": ["public"],
                        "id_token_signing_alg_values_supported": [self.algorithm],
                        "code_challenge_methods_supported": ["S256"],
                    }
                ).encode()
            return 404, b'{"error":"not_found"}'

    def token(self, audience: str, kid: str | None = None, lifetime: int = 600, scope: str = "mcp:use", **claims) -> str:
        """A good access token for `audience`; with `kid`, one that names another key."""
        key, public = self.signing
        now = int(time.time())
        header = {"alg": self.algorithm, "typ": "at+jwt", "kid": kid or public["kid"]}
        body = {"iss": self.name, "aud": audience, "sub": "alice", "client_id": "interop", "scope": scope}
        body |= {"iat": now, "exp": now + lifetime, "jti": str(time.monotonic_ns())} | claims
        return token(header, body, lambda message: sign(key, self.algorithm, message))
