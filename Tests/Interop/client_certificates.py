"""Tokens that are bound to a client certificate, through nginx with TLS in front of mcp-quickstart.

    python client_certificates.py path/to/mcp-quickstart path/to/nginx

Prints a line per check.
"""

import contextlib
import http.client
import json
import pathlib
import socket
import ssl
import subprocess
import tempfile
import urllib.parse

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from checking import check, conclude
from issuer import RFC_8414, Authority, Issuer
from minting import b64
from nginx import Nginx
from quickstart import Quickstart

FIELD = "X-Client-Cert"
# From here nginx connects. The clients of this program that go around nginx connect from 127.0.0.1.
PROXY = "127.0.0.2"
EC_KEY = ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")
INITIALIZE = json.dumps(
    {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "interop", "version": "1"}},
    }
)

SITE = """
    server {{
        listen 127.0.0.1:{port} ssl;
        server_name localhost;
        ssl_certificate {pem};
        ssl_certificate_key {pem};
        ssl_verify_client optional_no_ca;
        proxy_http_version 1.1;
        proxy_bind {proxy};
        proxy_set_header Host $http_host;
        location / {{
            proxy_pass {resource};
            proxy_set_header {field} $ssl_client_escaped_cert;
        }}
        location /appends/ {{
            proxy_pass {resource}/;
            proxy_set_header Host $http_host;
            proxy_set_header {field} "$http_x_client_cert, $ssl_client_escaped_cert";
        }}
        location /elsewhere/ {{
            proxy_pass {resource}/;
            proxy_bind 127.0.0.3;
            proxy_set_header Host $http_host;
            proxy_set_header {field} $ssl_client_escaped_cert;
        }}
    }}
"""


class ClientCertificate:
    """A key and a certificate that nobody else has signed, made by openssl: `pem` holds both."""

    def __init__(self, folder: pathlib.Path, name: str, kind: tuple[str, ...] = EC_KEY, *options: str) -> None:
        key, certificate = folder / f"{name}.key", folder / f"{name}.crt"
        words = ["openssl", "req", "-x509", "-newkey", *kind, "-noenc", "-days", "2"]
        words += ["-subj", f"/CN={name}", "-keyout", str(key), "-out", str(certificate), *options]
        subprocess.run(words, check=True, capture_output=True)
        self.pem = folder / f"{name}.pem"
        self.pem.write_bytes(certificate.read_bytes() + key.read_bytes())
        self.text = certificate.read_text()
        self.escaped = urllib.parse.quote(self.text, safe="")
        # By another library than the server's.
        der = x509.load_pem_x509_certificate(self.text.encode()).public_bytes(serialization.Encoding.DER)
        digest = hashes.Hash(hashes.SHA256())
        digest.update(der)
        self.thumbprint = b64(digest.finalize())


class Caller:
    """Calls the server with a token, through nginx or around it."""

    def __init__(self, authority: Authority, port: int, behind: str) -> None:
        self.authority, self.port, self.behind = authority, port, behind

    def __call__(
        self, token: str, certificate: ClientCertificate | None = None, *, prefix: str = "", around: bool = False,
        fields: list[tuple[str, str]] | None = None,
    ) -> tuple[int, str]:
        if around:
            connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.behind).netloc, timeout=30)
        else:
            trust = ssl.create_default_context(cafile=str(self.authority.file))
            if certificate is not None:
                trust.load_cert_chain(certificate.pem)
            connection = http.client.HTTPSConnection("localhost", self.port, timeout=30, context=trust)
        with contextlib.closing(connection):
            connection.putrequest("POST", f"{prefix}/mcp")
            lines = [("Authorization", f"Bearer {token}"), ("Content-Type", "application/json")]
            lines += [("Accept", "application/json, text/event-stream"), ("Content-Length", str(len(INITIALIZE)))]
            for name, value in lines + (fields or []):
                connection.putheader(name, value)
            connection.endheaders(INITIALIZE.encode())
            answer = connection.getresponse()
            body = answer.read().decode()
            return answer.status, "" if answer.status == 200 else json.loads(body)["error"]


GOOD, BAD_TOKEN, BAD_REQUEST = (200, ""), (401, "invalid_token"), (400, "invalid_request")


def through(call: Caller, issuer: Issuer, resource: str, folder: pathlib.Path) -> None:
    mine, other = ClientCertificate(folder, "mine"), ClientCertificate(folder, "other")
    bound = issuer.token(resource, cnf={"x5t#S256": mine.thumbprint})

    def expect(name: str, answer: tuple[int, str], *arguments: object, **options: object) -> None:
        found = call(*arguments, **options)
        check(name, found == answer, found)

    expect("the certificate of the token", GOOD, bound, mine)
    expect("again, on a new connection", GOOD, bound, mine)
    expect("another certificate", BAD_TOKEN, bound, other)
    expect("no certificate", BAD_TOKEN, bound)
    unbound = issuer.token(resource)
    expect("a token that is not bound, with a certificate", GOOD, unbound, other)
    expect("a token that is not bound, without one", GOOD, unbound)

    forged = [(FIELD, mine.escaped)]
    for name, fields in [
        ("a forged field", forged), ("in other letters", [(FIELD.lower(), mine.escaped)]), ("twice", forged + forged),
        ("with an underscore", [(FIELD.replace("-", "_"), mine.escaped)]),
        ("named in Connection", [*forged, ("Connection", f"keep-alive, {FIELD}")]),
    ]:
        expect(f"{name}, no certificate", BAD_TOKEN, bound, fields=fields)
        expect(f"{name}, another certificate", BAD_TOKEN, bound, other, fields=fields)
        expect(f"{name}, around the proxy", BAD_TOKEN, bound, around=True, fields=fields)
    expect("a forged field beside the true one", GOOD, bound, mine, fields=[(FIELD, other.escaped)])
    expect("a field from elsewhere does not harm a token that is not bound", GOOD, unbound, around=True, fields=forged)
    expect("another proxy than the trusted one", BAD_TOKEN, bound, mine, prefix="/elsewhere")
    expect("a proxy that appends: the client's value first", BAD_REQUEST, bound, other, prefix="/appends", fields=forged)
    expect("a proxy that appends: no certificate", BAD_REQUEST, bound, prefix="/appends", fields=forged)

    names = "subjectAltName=" + ",".join(f"DNS:host{number}.example" for number in range(150))
    for name, kind, options in [("4096 bits", ("rsa:4096",), []), ("many names", EC_KEY, ["-addext", names])]:
        large = ClientCertificate(folder, name.replace(" ", "-"), kind, *options)
        expect(f"a certificate with {name}", GOOD, issuer.token(resource, cnf={"x5t#S256": large.thumbprint}), large)

    for name, cnf in [
        ("null", None), ("no member", {}), ("the hash in hexadecimal", {"x5t#S256": mine.thumbprint.encode().hex()}),
        ("padding", {"x5t#S256": mine.thumbprint + "="}), ("SHA-1", {"x5t": mine.thumbprint}), ("a text", mine.thumbprint),
        ("a key besides", {"x5t#S256": mine.thumbprint, "jkt": mine.thumbprint}),
        ("an unknown member besides", {"x5t#S256": mine.thumbprint, "kid": "1"}),
    ]:
        expect(f"cnf with {name}", BAD_TOKEN, issuer.token(resource, cnf=cnf), mine)


def main(binary: str, nginx: str) -> None:
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = pathlib.Path(name)
        authority = Authority(folder)
        listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        port = listener.getsockname()[1]
        resource = f"https://localhost:{port}/mcp"
        issuer = stack.enter_context(Issuer(RFC_8414, authority=authority))
        environment = {"OAUTH_CLIENT_CERTIFICATE_FIELD": FIELD, "OAUTH_TRUSTED_PROXIES": PROXY}
        arguments = ["--resource", resource, "--issuer", issuer.name, "--ca-file", str(authority.file)]
        server = stack.enter_context(Quickstart(binary, *arguments, embedded=False, environment=environment))
        behind = server.address()
        site = SITE.format(port=port, resource=behind, pem=authority.pem, proxy=PROXY, field=FIELD)
        stack.enter_context(Nginx(nginx, folder, [listener], site))
        listener.close()
        call = Caller(authority, port, behind)
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(behind).netloc, timeout=30)
        with contextlib.closing(connection):
            connection.request("GET", urllib.parse.urlsplit(server.metadata).path)
            metadata = json.loads(connection.getresponse().read())
        check("the metadata", metadata["tls_client_certificate_bound_access_tokens"] is True, metadata)
        through(call, issuer, resource, folder)
    print("client certificates: all checks passed")


if __name__ == "__main__":
    conclude(main, 2, __doc__)
