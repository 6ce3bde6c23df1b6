"""What happens to good tokens while a stranger sends forged and hostile ones.

    Tests/Load/run strangers [--seconds N] [rotation] [introspection]

- rotation: a flood of tokens with forged key ids, and a key rotation in the middle. No good token may get 401. Tokens of
  the new key may get 503 until the next permit for a look at the issuer's keys.
- introspection: hostile tokens to which a filter before the endpoint answers 403, one at a time and as a flood. No good
  token may get 401 or 503, neither one that was good before nor one that is new.

Needs wrk. Prints a line per scenario and ends with 1 when a good token was refused.
"""

import argparse
import base64
import collections
import contextlib
import http.client
import http.server
import json
import os
import pathlib
import secrets
import sys
import tempfile
import threading
import time
import urllib.parse

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parent / "Interop"))

from issuer import KEYS, RFC_8414, Issuer  # noqa: E402
from keys import Load, failures, write  # noqa: E402
from quickstart import Quickstart  # noqa: E402

CALL = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "whoami"}})
PERMITS, INTERVAL = 3, 30


class Caller:
    """Sends tokens at a rate, and counts the statuses by the name of their kind."""

    def __init__(self, server: Quickstart) -> None:
        parts = urllib.parse.urlsplit(server.resource)
        self.address, self.path = (parts.hostname, parts.port), parts.path
        self.counts: dict[str, collections.Counter] = collections.defaultdict(collections.Counter)
        self.first_good: dict[str, float] = {}
        self.started = time.monotonic()

    def send(self, kind: str, token: str, connection: http.client.HTTPConnection) -> int:
        connection.request(
            "POST", self.path, CALL, {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        )
        response = connection.getresponse()
        response.read()
        self.counts[kind][response.status] += 1
        if response.status == 200:
            self.first_good.setdefault(kind, time.monotonic() - self.started)
        return response.status

    def run(self, seconds: float, rate: float, tokens) -> None:
        """`tokens` gives the kind and the token of each call."""
        connection = http.client.HTTPConnection(*self.address, timeout=30)
        end, due = time.monotonic() + seconds, time.monotonic()
        while time.monotonic() < end:
            self.send(*tokens(), connection)
            due = max(due + 1 / rate, time.monotonic() - 1)
            time.sleep(max(0, due - time.monotonic()))
        connection.close()

    def text(self, kind: str) -> str:
        return f"{kind}: " + ", ".join(f"{number} × {status}" for status, number in sorted(self.counts[kind].items()))


def forge(issuer: Issuer, resource: str, number: int) -> list[str]:
    good = issuer.token(resource).split(".")
    header = json.loads(base64.urlsafe_b64decode(good[0] + "=="))
    lines = []
    for _ in range(number):
        header["kid"] = secrets.token_hex(16)
        head = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
        lines.append(f"{head}.{good[1]}.{good[2]}")
    return lines


def rotation(binary: str, seconds: int, folder: pathlib.Path) -> None:
    issuer = Issuer(RFC_8414)
    environment = {"OAUTH_ALLOW_INSECURE_HTTP": "loopback"}
    with Quickstart(binary, "--issuer", issuer.name, embedded=False, environment=environment) as server:
        caller = Caller(server)
        with contextlib.closing(http.client.HTTPConnection(*caller.address)) as connection:
            caller.send("before", issuer.token(server.resource), connection)
        # Every token is another one, so that none is answered from the cache.
        old, kind = issuer.signing, "old key"

        def tokens() -> tuple[str, str]:
            if kind == "old key" or secrets.randbelow(2):
                signing, issuer.signing = issuer.signing, old
                token = issuer.token(server.resource)
                issuer.signing = signing
                return "old key", token
            return "new key", issuer.token(server.resource)

        bad = folder / "forged"
        write(bad, forge(issuer, server.resource, 20_000))
        fetched = issuer.count(KEYS)
        caller.started = time.monotonic()
        flood = Load(server, bad, seconds, 32)
        caller.run(seconds / 2, 50, tokens)
        issuer.rotate()
        kind = "new key"
        caller.run(seconds / 2, 50, tokens)
        attacked = flood.result()
        in_flood = caller.text("old key") + "; " + caller.text("new key")
        # The flood is over; the next permit comes 30 s after the first one went.
        caller.run(max(0, INTERVAL + 3 - seconds), 20, tokens)
        statuses = {status: int(count) for status, count in attacked.items() if status.isdigit()}
        print(f"rotation: {attacked.get('requests', 0) / attacked.get('seconds', 1):.0f} forged/s for {seconds} s: {statuses}")
        print(f"  good tokens in the flood: {in_flood}")
        print(
            f"  good tokens in all: {caller.text('old key')}; {caller.text('new key')}; the new key is known after "
            f"{caller.first_good.get('new key', float('nan')):.1f} s; fetches {issuer.count(KEYS) - fetched}",
            flush=True,
        )
        if any(401 in counts for counts in caller.counts.values()):
            failures.append("rotation: good tokens got 401")
        if caller.counts["old key"][503]:
            failures.append("rotation: tokens of a known key got 503")
        if caller.first_good.get("new key", 1e9) > INTERVAL + 2:
            failures.append("rotation: the new key was not found with the next permit")
        if issuer.count(KEYS) - fetched > PERMITS + 2:
            failures.append("rotation: more fetches than permits")
        if set(statuses) - {"401", "503"}:
            failures.append(f"rotation: forged tokens got {statuses}")
    issuer.stop()


class Endpoint:
    """An introspection endpoint behind a filter that answers 403 to texts it takes for attacks."""

    def __init__(self, resource) -> None:
        self.asked: collections.Counter = collections.Counter()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                token = form["token"][0]
                status, body = 200, {"active": False}
                if "/" in token:
                    status, body = 403, {"error": "blocked"}
                elif token.startswith("good"):
                    body = {"active": True, "aud": resource(), "sub": "alice", "scope": "mcp:use"}
                outer.asked[status] += 1
                content = json.dumps(body).encode()
                with contextlib.suppress(OSError):
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def introspection(binary: str, seconds: int, folder: pathlib.Path) -> None:
    for rate, hostile in [(4, "1/s"), (100, "1/s"), (4, "a flood"), (100, "a flood")]:
        running: list[Quickstart] = []
        endpoint = Endpoint(lambda running=running: running[0].resource)
        environment = {
            "OAUTH_ISSUERS": endpoint.origin, "OAUTH_ALLOW_INSECURE_HTTP": "loopback", "OAUTH_REQUIRED_SCOPES": "mcp:use",
            "OAUTH_INTROSPECTION_URL": endpoint.origin + "/introspect", "OAUTH_INTROSPECTION_CLIENT_ID": "rs",
            "OAUTH_INTROSPECTION_CLIENT_SECRET": "secret",
        }
        with Quickstart(binary, embedded=False, environment=environment) as server:
            running.append(server)
            caller, attacker = Caller(server), Caller(server)
            bad = folder / "hostile"
            write(bad, [f"../../etc/passwd{secrets.token_hex(8)}" for _ in range(20_000)])
            if hostile == "1/s":
                attack = threading.Thread(
                    target=attacker.run,
                    args=(seconds, 1, lambda: ("hostile", f"../../etc/passwd{secrets.token_hex(8)}")),
                )
                attack.start()
            else:
                flood = Load(server, bad, seconds, 16)
            turn = iter(range(10**9))
            # Every second token is new to the server, the others were good before.
            caller.run(
                seconds, rate,
                lambda: ("known", "good-known") if next(turn) % 2 == 0 else ("new", "good-" + secrets.token_hex(8)),
            )
            if hostile == "1/s":
                attack.join()
                statuses = dict(attacker.counts["hostile"])
            else:
                statuses = {status: int(count) for status, count in flood.result().items() if status.isdigit()}
            print(
                f"introspection: good tokens at {rate}/s, hostile ones: {hostile}: {caller.text('known')}; "
                f"{caller.text('new')}; hostile: {statuses}; the endpoint answered {dict(endpoint.asked)}",
                flush=True,
            )
            refused = {kind: dict(counts) for kind, counts in caller.counts.items() if set(counts) != {200}}
            if refused:
                failures.append(f"introspection, {rate}/s, {hostile}: {refused}")
        endpoint.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("binary")
    parser.add_argument("scenarios", nargs="*", default=["rotation", "introspection"])
    parser.add_argument("--seconds", type=int, default=20, help="of each attack")
    options = parser.parse_args()
    for name in [name for name in os.environ if name.startswith("OAUTH_")]:
        del os.environ[name]
    with tempfile.TemporaryDirectory() as scratch:
        for scenario in options.scenarios:
            {"rotation": rotation, "introspection": introspection}[scenario](
                options.binary, options.seconds, pathlib.Path(scratch)
            )
    for failure in failures:
        print(f"FAIL {failure}", file=sys.stderr)
    sys.exit(1 if failures else 0)
