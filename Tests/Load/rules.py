"""How long another client waits while four connections send bodies that are expensive for rules about resources.

    Tests/Load/run rules [--seconds N]

A client sends small requests one after the other: alone, beside four connections that send small requests too, and
beside four connections that send the hostile bodies. Prints the client's waiting times of each, in turns. The server
has one processor, the clients another. Linux, as root.
"""

import argparse
import http.client
import json
import os
import subprocess
import sys
import threading
import time

PING = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"}).encode()


def subscriptions(uri: str, count: int) -> bytes:
    """A message that subscribes to a resource `count` times."""
    return json.dumps(
        {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "subscriptions/listen",
            "params": {"notifications": {"resourceSubscriptions": [uri] * count}},
        }
    ).encode()


# Few bytes with as many readings as the guard makes.
DENSE = "a:\\a//..;/%2e@\u00e9:.%2f\\@?%3a/..;/%252f%5c"

BODIES = {
    "1 dense URI": subscriptions(DENSE, 1),
    "7 dense URIs": subscriptions(DENSE, 7),
    # One body as large as the guard reads, with the longest URIs.
    "1 MiB, 500 URIs": subscriptions("https://a.example/" + "%252e/x;y/" * 202, 500),
    # As much text as the guard compares.
    "32 KiB, 15 URIs": subscriptions("https://a.example/" + "%252e/x;y/" * 202, 15),
    "1,000 short URIs": subscriptions("a:/%2e//..;/b", 1000),
}


class Server:
    """`benchmarks serve rules` on one processor."""

    def __init__(self, program: str) -> None:
        self.process = subprocess.Popen(
            ["taskset", "-c", "0", program, "serve", "rules"], stdout=subprocess.PIPE, text=True
        )
        ready = dict(part.split("=", 1) for part in self.process.stdout.readline().split()[1:])
        self.port, self.token = int(ready["port"]), ready["token"]

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def post(self, connection: http.client.HTTPConnection, body: bytes) -> int:
        fields = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        connection.request("POST", "/mcp", body, fields)
        response = connection.getresponse()
        response.read()
        return response.status

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


def times(server: Server, seconds: float, body: bytes | None, senders: int = 4) -> tuple[list[float], int]:
    """The waiting times of the client in microseconds, and the number of the senders' requests."""
    done, counts = threading.Event(), [0] * senders

    def send(place: int) -> None:
        connection = server.connection()
        while not done.is_set():
            server.post(connection, body)
            counts[place] += 1

    threads = [threading.Thread(target=send, args=(place,)) for place in range(senders if body else 0)]
    for thread in threads:
        thread.start()
    # The client is a process of its own: Python runs one thread at a time.
    client = subprocess.run(
        [sys.executable, __file__, "--client", str(server.port), server.token, str(seconds)],
        capture_output=True, text=True, check=True,
    )
    done.set()
    for thread in threads:
        thread.join()
    return json.loads(client.stdout), sum(counts)


def client(port: str, token: str, seconds: str) -> None:
    # The senders share the processor with this client. It must not wait for them, only for the server.
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    server = Server.__new__(Server)
    server.port, server.token = int(port), token
    connection, waited = server.connection(), []
    end = time.monotonic() + float(seconds)
    while (began := time.perf_counter_ns()) and time.monotonic() < end:
        assert server.post(connection, PING) == 200
        waited.append((time.perf_counter_ns() - began) / 1000)
    print(json.dumps(waited))


def percentile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def main() -> None:
    parser = argparse.ArgumentParser(prog="Tests/Load/run rules")
    parser.add_argument("program")
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    server = Server(options.program)
    os.sched_setaffinity(0, {1})
    try:
        kinds = {"alone": None, "4 × ping": PING} | {f"4 × {name}": body for name, body in BODIES.items()}
        samples: dict[str, list[float]] = {kind: [] for kind in kinds}
        sent = dict.fromkeys(kinds, 0)
        for _ in range(options.rounds):
            for kind, body in kinds.items():
                waited, count = times(server, options.seconds, body)
                samples[kind] += waited
                sent[kind] += count
        quiet = samples["alone"]
        print(f"{'beside':<22} {'p50 µs':>9} {'p99 µs':>9} {'p50':>7} {'p99':>7} {'sent/s':>8}")
        for kind, waited in samples.items():
            middle, late = percentile(waited, 0.5), percentile(waited, 0.99)
            ratios = middle / percentile(quiet, 0.5), late / percentile(quiet, 0.99)
            rate = sent[kind] / options.seconds / options.rounds
            print(f"{kind:<22} {middle:9.0f} {late:9.0f} {ratios[0]:6.2f}x {ratios[1]:6.2f}x {rate:8.0f}")
    finally:
        server.stop()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--client"]:
        client(*sys.argv[2:])
    else:
        main()
