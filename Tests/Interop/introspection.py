"""mcp-quickstart behind a real RFC 7662 endpoint (Authlib's).

    python introspection.py path/to/mcp-quickstart

Prints a line per check. Ends with a status other than 0 at the first check that fails.
"""

import contextlib
import json
import logging
import os
import pathlib
import secrets
import signal
import sys
import tempfile
import time
import urllib.error
import urllib.request

from introspection_endpoint import IntrospectionServer, ResourceServerClient, Token
from quickstart import Quickstart

# Each part needs its encoding: RFC 6749 §2.3.1.
CLIENT_ID = "resource server:1"
SECRET = "p%40ss:w+rd / ü"


def check(name: str, condition: bool, detail: object = "") -> None:
    if not condition:
        raise AssertionError(f"{name}: {detail}")
    print(f"ok   {name}", flush=True)


@contextlib.contextmanager
def environment(**variables: str):
    """The `OAUTH_*` environment of what is started inside."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("OAUTH_")]:
        del os.environ[name]
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def settings(endpoint: IntrospectionServer, **more: str) -> dict[str, str]:
    return {
        "OAUTH_ISSUERS": endpoint.issuer,
        "OAUTH_ALLOW_INSECURE_HTTP": "loopback",
        "OAUTH_REQUIRED_SCOPES": "mcp:use",
        "OAUTH_INTROSPECTION_URL": endpoint.url,
        "OAUTH_INTROSPECTION_CLIENT_ID": CLIENT_ID,
        **more,
    }


class Caller:
    """Calls the tool `whoami` of a server with a token."""

    def __init__(self, server: Quickstart, endpoint: IntrospectionServer) -> None:
        self.server = server
        self.endpoint = endpoint

    def token(self, expires_in: float | None = 600, revoked: bool = False, prefix: str = "", **claims: object) -> str:
        """A token that the endpoint knows; without `claims` a good one. A claim of None is left out."""
        text = prefix + secrets.token_urlsafe(32)
        expires_at = None if expires_in is None else time.time() + expires_in
        said = {
            "iss": self.endpoint.issuer, "aud": self.server.resource, "sub": "alice", "client_id": "client-7",
            "scope": "mcp:use", "token_type": "Bearer", "exp": expires_at and int(expires_at), **claims,
        }
        said = {name: value for name, value in said.items() if value is not None}
        self.endpoint.tokens[text] = Token(said, expires_at, revoked)
        return text

    def call(self, token: str | None) -> tuple[int, dict[str, str], str]:
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "whoami"}}
        headers = {
            "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": "2025-11-25",
        }
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        asking = urllib.request.Request(self.server.resource, json.dumps(body).encode(), headers, method="POST")
        try:
            with urllib.request.urlopen(asking, timeout=20) as answer:
                return answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, {k.lower(): v for k, v in error.headers.items()}, error.read().decode()

    def accepted(self, name: str, token: str) -> dict:
        status, _, text = self.call(token)
        check(f"{name}: 200", status == 200 and "structuredContent" in text, (status, text[:200]))
        line = next(line for line in text.splitlines() if "structuredContent" in line).removeprefix("data:")
        return json.loads(line)["result"]["structuredContent"]

    def refused(self, name: str, token: str) -> None:
        status, fields, text = self.call(token)
        challenge = fields.get("www-authenticate", "")
        check(f"{name}: 401", status == 401 and 'error="invalid_token"' in challenge, (status, challenge))
        check(f"{name}: nothing of the token is in the answer", token not in challenge + text)

    def undecided(self, name: str, token: str) -> int:
        """The seconds after which the client may ask again."""
        status, fields, text = self.call(token)
        check(f"{name}: 503", status == 503 and "www-authenticate" not in fields, (status, fields))
        seconds = int(fields.get("retry-after", "0"))
        check(f"{name}: Retry-After", 1 <= seconds <= 60, fields)
        check(f"{name}: body", json.loads(text) == {"error": "temporarily_unavailable"}, text)
        return seconds


def verdicts(caller: Caller) -> None:
    endpoint = caller.endpoint
    status, fields, _ = caller.call(None)
    check("no token: 401 without an error", status == 401 and "error=" not in fields["www-authenticate"], fields)
    check("no token: nobody is asked", not endpoint.asked, endpoint.asked)

    good = caller.token()
    who = caller.accepted("good", good)
    check("good: issuer", who["issuer"] == endpoint.issuer, who)
    check("good: subject, client, scopes", (who["subject"], who["client_id"], who["scopes"]) == ("alice", "client-7", ["mcp:use"]), who)
    for _ in range(5):
        caller.accepted("good, again", good)
    check("good: asked once for six calls", endpoint.asked[good] == 1, endpoint.asked[good])

    caller.accepted("audience in a list", caller.token(aud=["https://other.example", caller.server.resource]))
    caller.accepted("without exp, iss and token_type", caller.token(expires_in=None, iss=None, token_type=None))
    caller.refused("revoked", caller.token(revoked=True))
    caller.refused("expired, says the endpoint", caller.token(expires_in=-1))
    caller.refused("expired beyond the skew, although the endpoint calls it active", caller.token(exp=int(time.time()) - 120))
    caller.refused("not yet valid", caller.token(nbf=int(time.time()) + 120))
    caller.refused("another audience", caller.token(aud="https://other.example/mcp"))
    caller.refused("no audience", caller.token(aud=None))
    caller.refused("another issuer", caller.token(iss=endpoint.issuer + "/"))
    caller.refused("bound to a key", caller.token(cnf={"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}))
    caller.refused("a refresh token", caller.token(token_type="refresh_token"))

    unknown = secrets.token_urlsafe(32)
    for _ in range(3):
        caller.refused("unknown", unknown)
    check("unknown: asked once for three calls", endpoint.asked[unknown] == 1, endpoint.asked[unknown])

    status, fields, _ = caller.call(caller.token(scope="other"))
    check("without the scope: 403", status == 403 and 'scope="mcp:use"' in fields["www-authenticate"], fields)

    odd = caller.token(prefix="a+/~.-_")
    caller.accepted("a token of every character", odd)
    check("a token of every character arrives whole", endpoint.asked[odd] == 1)

    before = endpoint.asked.total()
    for name, token in [("two words", "a b"), ("a comma", "a,b"), ("a parameter", "a&token=b"), ("only padding", "==")]:
        status, _, _ = caller.call(token)
        check(f"no token at all, {name}: 4xx", status in (400, 401), status)
    caller.refused("a JWT of another issuer", "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL290aGVyLmV4YW1wbGUifQ.AAAA")
    check("none of these was sent anywhere", endpoint.asked.total() == before, endpoint.asked)


def outage(caller: Caller) -> None:
    endpoint = caller.endpoint
    known, fresh = caller.token(), caller.token()
    caller.accepted("before the outage", known)
    endpoint.broken = True
    seconds = caller.undecided("endpoint answers 500", fresh)
    caller.accepted("a known token during the outage", known)
    endpoint.broken = False
    # A status 500 may be the doing of this one token, so its verdict is remembered for as long as the answer says.
    time.sleep(seconds + 0.1)
    caller.accepted("after the outage", fresh)


def main(binary: str) -> None:
    client = ResourceServerClient(CLIENT_ID, SECRET, "client_secret_basic")
    with IntrospectionServer(client) as endpoint:
        with environment(**settings(endpoint, OAUTH_INTROSPECTION_CLIENT_SECRET=SECRET)):
            server = Quickstart(binary, embedded=False)
        with server:
            caller = Caller(server, endpoint)
            verdicts(caller)
            outage(caller)

        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "secret")
            file.write_text(SECRET + "\n", encoding="utf-8")
            with environment(**settings(endpoint, OAUTH_INTROSPECTION_CLIENT_SECRET_FILE=str(file))):
                server = Quickstart(binary, embedded=False)
            with server:
                caller = Caller(server, endpoint)
                caller.accepted("secret from a file", caller.token())

        with environment(**settings(endpoint, OAUTH_INTROSPECTION_CLIENT_SECRET="wrong")):
            server = Quickstart(binary, embedded=False)
        with server:
            caller = Caller(server, endpoint)
            caller.undecided("our own credentials refused", caller.token())
    print("introspection: all checks passed")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    # Authlib over http: loopback only.
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        main(sys.argv[1])
    except AssertionError as failure:
        print(f"FAIL {failure}", file=sys.stderr)
        sys.exit(1)
