"""SocketHTTP under clients that fill its memory or its connections, in a control group with 64 MiB of memory.

    Tests/Load/run floods [heads] [posts] [bodies] [silent] [--memory MIB]

The server is `benchmarks serve laboratory`, or `bare` for the silent connections. Prints what it saw and ends with 1
when something is not as it must be. Where no control group can be made, the memory is only measured, and the output
says so.
"""

import argparse
import asyncio
import contextlib
import dataclasses
import os
import pathlib
import select
import socket
import subprocess
import time
from collections.abc import Callable

import connections
from connections import check


@dataclasses.dataclass(frozen=True)
class Wave:
    """What the clients of one attack send."""

    title: str
    number: int
    # Sent when a connection opens.
    content: bytes
    # Bytes that follow on each connection, as far as the server takes them.
    poured: int = 0


def post(path: str, length: int) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n".encode()


# Many small fields would be too many; a few large ones are not.
LARGE_FIELDS = b"".join(b"X%d: " % i + b"y" * 4000 + b"\r\n" for i in range(8))
UNFINISHED_HEAD = b"GET / HTTP/1.1\r\nHost: a\r\n" + LARGE_FIELDS[:32_000]
WAVES = {
    "heads": [
        Wave("4,000 heads of one byte", 4000, b"G"),
        Wave("4,000 unfinished heads of 32 KB", 4000, UNFINISHED_HEAD),
    ],
    "posts": [
        Wave("4,000 refused posts, 60 KB of content", 4000, post("/", 1_000_000), 60_000),
        Wave("4,000 posts that are too long, 60 KB", 4000, post("/", 5_000_000), 60_000),
    ],
    "bodies": [
        Wave("300 unfinished bodies of 4 MB", 300, post("/echo", 4_100_000), 4_000_000),
        Wave("4,000 unfinished bodies of 60 KB", 4000, post("/echo", 1_000_000), 60_000),
    ],
}


class ControlGroup:
    """A group with a limit of memory, of cgroups version 2 or 1."""

    def __init__(self, mebibytes: int) -> None:
        self.folder: pathlib.Path | None = None
        for parent, file in (("/sys/fs/cgroup", "memory.max"), ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")):
            folder = pathlib.Path(parent) / f"load-{os.getpid()}"
            with contextlib.suppress(OSError):
                folder.mkdir()
                if (folder / file).exists():
                    (folder / file).write_text(str(mebibytes << 20))
                    self.folder = folder
                    return
                folder.rmdir()
        print("     no control group can be made here: memory is only measured")

    def enter(self) -> None:
        if self.folder:
            (self.folder / "cgroup.procs").write_text(str(os.getpid()))

    def peak(self) -> str:
        for name in ("memory.peak", "memory.max_usage_in_bytes"):
            if self.folder and (self.folder / name).exists():
                return f"{int((self.folder / name).read_text()) / (1 << 20):.1f} MiB"
        return "unknown"

    def remove(self) -> None:
        for _ in range(50):
            try:
                if self.folder:
                    self.folder.rmdir()
                return
            except OSError:
                time.sleep(0.1)


class Flood:
    """Sockets of one attack. All of them are opened before any is read."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.sockets: list[socket.socket] = []
        self.refused = 0

    def open(self, number: int, content: bytes = b"") -> None:
        for _ in range(number):
            client = socket.socket()
            try:
                client.connect(("127.0.0.1", self.port))
                client.setblocking(False)
                self.sockets.append(client)
                if content:
                    client.send(content)
            except BlockingIOError:
                pass
            except OSError:
                self.refused += 1
                client.close()

    def answers(self) -> dict[str, int]:
        """What has arrived on the sockets so far, by status."""
        counts: dict[str, int] = {}
        for client in self.sockets:
            try:
                text = client.recv(4096)
                key = text[9:12].decode() if text else "closed"
            except BlockingIOError:
                key = "open"
            except OSError:
                key = "reset"
            counts[key] = counts.get(key, 0) + 1
        return counts

    def pour(self, total: int, seconds: float) -> None:
        """Sends `total` bytes on each socket, as far as the server takes them."""
        left = {client.fileno(): (client, total) for client in self.sockets}
        poll = select.poll()
        for number in left:
            poll.register(number, select.POLLOUT)
        piece = b"x" * 65_536
        over = time.monotonic() + seconds
        while left and time.monotonic() < over:
            for number, _ in poll.poll(200):
                client, rest = left[number]
                try:
                    rest -= client.send(piece[:rest])
                except BlockingIOError:
                    continue
                except OSError:
                    rest = 0
                left[number] = (client, rest)
                if rest == 0:
                    poll.unregister(number)
                    del left[number]

    def close(self) -> None:
        for client in self.sockets:
            client.close()


async def honest(server: connections.Server, what: str) -> None:
    began = time.monotonic()
    try:
        reader, writer = await asyncio.wait_for(server.connect(), 10)
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        writer.close()
    except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError) as error:
        head = repr(error).encode()
    took = time.monotonic() - began
    is_served = head.startswith(b"HTTP/1.1 200") and took < 1
    check(f"{what}: an honest client is answered 200 within 1 s", is_served, f"({took:.3f} s)")


async def attack(
    server: connections.Server, group: ControlGroup, what: str, flood: Flood, number: int, launch: Callable[[], None]
) -> None:
    before = server.resident()
    await asyncio.get_running_loop().run_in_executor(None, launch)
    await asyncio.sleep(0.2)
    alive = server.process.poll() is None
    check(f"{what}: the server lives", alive, "" if alive else f"({server.process.returncode})")
    if not alive:
        return
    held = server.resident()
    each = (held - before) * 1024 / number
    print(f"     resident {before:.1f} → {held:.1f} MiB, {each:.1f} KiB each; peak of the group {group.peak()}")
    await honest(server, what)
    print(f"     answers: {flood.answers()}")
    flood.close()
    await asyncio.sleep(1)
    print(f"     afterwards resident {server.resident():.1f} MiB")
    await honest(server, f"{what}, afterwards")


async def main(options: argparse.Namespace) -> None:
    for name in options.scenarios or ["heads", "posts", "bodies", "silent"]:
        for wave in WAVES.get(name, []):
            print(f"--- {wave.title}", flush=True)
            group = ControlGroup(options.memory)
            with connections.Server(options.binary, group.enter) as server:
                await server.ask("/slow")
                flood = Flood(server.port)

                def launch(wave: Wave = wave, flood: Flood = flood) -> None:
                    flood.open(wave.number, wave.content)
                    if wave.poured:
                        flood.pour(wave.poured, 8)

                await attack(server, group, wave.title, flood, wave.number, launch)
            group.remove()
        if name == "silent":
            print("--- 10,000 silent connections", flush=True)
            # The bare server has the default limits: 10,000 connections.
            with connections.Server(options.binary, kind="bare") as server:
                await server.ask("/slow")
                flood = Flood(server.port)
                before = server.resident()
                flood.open(options.silent)
                await asyncio.sleep(0.2)
                held = server.resident()
                each = (held - before) * 1024 / options.silent
                print(f"     resident {before:.1f} → {held:.1f} MiB, {each:.2f} KiB each")
                for _ in range(3):
                    await honest(server, "with them")
                flood.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("binary")
    parser.add_argument("scenarios", nargs="*", choices=["heads", "posts", "bodies", "silent", []])
    parser.add_argument("--memory", type=int, default=64, help="MiB of the control group")
    parser.add_argument("--silent", type=int, default=10_000, help="silent connections")
    connections.launch(main, parser.parse_args())
