"""Where keys come from besides a JWK Set in a file, and tokens of the development authorization server."""

import hashlib
import http.server
import json
import os
import pty
import secrets
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request

import jwt

from authtool import AUDIENCE, ISSUER, AuthTool, check
from minting import b64, b64decoded, jwk, new_key, token
from quickstart import Quickstart


def openssl(*arguments: object, stdin: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *map(str, arguments)], input=stdin, capture_output=True, timeout=60, check=True).stdout


OPENSSL_KEYS = {
    "RS256": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "PS384": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"],
    "ES256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "ES384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "ES512": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
    "EdDSA": ["-algorithm", "ED25519"],
}


def openssl_keys(tool: AuthTool, claims: dict, key_id: str) -> None:
    """Keys and certificates as `openssl` writes them; tokens signed with them by PyJWT."""
    for name, options in OPENSSL_KEYS.items():
        private = tool.folder / f"{name}.pem"
        private.write_bytes(openssl("genpkey", *options))
        made = jwt.encode(claims, private.read_bytes(), name, headers={"kid": key_id})
        public = openssl("pkey", "-in", private, "-pubout")
        certificate = openssl("req", "-x509", "-new", "-key", private, "-subj", "/CN=test", "-days", "1")
        for kind, text in [("public key", public), ("certificate", certificate)]:
            tool.accepts(f"openssl: {name}: {kind}", made, text)
            rows = tool.shows_keys(f"openssl: {name}: {kind}: table", text, status=0)
            check(f"openssl: {name}: table", rows[0][-1] == "yes", rows)
        tool.refuses(f"openssl: {name}: private key", "key_unknown", made, private.read_bytes(), key_reason="private_material")
        other = openssl("pkey", "-pubout", stdin=openssl("genpkey", *options))
        tool.refuses(f"openssl: {name}: another key", "bad_signature", made, other)
        tool.accepts(f"openssl: {name}: two keys in a file", made, other + b"and\n" + public)
        tool.accepts(f"openssl: {name}: a private key beside", made, private.read_bytes() + public)
        tool.refuses(f"openssl: {name}: two other keys", "bad_signature", made, other + other)

    # Without any library but openssl: the signature too.
    sign = lambda message: openssl("dgst", "-sha256", "-sign", tool.folder / "RS256.pem", stdin=message)
    public = openssl("pkey", "-in", tool.folder / "RS256.pem", "-pubout")
    tool.accepts("openssl: dgst -sign", token({"alg": "RS256"}, claims, sign), public)
    small = openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024")
    tool.refuses(
        "openssl: RSA 1024", "key_unknown", token({"alg": "RS256"}, claims, b"x"),
        openssl("pkey", "-pubout", stdin=small), key_reason="rsa_too_small")


class Keys(http.server.BaseHTTPRequestHandler):
    """`/jwks` has the keys, everything else something that is none."""

    document = b""

    def do_GET(self) -> None:
        status, body = {"/jwks": (200, self.document), "/large": (200, b" " * (1 << 20) + self.document), "/html": (200, b"<html>")}.get(
            self.path, (302 if self.path == "/moved" else 404, self.document))
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/jwks")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            pass  # The reader has seen enough.

    def log_message(self, *_: object) -> None:
        pass


def other_places(tool: AuthTool, claims: dict, key_id: str) -> None:
    openssl_keys(tool, claims, key_id)
    key = new_key("ES256")
    keys = {"keys": [jwk(key, kid=key_id)]}
    made = jwt.encode(claims, key, "ES256", headers={"kid": key_id})

    options = ["--issuer", ISSUER, "--audience", AUDIENCE, "--token-file", tool.file(made.encode())]
    done = tool.run("token", "verify", "--jwks", "-", *options, stdin=json.dumps(keys).encode())
    check("--jwks -", done.returncode == 0 and json.loads(done.stdout)["valid"] is True, done)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    Keys.document = json.dumps(keys).encode()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        origin = f"http://127.0.0.1:{server.server_port}"
        tool.accepts("URL", made, f"{origin}/jwks")
        for path, words in [("/moved", "302"), ("/gone", "404"), ("/large", "too_large"), ("/html", "unexpected_byte")]:
            for command in [["token", "verify", "--audience", AUDIENCE, "--jwks"], ["jwks", "inspect"]]:
                done = tool.run(*command, origin + path, stdin=made.encode())
                good = done.returncode == 2 and done.stdout == b"" and words in done.stderr.decode()
                check(f"URL {path}: exit 2 and one line", good and done.stderr.count(b"\n") == 1, done)
        done = tool.run("jwks", "inspect", f"{origin}/jwks")
        check("URL: table", done.returncode == 0 and b"P-256" in done.stdout, done)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    wrong = tool.run("token", "verify", "--jwks", "http://example.com/jwks", "--skew", "301", "--alg", "none", made)
    lines = wrong.stderr.decode().splitlines()
    check("wrong use: every fault, the token not repeated", wrong.returncode == 2 and len(lines) == 5, lines)
    check("wrong use: every fault, the token not repeated", not any(part in wrong.stderr.decode() for part in made.split(".")), lines)


def on_terminal(tool: AuthTool, arguments: list[str], stdin: bytes, **environment: str) -> bytes:
    """What the command writes when its standard output is a terminal."""
    ours, theirs = pty.openpty()
    try:
        child = subprocess.Popen(
            [tool.binary, *arguments], stdin=subprocess.PIPE, stdout=theirs, stderr=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "TERM": "xterm"} | environment)
        # So little that it fits into the buffers of pipe and terminal.
        child.communicate(stdin, timeout=60)
        os.set_blocking(ours, False)
        return os.read(ours, 65_536)
    finally:
        os.close(ours)
        os.close(theirs)


def terminal(tool: AuthTool, made: str, keys: list) -> None:
    """Colours only on a terminal, and not against the reader's wish."""
    escape = b"\x1b["
    for arguments in (["token", "inspect"], ["jwks", "inspect", tool.file(keys)]):
        name = f"{' '.join(arguments[:2])}: colours"
        check(f"{name} on a terminal", escape in on_terminal(tool, arguments, made.encode()))
        check(f"{name}: an empty NO_COLOR", escape in on_terminal(tool, arguments, made.encode(), NO_COLOR=""))
        for wish in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            output = on_terminal(tool, arguments, made.encode(), **wish)
            check(f"{name}: {wish}", output != b"" and escape not in output, output)
        check(f"{name} in a pipe", escape not in tool.run(*arguments, stdin=made.encode()).stdout)
        tool.checks += 1


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def access_token(server: Quickstart) -> tuple[str, dict]:
    """A token by the authorization code grant, and the metadata that led to it; by the standard library alone."""
    opener = urllib.request.build_opener(NoRedirect)

    def fetch(url: str, body: bytes | None = None, **fields: str) -> dict:
        with opener.open(urllib.request.Request(url, body, fields), timeout=20) as response:
            return json.load(response)

    metadata = fetch(f"{server.issuer}/.well-known/oauth-authorization-server")
    callback = "http://127.0.0.1:3030/callback"
    registration = {"client_name": "jose", "redirect_uris": [callback], "token_endpoint_auth_method": "none"}
    client = fetch(metadata["registration_endpoint"], json.dumps(registration).encode(), **{"Content-Type": "application/json"})
    verifier = secrets.token_urlsafe(32)
    query = {
        "response_type": "code", "client_id": client["client_id"], "redirect_uri": callback, "state": "s",
        "resource": server.resource, "scope": "mcp:use", "code_challenge_method": "S256",
        "code_challenge": b64(hashlib.sha256(verifier.encode()).digest()),
    }
    try:
        opener.open(f"{metadata['authorization_endpoint']}?{urllib.parse.urlencode(query)}", timeout=20)
        raise AssertionError("the authorization endpoint did not redirect")
    except urllib.error.HTTPError as redirect:
        answer = urllib.parse.parse_qs(urllib.parse.urlsplit(redirect.headers["Location"]).query)
    form = {
        "grant_type": "authorization_code", "code": answer["code"][0], "redirect_uri": callback,
        "client_id": client["client_id"], "code_verifier": verifier, "resource": server.resource,
    }
    return fetch(metadata["token_endpoint"], urllib.parse.urlencode(form).encode())["access_token"], metadata


def reverse(tool: AuthTool, quickstart: str) -> None:
    """What the library signs, PyJWT verifies; and refuses when it was changed."""
    with Quickstart(quickstart) as server:
        made, metadata = access_token(server)
        key = jwt.PyJWKClient(metadata["jwks_uri"]).get_signing_key_from_jwt(made)
        decode = lambda text: jwt.decode(
            text, key.key, algorithms=["ES256"], audience=server.resource, issuer=server.issuer,
            options={"require": ["exp", "iat", "iss", "aud", "sub", "jti", "client_id"]})
        claims = decode(made)
        check("PyJWT: scope", claims["scope"] == "mcp:use", claims)
        header, payload, signature = made.split(".")
        check("PyJWT: typ", jwt.get_unverified_header(made)["typ"] == "at+jwt")
        raw = b64decoded(signature)
        for bad in [raw[:8] + bytes(1) + raw[9:] if raw[8] else raw[:8] + b"\1" + raw[9:], raw[32:] + raw[:32]]:
            try:
                decode(f"{header}.{payload}.{b64(bad)}")
                raise AssertionError("PyJWT: a changed signature was accepted")
            except jwt.InvalidSignatureError:
                pass
        answer = tool.accepts(
            "the development server's token", made, metadata["jwks_uri"], "--profile", "rfc9068",
            issuer=server.issuer, audience=server.resource, alg="ES256")
        check("both read the same claims", answer["claims"] == claims, answer)
        tool.inspects("the development server's token", made)
