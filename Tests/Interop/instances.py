"""Three instances of mcp-quickstart behind nginx: sessions, DPoP with nonces, and one store of used proofs.

    python instances.py path/to/mcp-quickstart path/to/nginx path/to/redis-server [--minutes N]

The instances share the keys of sessions and nonces by files, and the used proofs by Redis. Checks what a client sees
when it is served by one instance after the other, when an instance ends under load, and when the store is away for 5
seconds. With `--minutes`, the load goes on for this long, and an instance or the store is killed in turn. Prints a line
per check, and the figures of the load.
"""

import base64
import contextlib
import http.client
import json
import pathlib
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from checking import check, conclude
from dpop_client import Answer, BoundClient, ProofKey, send, structured, tool
from nginx import Nginx
from quickstart import Quickstart

INSTANCES = 3
REPLAYS = 64
# Threads of the load. Two cores serve everything here.
SENDERS = 6
# Seconds for which the store is away.
AWAY = 5.0
# Seconds after which a client gives a request up.
PATIENCE = 30.0
WHOAMI = tool("whoami")
REVISION = "2025-11-25"

# The first server is how instances are served. The others send every request to the first instance, as long as it answers:
# with nginx's own setting, by which a POST that was sent is never sent again, and with the one that sends it again.
SITES = """
    upstream instances {{
{servers}
    }}
    upstream first {{
        server {first} max_fails=0;
        server {second} backup;
    }}
    proxy_http_version 1.1;
    proxy_set_header Host {host};
    proxy_connect_timeout 2s;
    server {{
        listen 127.0.0.1:{ports[0]};
        location / {{ proxy_pass http://instances; proxy_next_upstream error timeout; }}
    }}
    server {{
        listen 127.0.0.1:{ports[1]};
        location / {{ proxy_pass http://first; proxy_next_upstream error timeout; }}
    }}
    server {{
        listen 127.0.0.1:{ports[2]};
        location / {{ proxy_pass http://first; proxy_next_upstream error timeout non_idempotent; }}
    }}
"""


class Redis:
    """A redis-server on a socket in `folder`, in memory alone."""

    def __init__(self, program: str, folder: pathlib.Path) -> None:
        self.path = folder / "redis.sock"
        self._command = [
            program, "--port", "0", "--unixsocket", str(self.path), "--save", "", "--appendonly", "no",
            "--dir", str(folder), "--maxmemory-policy", "noeviction",
        ]
        self.process: subprocess.Popen | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"unix://{self.path}"

    def start(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()
        self.process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not self._answers():
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise AssertionError("redis-server does not answer")
            time.sleep(0.02)

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            connection.connect(str(self.path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        return False

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def __enter__(self) -> "Redis":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


class Fleet:
    """The instances: their processes and where each of them listens."""

    def __init__(self, binary: str, resource: str, issuer: str, folder: pathlib.Path, redis: Redis) -> None:
        self._binary, self._arguments = binary, ["--resource", resource, "--issuer", issuer, "--sessions"]
        for name in ("sessions", "nonces"):
            file = folder / name
            file.write_text(base64.b64encode(secrets.token_bytes(32)).decode() + "\n", encoding="ascii")
            file.chmod(0o600)
        self._environment = {
            "OAUTH_ALLOW_INSECURE_HTTP": "loopback", "OAUTH_DPOP": "required",
            "OAUTH_DPOP_NONCE_KEY_FILE": str(folder / "nonces"), "OAUTH_SESSION_KEY_FILE": str(folder / "sessions"),
            "OAUTH_REPLAY_STORE": redis.url,
        }
        self.processes = [self._started(0) for _ in range(INSTANCES)]
        self.addresses = [process.address() for process in self.processes]

    def _started(self, port: int) -> Quickstart:
        return Quickstart(
            self._binary, *self._arguments, embedded=False, port=port, environment=self._environment)

    def url(self, index: int) -> str:
        return self.addresses[index] + "/mcp"

    def end(self, index: int, how: signal.Signals) -> None:
        self.processes[index].stop(how)

    def start(self, index: int) -> None:
        self.processes[index] = self._started(int(self.addresses[index].rpartition(":")[2]))

    def stop(self) -> None:
        for process in self.processes:
            process.stop(signal.SIGKILL)


class Load:
    """Clients that call without a pause. Each request is repeated with a new proof until it is answered with 200."""

    def __init__(self, client: BoundClient) -> None:
        self._client = client
        self._ends = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run) for _ in range(SENDERS)]
        # How often each answer came, `lost` requests, and the reasons of what no rule explains.
        self.answers: Counter[str] = Counter()
        self.lost = 0
        self.unexplained: list[str] = []
        self.durations: list[float] = []

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        for thread in self._threads:
            thread.join()

    def counted(self) -> Counter[str]:
        with self._lock:
            return Counter(self.answers)

    def _run(self) -> None:
        host = self._client.resource.split("/")[2]
        connection = http.client.HTTPConnection(host, timeout=20)
        while not self._ends.is_set():
            self._one(connection)
        connection.close()

    def _one(self, connection: http.client.HTTPConnection) -> None:
        began = time.monotonic()
        while True:
            name = self._attempt(connection)
            with self._lock:
                self.answers[name] += 1
                if name == "200":
                    self.durations.append(time.monotonic() - began)
                    return
                if time.monotonic() - began > PATIENCE:
                    self.lost += 1
                    return
            # A client that waits a little is what a service asks for that is away.
            if name not in ("nonce", "broken"):
                time.sleep(0.1)

    def _attempt(self, connection: http.client.HTTPConnection) -> str:
        try:
            answer = self._client.post(WHOAMI, connection=connection)
        except (OSError, http.client.HTTPException):
            connection.close()
            return "broken"
        challenge = answer.first("www-authenticate") or ""
        if answer.status == 401 and 'error="use_dpop_nonce"' in challenge:
            self._client.nonces[self._client.resource] = answer.first("dpop-nonce") or ""
            return "nonce"
        if (nonce := answer.first("dpop-nonce")) is not None:
            self._client.nonces[self._client.resource] = nonce
        if answer.status not in (200, 502, 503):
            with self._lock:
                self.unexplained.append(f"{answer.status} {challenge}")
        return str(answer.status)


def is_refused_proof(answer: Answer) -> bool:
    return answer.status == 401 and 'error="invalid_dpop_proof"' in (answer.first("www-authenticate") or "")


def log_in(resource: str, issuer: str, fleet: Fleet) -> BoundClient:
    """A client with a token, and with a session that began at the first instance."""
    client = BoundClient(resource, issuer, ProofKey())
    client.register()
    client.obtain(client.authorize())
    wanted = {"protocolVersion": REVISION, "capabilities": {}, "clientInfo": {"name": "interop", "version": "1"}}
    begin = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": wanted}
    answer = client.call(begin, url=fleet.url(0))
    session = answer.first("mcp-session-id")
    check("a session begins at instance 1", answer.status == 200 and session is not None, answer.status)
    client.fields = {"Mcp-Session-Id": session, "MCP-Protocol-Version": REVISION}
    for index in range(INSTANCES):
        who = structured(client.call(WHOAMI, url=fleet.url(index)))
        check(f"the session goes on at instance {index + 1}", who["client_id"] == client.client_id, who)
    check("the nonce of one instance is good at the others", client.asked.count(resource) == 1, client.asked)
    return client


def sessions(client: BoundClient, stranger: BoundClient, fleet: Fleet) -> None:
    """The identifier says whose session it is: no instance stores anything about it."""
    for index in range(INSTANCES):
        answer = stranger.call(WHOAMI, url=fleet.url(index), fields=client.fields)
        check(f"the session of another client is unknown at instance {index + 1}", answer.status == 404, answer.status)


def replays(client: BoundClient, fleet: Fleet) -> None:
    proof = client.proof()
    check("a proof at instance 1", client.post(WHOAMI, [proof], url=fleet.url(0)).status == 200)
    for index in range(INSTANCES):
        answer = client.post(WHOAMI, [proof], url=fleet.url(index))
        check(f"the same proof at instance {index + 1} is refused", is_refused_proof(answer), answer.status)
    proof = client.proof()
    barrier = threading.Barrier(REPLAYS)

    def send_at_once(index: int) -> Answer:
        barrier.wait()
        return client.post(WHOAMI, [proof], url=fleet.url(index % INSTANCES))

    with ThreadPoolExecutor(REPLAYS) as pool:
        answers = list(pool.map(send_at_once, range(REPLAYS)))
    good = sum(answer.status == 200 for answer in answers)
    check(f"{REPLAYS} replays at once over {INSTANCES} instances: one is accepted", good == 1, good)
    refused = sum(map(is_refused_proof, answers))
    check(f"{REPLAYS} replays at once: the others are refused as proofs", refused == REPLAYS - 1, refused)


def retries(client: BoundClient, fleet: Fleet, once: str, repeating: str) -> None:
    """What becomes of a request that an instance has begun to serve when it is killed."""
    for name, url, outcome in [
        ("killed while it serves: the client gets 502", once, 502),
        ("killed while it serves, with non_idempotent: the next instance refuses the used proof", repeating, 401),
    ]:
        with ThreadPoolExecutor(1) as pool:
            call = pool.submit(client.call, tool("slow_count", to=20, interval_ms=1000), url=url)
            # The proof is used up when the tool runs, which takes 20 seconds.
            time.sleep(1)
            fleet.end(0, signal.SIGKILL)
            answer = call.result()
        fleet.start(0)
        check(name, answer.status == outcome, (answer.status, answer.values("www-authenticate")))
        check(f"{name}: the challenge", is_refused_proof(answer) == (outcome == 401), answer.fields)
        check("the call with a new proof", client.call(WHOAMI, url=url).status == 200)


def store_away(load: Load, fleet: Fleet, redis: Redis, client: BoundClient, report: Counter[str]) -> None:
    """By default, what cannot be checked is refused: 503, and no challenge."""
    before = load.counted()
    redis.kill()
    time.sleep(AWAY / 2)
    answer = client.call(WHOAMI)
    found = (answer.status, answer.first("retry-after") is not None, answer.values("www-authenticate"))
    check("store away: 503 with Retry-After, and no challenge", found == (503, True, []), found)
    time.sleep(AWAY / 2)
    during = load.counted() - before
    # Those that were answered before the store was killed may still be counted.
    check("store away: no request is accepted", during["200"] <= SENDERS * 2, during)
    redis.start()
    began = time.monotonic()
    # Each instance has connections of its own, and tries to connect again at its own times.
    for index in range(INSTANCES):
        while client.call(WHOAMI, url=fleet.url(index)).status != 200:
            if time.monotonic() - began > 15:
                raise AssertionError(f"instance {index + 1} does not come back to the store")
            time.sleep(0.05)
    back = time.monotonic() - began
    print(f"ok   store away for {AWAY:.0f} s: {during['503']} answers 503; all instances are good again after {back:.1f} s", flush=True)
    report["store killed"] += 1


def instance_killed(load: Load, fleet: Fleet, index: int, how: signal.Signals, report: Counter[str]) -> None:
    before = load.counted()
    fleet.end(index, how)
    time.sleep(1)
    fleet.start(index)
    during = load.counted() - before
    name = "killed" if how == signal.SIGKILL else "stopped"
    check(f"instance {index + 1} {name} under load: the others serve", during["200"] > 0, during)
    # Each sender has one request under way at most.
    allowed = SENDERS if how == signal.SIGKILL else 0
    check(f"instance {index + 1} {name}: 502 at most for what was under way", during["502"] <= allowed, during)
    check(f"instance {index + 1} {name}: no other answer", set(during) <= {"200", "502", "nonce"}, during)
    report[f"instance {name}"] += 1


def under_load(client: BoundClient, fleet: Fleet, redis: Redis, minutes: float) -> None:
    report: Counter[str] = Counter()
    began = time.monotonic()
    with Load(client) as load:
        time.sleep(1)
        turn = 0
        while True:
            how = signal.SIGKILL if turn % 2 == 0 else signal.SIGTERM
            instance_killed(load, fleet, turn % INSTANCES, how, report)
            if turn % INSTANCES == 1:
                store_away(load, fleet, redis, client, report)
            turn += 1
            if turn >= 3 and time.monotonic() - began > minutes * 60:
                break
            if minutes > 0:
                time.sleep(3)
        time.sleep(1)
    seconds = time.monotonic() - began
    check("no request was lost", load.lost == 0, load.lost)
    check("every answer is explained", load.unexplained == [], load.unexplained[:3])
    durations = sorted(load.durations)
    figures = {
        "seconds": round(seconds, 1), "answers": dict(load.answers), "events": dict(report),
        "requests_per_second": round(load.answers["200"] / seconds, 1),
        "p50_ms": round(durations[len(durations) // 2] * 1000, 1),
        "p99_ms": round(durations[len(durations) * 99 // 100] * 1000, 1),
    }
    print(f"     figures {json.dumps(figures)}", flush=True)


def main(binary: str, nginx: str, redis_server: str) -> None:
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = pathlib.Path(name)
        listeners = [stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=128)) for _ in range(3)]
        ports = [listener.getsockname()[1] for listener in listeners]
        resource, once, repeating = (f"http://127.0.0.1:{port}/mcp" for port in ports)
        redis = stack.enter_context(Redis(redis_server, folder))
        issuer = stack.enter_context(Quickstart(binary, "--dpop", "required")).issuer
        fleet = Fleet(binary, resource, issuer, folder, redis)
        stack.callback(fleet.stop)
        places = [address.removeprefix("http://") for address in fleet.addresses]
        servers = "\n".join(f"        server {place} max_fails=1 fail_timeout=1s;" for place in places)
        sites = SITES.format(
            servers=servers, first=places[0], second=places[1], host=f"127.0.0.1:{ports[0]}", ports=ports)
        # At other levels, nginx tells of every connection that an instance which was killed has left behind.
        stack.enter_context(Nginx(nginx, folder, listeners, sites, level="crit"))
        client = log_in(resource, issuer, fleet)
        stranger = log_in(resource, issuer, fleet)
        sessions(client, stranger, fleet)
        replays(client, fleet)
        retries(client, fleet, once, repeating)
        under_load(client, fleet, redis, MINUTES)
    print("instances: all checks passed")


if __name__ == "__main__":
    MINUTES = 0.0
    if "--minutes" in sys.argv:
        place = sys.argv.index("--minutes")
        MINUTES = float(sys.argv[place + 1])
        del sys.argv[place : place + 2]
    conclude(main, 3, __doc__)
