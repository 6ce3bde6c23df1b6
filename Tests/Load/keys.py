"""What happens to valid tokens while their issuer rotates its keys, is gone, or answers 500; and under a flood of tokens
with random key ids.

    Tests/Load/run keys

Needs wrk. Prints a table and ends with 1 when a valid token was refused, a thread was left over, or the issuer was
asked more often than the policy allows.
"""

import argparse
import base64
import json
import os
import pathlib
import re
import secrets
import subprocess
import sys
import tempfile
import threading
import time

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parent / "Interop"))

from issuer import KEYS, RFC_8414, Issuer  # noqa: E402
from minting import jwk, new_key, thumbprint  # noqa: E402
from quickstart import Quickstart  # noqa: E402

# The issuer lets its key set be kept for a minute; keys are published so long before and after they sign.
MAX_AGE, OVERLAP = 60, 90


class RotatingIssuer(Issuer):
    """Signs with another key each second. Each is in the set `OVERLAP` seconds before and after."""

    def __init__(self, **options) -> None:
        self.index, self.schedule = OVERLAP, []
        super().__init__(RFC_8414, **options)
        self.fields = {"Cache-Control": f"max-age={MAX_AGE}"}

    def prepare(self, seconds: int) -> None:
        for _ in range(2 * OVERLAP + seconds):
            key = new_key(self.algorithm)
            self.schedule.append((key, jwk(key, kid=thumbprint(jwk(key)), alg=self.algorithm, use="sig")))
        self.move(0)

    def move(self, steps: int) -> None:
        with self._lock:
            self.index += steps
            window = self.schedule[self.index - OVERLAP : self.index + OVERLAP]
            self.signing = self.schedule[self.index]
            self.retired = [entry for entry in window if entry is not self.signing]


class Load:
    """wrk in the background, on the second core."""

    def __init__(self, server: Quickstart, tokens: pathlib.Path, seconds: int, connections: int, *, reread: bool = False) -> None:
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--timeout", "10", "-s", str(here / "tokens.lua")]
        command += [server.resource, "--", str(tokens)] + (["reread"] if reread else [])
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def result(self) -> dict[str, float]:
        line = next((line for line in self.process.communicate()[0].splitlines() if line.startswith("RESULT")), "")
        return {name: float(value) for name, value in re.findall(r"(\w+)=([\d.]+)", line)}


def threads(server: Quickstart) -> int:
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"Threads:\s+(\d+)", status)[1])


def resident(server: Quickstart) -> float:
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


failures: list[str] = []


def report(name: str, server: Quickstart, issuer: Issuer, result: dict[str, float], bound: int, before: int, fetches: int) -> None:
    refused = int(sum(count for status, count in result.items() if status.isdigit() and status != "200"))
    rate = result.get("requests", 0) / max(result.get("seconds", 1), 0.001)
    now = threads(server)
    print(
        f"{name:<44} {rate:>8.0f}/s  p50 {result.get('p50_us', 0):>6.0f} µs  p99 {result.get('p99_us', 0):>7.0f} µs"
        f"  refused {refused}  broken {int(result.get('broken', 0))}  fetches {fetches} (≤ {bound})"
        f"  threads {before} → {now}  RSS {resident(server):.1f} MiB",
        flush=True,
    )
    if result.get("200", 0) == 0:
        failures.append(f"{name}: nothing was answered 200")
    if refused or result.get("broken", 0):
        failures.append(f"{name}: {refused} valid tokens refused, {int(result.get('broken', 0))} broken")
    if fetches > bound:
        failures.append(f"{name}: {fetches} fetches, more than {bound}")


def write(path: pathlib.Path, lines: list[str]) -> None:
    scratch = path.with_suffix(".new")
    scratch.write_text("\n".join(lines) + "\n")
    scratch.replace(path)


def rotation(server: Quickstart, issuer: RotatingIssuer, tokens: pathlib.Path, seconds: int) -> None:
    before, fetched = threads(server), issuer.count(KEYS)
    load = Load(server, tokens, seconds, 32, reread=True)
    while load.process.poll() is None:
        issuer.move(1)
        write(tokens, [issuer.token(server.resource) for _ in range(20)])
        time.sleep(1)
    # One refresh for each 80 % of the set's life, and one that may be under way.
    report("a key a second", server, issuer, load.result(), seconds // (MAX_AGE * 7 // 10) + 1, before, issuer.count(KEYS) - fetched)


def absence(server: Quickstart, issuer: RotatingIssuer, tokens: pathlib.Path, seconds: int) -> RotatingIssuer:
    """The issuer is gone for so long; afterwards it is there again, on the same port with the same keys."""
    before = threads(server)
    issuer.stop()
    load = Load(server, tokens, seconds, 32)
    result = load.result()
    back = RotatingIssuer(port=issuer.port)
    back.schedule, back.index = issuer.schedule, issuer.index
    back.move(0)
    report(f"the issuer is gone for {seconds} s", server, back, result, 0, before, 0)
    return back


def failing(server: Quickstart, issuer: RotatingIssuer, tokens: pathlib.Path, seconds: int) -> None:
    before, fetched = threads(server), len(issuer.asked)
    issuer.status = 500
    result = Load(server, tokens, seconds, 32).result()
    issuer.status = 200
    # Two requests an attempt (one retry), for the keys and after three failures for the metadata; attempts back off with
    # full jitter, which may be short: the bound is that of waits of half the back-off.
    report(f"the issuer answers 500 for {seconds} s", server, issuer, result, 4 * 12, before, len(issuer.asked) - fetched)


def flood(server: Quickstart, issuer: RotatingIssuer, tokens: pathlib.Path, folder: pathlib.Path, number: int) -> None:
    good = issuer.token(server.resource).split(".")
    header = json.loads(base64.urlsafe_b64decode(good[0] + "=="))
    lines = []
    for _ in range(number):
        header["kid"] = secrets.token_hex(16)
        head = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
        lines.append(f"{head}.{good[1]}.{good[2]}")
    bad = folder / "bad"
    write(bad, lines)
    before, fetched = threads(server), issuer.count(KEYS)
    alone = Load(server, tokens, 8, 16).result()
    started = time.monotonic()
    valid, attack = Load(server, tokens, 20, 16), Load(server, bad, 20, 64)
    attacked = attack.result()
    result = valid.result()
    seconds = time.monotonic() - started
    # Without a permit to ask the issuer, the answer is 503: a key that could not be looked for.
    refused = int(attacked.get("401", 0) + attacked.get("503", 0))
    name = f"{refused} tokens with random key ids"
    fetches = issuer.count(KEYS) - fetched
    # Three fetches for unknown keys and then one in 30 s, and one for the age of the set.
    report("valid tokens without the flood", server, issuer, alone, 2, before, 0)
    report(name, server, issuer, result, 3 + int(seconds // 30) + 1, before, fetches)
    others = {status: count for status, count in attacked.items() if status.isdigit() and status not in ("401", "503")}
    print(f"  the flood: {attacked.get('requests', 0) / attacked.get('seconds', 1):.0f}/s refused, other answers: {others or 'none'}")
    if others or refused < number:
        failures.append(f"flood: {refused} of {number} refused with 401 or 503, others {others}")


def main(binary: str, seconds: int, number: int) -> None:
    environment = {"OAUTH_ALLOW_INSECURE_HTTP": "loopback"}
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        tokens = folder / "tokens"
        issuer = RotatingIssuer()
        issuer.prepare(4 * seconds + 120)
        with Quickstart(binary, "--issuer", issuer.name, embedded=False, environment=environment) as server:
            write(tokens, [issuer.token(server.resource) for _ in range(20)])
            # Every thread that is ever needed has run before anything is counted.
            Load(server, tokens, 2, 32).result()
            time.sleep(15)
            at_rest = threads(server)
            rotation(server, issuer, tokens, 2 * seconds)
            write(tokens, [issuer.token(server.resource) for _ in range(20)])
            issuer = absence(server, issuer, tokens, seconds)
            failing(server, issuer, tokens, seconds)
            flood(server, issuer, tokens, folder, number)
            # The pool and the thread of the fetcher come and go; what counts is that none stays.
            time.sleep(15)
            print(f"threads at rest: {at_rest} before, {threads(server)} after", flush=True)
            if threads(server) > at_rest:
                failures.append(f"{threads(server) - at_rest} threads were left over")
        issuer.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("binary")
    parser.add_argument("--seconds", type=int, default=30, help="of each trouble")
    parser.add_argument("--flood", type=int, default=100_000, help="tokens with random key ids")
    options = parser.parse_args()
    for name in [name for name in os.environ if name.startswith("OAUTH_")]:
        del os.environ[name]
    main(options.binary, options.seconds, options.flood)
    for failure in failures:
        print(f"FAIL {failure}", file=sys.stderr)
    sys.exit(1 if failures else 0)
