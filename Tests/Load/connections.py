"""SocketHTTP under clients that are many, slow, rude or gone, and a server that stops meanwhile.

    Tests/Load/run connections [slow] [events] [soak] [shutdown] [--seconds N] [--connections N]

The server is `benchmarks serve laboratory`. Prints what it saw and ends with 1 when something is not as it must be.
"""

import argparse
import asyncio
import contextlib
import os
import pathlib
import random
import re
import resource
import signal
import socket
import subprocess
import sys
import time
import typing
from collections.abc import Callable, Coroutine

failures: list[str] = []


def check(name: str, condition: bool, detail: object = "") -> None:
    print(f"{'ok  ' if condition else 'FAIL'} {name} {detail}", flush=True)
    if not condition:
        failures.append(name)


class Server:
    def __init__(
        self, binary: str, prepare: typing.Callable[[], None] | None = None, kind: str = "laboratory"
    ) -> None:
        """`prepare` is called in the process of the server before its program starts."""
        self.process = subprocess.Popen([binary, "serve", kind], stdout=subprocess.PIPE, text=True, preexec_fn=prepare)
        match = re.match(r"listening port=(\d+)", self.process.stdout.readline())
        if match is None:
            raise AssertionError("the server did not start")
        self.port = int(match[1])
        self.asked = 0

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.stop()

    def stop(self) -> str:
        self.process.send_signal(signal.SIGTERM)
        rest = self.process.stdout.read()
        code = self.process.wait(60)
        check("the server ended with 0", code == 0, f"({code})")
        return rest

    def resident(self) -> float:
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    def threads(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20)

    async def ask(self, path: str, method: str = "GET") -> str:
        self.asked += 1
        reader, writer = await self.connect()
        writer.write(f"{method} {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read(-1)
        writer.close()
        return answer.partition(b"\r\n\r\n")[2].decode()

    async def state(self) -> dict[str, int]:
        return {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", await self.ask("/state"))}

    async def settles(self, descriptors: int, seconds: float) -> int:
        """Waits until there are no more descriptors than that."""
        deadline = time.monotonic() + seconds
        while self.descriptors() > descriptors and time.monotonic() < deadline:
            await asyncio.sleep(0.2)
        return self.descriptors()


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0


async def latency(server: Server, seconds: float) -> list[float]:
    """Milliseconds of requests on four connections, one after another on each."""
    times: list[float] = []
    over = time.monotonic() + seconds

    async def client() -> None:
        reader, writer = await server.connect()
        while time.monotonic() < over:
            start = time.perf_counter()
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(13)
            if not head.startswith(b"HTTP/1.1 200 "):
                raise AssertionError("an honest client was not answered 200")
            times.append((time.perf_counter() - start) * 1000)
            await asyncio.sleep(0.005)
        writer.close()

    await asyncio.gather(*(client() for _ in range(4)))
    return times


def shown(times: list[float]) -> str:
    return f"p50 {percentile(times, 0.5):.2f} ms, p99 {percentile(times, 0.99):.2f} ms ({len(times)} requests)"


async def slow(server: Server, number: int) -> None:
    """Half send a byte of their head a second, half ask for a stream and never read."""
    await latency(server, 1)
    start, before, resident = server.descriptors(), await latency(server, 4), server.resident()
    sockets = []
    for index in range(2 * number):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", server.port))
        client.setblocking(False)
        if index % 2:
            client.send(b"GET /flow HTTP/1.1\r\nHost: a\r\n\r\n")
        sockets.append(client)
    gone = set()

    async def drip() -> None:
        byte = 0
        while True:
            for client in sockets[::2]:
                try:
                    client.send(b"GET / HTTP/1.1\r\nHost: a\r\nX: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"[byte : byte + 1])
                except OSError:
                    gone.add(client)
            byte += 1
            await asyncio.sleep(1)

    dripping = asyncio.create_task(drip())
    await asyncio.sleep(2)
    during, held = await latency(server, 6), server.resident()
    print(f"     without them: {shown(before)}")
    print(f"     with {number} that send a byte a second and {number} that never read: {shown(during)}")
    print(f"     resident: {resident:.1f} MiB before, {held:.1f} MiB with them: {(held - resident) * 1024 / (2 * number):.1f} KiB each")
    check("memory is bounded: at most 64 KiB for each slow client", (held - resident) * 1024 / (2 * number) <= 64)
    # Head 10 s; write stall 30 s.
    left = await server.settles(start, 60)
    check("all are gone after the deadlines", left <= start, f"({left - start} left)")
    dripping.cancel()
    for client in sockets:
        client.close()
    after = await latency(server, 2)
    print(f"     afterwards: {shown(after)}, resident {server.resident():.1f} MiB")


async def events(server: Server, number: int) -> None:
    """Many idle event streams."""
    start, resident, threads = server.descriptors(), server.resident(), server.threads()
    sockets: list[socket.socket] = []
    loop = asyncio.get_running_loop()

    async def open_stream() -> None:
        client = socket.socket()
        client.setblocking(False)
        await loop.sock_connect(client, ("127.0.0.1", server.port))
        await loop.sock_sendall(client, b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n")
        text = b""
        while b": welcome\n\n" not in text:
            text += await loop.sock_recv(client, 4096)
        sockets.append(client)

    for _ in range(0, number, 250):
        await asyncio.gather(*(open_stream() for _ in range(min(250, number - len(sockets)))))
    held = server.resident()
    check(f"{number} streams are open", (await server.state())["open"] == number)
    each = (held - resident) * 1024 / number
    check("at most 10 KiB resident each", each <= 10, f"({each:.2f} KiB; {resident:.1f} → {held:.1f} MiB)")
    check("no thread each", server.threads() <= threads + 2, f"({threads} → {server.threads()})")

    async def hears(client: socket.socket) -> bool:
        text = b""
        while b"data: news\n\n" not in text:
            piece = await loop.sock_recv(client, 4096)
            if not piece:
                return False
            text += piece
        return True

    began = time.monotonic()
    await server.ask("/broadcast", "POST")
    heard = await asyncio.wait_for(asyncio.gather(*(hears(client) for client in sockets)), 60)
    check("each received the event", all(heard) and len(heard) == number, f"({time.monotonic() - began:.2f} s until the last)")

    half = number // 2
    for client in sockets[:half]:
        client.close()
    deadline = time.monotonic() + 20
    while (state := await server.state())["open"] > number - half and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    check("closing half of them cancelled their handlers", state["open"] == number - half and state["cancelled"] == half, state)
    await server.ask("/broadcast", "POST")
    heard = await asyncio.wait_for(asyncio.gather(*(hears(client) for client in sockets[half:])), 60)
    check("the others received the next event", all(heard))
    for client in sockets[half:]:
        client.close()
    left = await server.settles(start, 20)
    check("descriptors are back", left <= start, f"({start} → {left}); resident {server.resident():.1f} MiB")


async def soak(server: Server, seconds: int) -> None:
    """Mixed traffic; at the end memory and descriptors are what they were after the first tenth."""
    choose = random.Random(1)
    counts: dict[str, int] = {}
    over = time.monotonic() + seconds

    async def visit() -> str:
        reader, writer = await server.connect()
        kind = choose.choice(("good", "good", "pipeline", "malformed", "upload", "aborted upload", "stream", "flow", "storm", "slow", "half"))
        try:
            match kind:
                case "good":
                    for _ in range(choose.randint(1, 20)):
                        writer.write(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
                        await reader.readuntil(b"}")
                case "pipeline":
                    writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 10)
                    for _ in range(10):
                        await reader.readuntil(b"world!")
                case "malformed":
                    writer.write(choose.choice((b"GET / HTTP/1.1\nHost: a\n\n", b"\x16\x03\x01\x02\x00", b"GET / HTTP/1.1\r\n\r\n", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", b"A" * 20_000)))
                    await reader.read(-1)
                case "upload":
                    writer.write(b"PUT /up HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
                    for _ in range(choose.randint(1, 30)):
                        writer.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
                        await writer.drain()
                    writer.write(b"0\r\n\r\n")
                    await reader.readuntil(b"}")
                case "aborted upload":
                    writer.write(b"PUT /up HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + b"x" * choose.randint(0, 60_000))
                    await asyncio.sleep(choose.random() * 0.02)
                    writer.transport.abort()
                case "stream":
                    writer.write(b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n")
                    await reader.readuntil(b"welcome")
                    await asyncio.sleep(choose.random() * 0.2)
                    if choose.random() < 0.5:
                        writer.transport.abort()
                case "flow":
                    writer.write(b"GET /flow HTTP/1.1\r\nHost: a\r\n\r\n")
                    await reader.readexactly(choose.randint(1, 200_000))
                    writer.transport.abort()
                case "storm":
                    for _ in range(10):
                        _, another = await server.connect()
                        another.transport.abort() if choose.random() < 0.5 else another.close()
                case "slow":
                    writer.write(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
                    if choose.random() < 0.5:
                        writer.transport.abort()
                    else:
                        await reader.readuntil(b"world!")
                case "half":
                    writer.write(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET / HT")
                    await asyncio.sleep(0.01)
                    writer.write_eof()
                    await reader.read(-1)
        finally:
            writer.close()
        return kind

    async def visitor() -> None:
        while time.monotonic() < over:
            try:
                kind = await asyncio.wait_for(visit(), 60)
            except (OSError, asyncio.IncompleteReadError):
                kind = "broken"
            counts[kind] = counts.get(kind, 0) + 1
            if choose.random() < 0.01:
                await server.ask("/broadcast", "POST")

    idle = server.descriptors()
    visitors = [asyncio.create_task(visitor()) for _ in range(48)]
    await asyncio.sleep(seconds / 5)
    early = server.resident()
    await asyncio.gather(*visitors)
    left = await server.settles(idle, 40)
    await asyncio.sleep(1)
    late, state = server.resident(), await server.state()
    print(f"     {sum(counts.values())} visits: {counts}")
    check("descriptors are back", left <= idle, f"({idle} → {left})")
    check("no stream is left", state["open"] == 0, state)
    check("memory did not grow by more than a fifth", late <= early * 1.2 + 2, f"({early:.1f} MiB after a fifth of the time, {late:.1f} MiB at the end)")


async def shutdown(server: Server) -> None:
    """SIGTERM under load: what was answered for a client is what the server says it answered."""
    whole = cut = refused = 0

    async def client() -> None:
        nonlocal whole, cut, refused
        while True:
            try:
                reader, writer = await server.connect()
            except OSError:
                return
            try:
                while True:
                    path = "/slow" if random.random() < 0.3 else "/echo"
                    writer.write(f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello".encode())
                    head = b""
                    try:
                        head = await reader.readuntil(b"\r\n\r\n")
                        length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
                        await reader.readexactly(length)
                    except (OSError, asyncio.IncompleteReadError) as error:
                        if head or getattr(error, "partial", b""):
                            cut += 1
                        else:
                            refused += 1
                        break
                    whole += 1
                    if b"connection: close" in head.lower():
                        break
            finally:
                writer.close()

    clients = [asyncio.create_task(client()) for _ in range(200)]
    await asyncio.sleep(3)
    output = await asyncio.get_running_loop().run_in_executor(None, server.stop)
    await asyncio.gather(*clients)
    answered = int(re.search(r"answered=(\d+)", output)[1]) - server.asked
    print(f"     {whole} whole answers, {refused} connections ended before an answer began; the server answered {answered}")
    check("no answer was cut", cut == 0, f"({cut})")
    check("every request that a handler answered reached its client", whole == answered, f"({answered - whole} lost)")


async def main(options: argparse.Namespace) -> None:
    for name in options.scenarios or ["slow", "events", "soak", "shutdown"]:
        print(f"--- {name}", flush=True)
        with Server(options.binary) as server:
            # The loops and the first timer open their descriptors.
            await server.ask("/slow")
            match name:
                case "slow":
                    await slow(server, min(1000, options.connections))
                case "events":
                    await events(server, options.connections)
                case "soak":
                    await soak(server, options.seconds)
                case "shutdown":
                    await shutdown(server)


def launch(main: Callable[[argparse.Namespace], Coroutine[None, None, None]], options: argparse.Namespace) -> None:
    """Runs a program with as many descriptors as it may have, and ends the process with 1 after a failure."""
    # Children inherit it: the server needs as many.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(65_536, hard), hard))
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(options))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("binary")
    parser.add_argument("scenarios", nargs="*", choices=["slow", "events", "soak", "shutdown", []])
    parser.add_argument("--seconds", type=int, default=60, help="of the soak")
    parser.add_argument("--connections", type=int, default=10_000, help="event streams")
    launch(main, parser.parse_args())
