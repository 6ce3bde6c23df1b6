"""SocketHTTP against h11: generated requests, well and badly made. What h11 refuses, SocketHTTP must not accept; what both
accept, both must read alike.

    python http_differential.py path/to/benchmarks [number of inputs] [seed]

Prints a table of what SocketHTTP refuses and h11 takes, which is allowed. Ends with a status other than 0 when SocketHTTP
is the laxer one, with the input that shows it.
"""

import base64
import collections
import json
import random
import re
import signal
import socket
import subprocess
import sys

import h11

# What SocketHTTP takes although h11 refuses it: h11's complaint, a pattern of such an input, the reason. A difference that is
# not here fails.
KNOWN = [
    ("the end of an HTTP/1.0 request", rb"HTTP/1\.0", "h11 keeps no HTTP/1.0 connection; RFC 9112 §9.3 lets a client ask for it"),
    ("no request line received", rb"(^|\r\n)\r\n", "RFC 9112 §2.2: a server should ignore an empty line before the request line"),
    ("bad Content-Length", rb"\n0[^\r\n]*\r\n([^\r\n]+\r\n)*Content-Length:", "RFC 9110 §6.5.1: a trailer frames nothing; all are dropped unread"),
]

# Why SocketHTTP refuses what h11 takes, by the odd part of the request.
STRICTER = {
    "both lengths": "RFC 9112 §6.1: both lengths may be an attempt to smuggle; refused instead of repaired",
    "length": "one field of digits: no list, no second field, although RFC 9112 §6.3 lets equal ones pass",
    "coding": "chunked once and last; nothing else is decoded here",
    "chunk size": "RFC 9112 §7.1: no white space around the size, 16 digits at most, extensions after the grammar",
    "chunk end": "what h11 leaves unread behind the last request",
    "last chunk": "as chunk size",
    "trailer": "field lines, as in the head",
    "line end": "RFC 9112 §2.2: CRLF only; a bare LF is where two readers may differ",
    "field": "no control bytes in a value; 417 for an unknown expectation",
    "host": "RFC 9112 §3.2: one valid host and port",
    "method": "a token",
    "target": "RFC 3986 characters only; an absolute form must agree with Host",
    "version": "HTTP/1.0 and HTTP/1.1 are what is spoken",
    "any byte": "one of the above by chance",
}

# Limits of h11 that are smaller than ours would be differences of size, not of reading.
H11_INCOMPLETE_EVENT = 64 * 1024


class Server:
    """`benchmarks serve laboratory`, which says what it read."""

    def __init__(self, binary: str) -> None:
        self.process = subprocess.Popen([binary, "serve", "laboratory", "1"], stdout=subprocess.PIPE, text=True)
        match = re.match(r"listening port=(\d+)", self.process.stdout.readline())
        if match is None:
            raise AssertionError("the server did not start")
        self.port = int(match[1])

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)

    @staticmethod
    def _more(connection: socket.socket) -> bytes:
        """What comes next. A server that waits for more is told that there is none."""
        try:
            return connection.recv(65536)
        except TimeoutError:
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(20)
            return connection.recv(65536)

    def answers(self, data: bytes) -> list[tuple[int, bytes]]:
        """Status and content of each final answer, until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            received = b""
            try:
                connection.sendall(data)
                connection.settimeout(0.1)
                while piece := self._more(connection):
                    received += piece
            except OSError:
                pass  # refused early; what was answered is there all the same
        answers = []
        while received:
            head, _, received = received.partition(b"\r\n\r\n")
            status = int(head[9:12])
            length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
            # The answer to a HEAD has the length and no content.
            size = 0 if status < 200 or received.startswith(b"HTTP/1.1 ") else int(length[1]) if length else 0
            if status >= 200:
                answers.append((status, received[:size]))
            received = received[size:]
        return answers


def read_by_h11(data: bytes) -> tuple[list[tuple[str, str, bytes]], str | None]:
    """The complete requests, and why it stopped when something is wrong."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=H11_INCOMPLETE_EVENT)
    requests, request, content = [], None, b""
    try:
        connection.receive_data(data)
        connection.receive_data(b"")
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Request):
                request, content = event, b""
            elif isinstance(event, h11.Data):
                content += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                requests.append((request.method.decode(), request.target.decode("latin-1"), content))
                connection.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
                connection.send(h11.EndOfMessage())
                if connection.our_state is not h11.DONE:
                    return requests, "the end of an HTTP/1.0 request" if request.http_version == b"1.0" else "closed"
                connection.start_next_cycle()
            elif isinstance(event, h11.ConnectionClosed) or event in (h11.NEED_DATA, h11.PAUSED):
                return requests, None
    except h11.RemoteProtocolError as error:
        return requests, str(error)


class Generator:
    """Requests with a few oddities; `oddities` names those of the last input."""

    ODD = {
        "method": (b"get", b"G@T", b"", b"G\x00T", b"GET ", b"\xc9T"),
        "target": (b"/e#f", b"/e f", b"/\xe9", b"a", b"/%zz", b"/\\", b"http://u@a/", b"/{x}", b"", b"/a\tb", b"//a", b"*", b"a:80", b"http:/echo", b"http://a/echo"),
        "version": (b"HTTP/1.2", b"HTTP/2.0", b"http/1.1", b"HTTP/1.1 ", b"HTTP/11", b"HTTP/1.01", b"", b"HTTP/+1.1", b"HTTP/0.9"),
        "host": (b"Host:", b"Host: a b", b"Host: a\r\nHost: a", b"X: y", b"Host: a, b", b"Host: u@a", b"Host: a/b", b"Host: a:b", b"Host: [::1", b"Host: \xe9"),
        "length": (b"+5", b"-0", b"5, 5", b"5,6", b"0x5", b"", b" 5 ", b"5 5", b"05", b"9" * 20, b"5\r\nContent-Length: 5", b"5\r\nContent-Length: 6", b"\xb2", b"1e1", b"5;"),
        "coding": (b"gzip", b"chunked, chunked", b"gzip, chunked", b"chunked, gzip", b"identity", b"chunked;a=b", b"xchunked", b"\x0bchunked", b"chunked\r\nTransfer-Encoding: chunked", b"", b"chunked,", b",chunked", b'"chunked"'),
        "field": (b"X : y", b"X: \x00", b"X: a\x0bb", b"X: \xff", b" X: y", b"X: y\r\n folded", b"X;: y", b": y", b"X", b"\xe9: y", b"X: a\nY: b", b"X: a\rb", b"(X): y", b"X\t: y", b"X: \x7f", b"\tX: y", b"Connection: upgrade", b"Upgrade: h2c", b"Expect: 200-ok"),
        "line end": (b"\n", b"\r", b"\r\r\n", b"\n\r"),
        "chunk size": (b"%x ", b" %x", b"+%x", b"0x%x", b"%x\t", b"0000000000000000%x", b"%x;", b"-%x", b"%x;a =b", b"%x;a=\x00", b"%xg", b"%x;a=b\rc"),
        "chunk end": (b"\n", b"", b"xx", b"\r", b"\r\r\n"),
        "last chunk": (b"-0", b"", b"00000000000000000000", b"0 ", b"0;a\x01", b"0x0"),
        "trailer": (b"T : v\r\n", b" T: v\r\n", b"T\x00: v\r\n", b"T: v\n", b"T\r\n", b"T: \x00\r\n"),
        "both lengths": (b"",),
    }

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.oddities: set[str] = set()

    def input(self) -> bytes:
        number = self.random.choice((0, 1, 1, 1, 2))
        self.oddities = set(self.random.sample(sorted(self.ODD), number))
        data = self.request()
        if self.random.random() < 0.25:
            data = data + self.request() if self.random.random() < 0.5 else self.plain() + data
        if self.random.random() < 0.2:
            self.oddities.add("any byte")
            data = self.spoiled(data)
        # The last one asks for the end, so that a server that read everything closes by itself.
        return data + b"GET /end HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

    def pick(self, name: str, *good: bytes) -> bytes:
        return self.random.choice(self.ODD[name] if name in self.oddities else good)

    def plain(self) -> bytes:
        oddities, self.oddities = self.oddities, set()
        data = self.request()
        self.oddities = oddities
        return data

    def request(self) -> bytes:
        choose = self.random.choice
        content = bytes(self.random.randrange(256) for _ in range(choose((0, 0, 1, 5, 40))))
        framing = choose(("none", "length", "length", "chunked", "chunked"))
        if "length" in self.oddities:
            framing = "length"
        if self.oddities & {"coding", "chunk size", "chunk end", "last chunk", "trailer", "both lengths"}:
            framing = "chunked"
        methods = (b"GET", b"DELETE", b"HEAD", b"OPTIONS") if framing == "none" else (b"POST", b"PUT", b"PATCH", b"M-SEARCH")
        line = self.pick("method", *methods) + b" "
        line += self.pick("target", b"/echo", b"/echo?a=b", b"/echo?%20&c", b"/e;x/..//%2f") + b" "
        line += self.pick("version", *(b"HTTP/1.1",) * 6, b"HTTP/1.0" if framing != "chunked" else b"HTTP/1.1")
        fields = [self.pick("host", b"Host: a", b"host: a:1", b"Host: [::1]", b"HOST:\t a.b \t")]
        if framing == "length":
            fields.append(b"Content-Length: " + self.pick("length", b"%d" % len(content)))
        if framing == "chunked":
            fields.append(b"Transfer-Encoding: " + self.pick("coding", b"chunked", b"Chunked", b"chunked "))
            if "both lengths" in self.oddities:
                fields.append(b"Content-Length: %d" % len(content))
            content = self.chunked(content)
        elif framing == "none":
            content = b""
        for _ in range(choose((0, 1, 3)) + ("field" in self.oddities)):
            fields.append(self.pick("field", b"X: y", b"X:\ty", b"Connection: close", b"X: " + b"z" * 300, b"X:", b"X: \"a, b\"", b"Connection: keep-alive, x"))
        self.random.shuffle(fields)
        end = self.pick("line end", b"\r\n")
        lines = [line, *fields]
        odd = self.random.randrange(len(lines))
        return b"".join(line + (end if index == odd else b"\r\n") for index, line in enumerate(lines)) + b"\r\n" + content

    def chunked(self, content: bytes) -> bytes:
        cut = self.random.randint(0, len(content))
        coded = b""
        for piece in (content[:cut], content[cut:]):
            if piece:
                coded += self.pick("chunk size", b"%x", b"%X", b"0%x", b"%x;a=b", b'%x;a="b;c"') % len(piece) + b"\r\n"
                coded += piece + self.pick("chunk end", b"\r\n")
        coded += self.pick("last chunk", b"0", b"00", b"0;a") + b"\r\n"
        return coded + self.pick("trailer", b"", b"", b"T: v\r\n", b"Content-Length: 5\r\n") + b"\r\n"

    def spoiled(self, data: bytes) -> bytes:
        at = self.random.randrange(len(data))
        byte = bytes([self.random.choice((0, 9, 10, 11, 13, 32, 34, 44, 48, 58, 59, 127, 128, 255, self.random.randrange(256)))])
        match self.random.randrange(5):
            case 0:
                return data[:at] + byte + data[at + 1 :]
            case 1:
                return data[:at] + byte + data[at:]
            case 2:
                return data[:at] + data[at + 1 :]
            case 3:
                return data[:at]
            case _:
                lines = data.split(b"\r\n")
                lines.insert(self.random.randrange(len(lines) + 1), self.random.choice(lines))
                return b"\r\n".join(lines)


def main(binary: str, number: int, seed: int) -> None:
    generator, stricter = Generator(seed), collections.Counter()
    accepted = alike = known = 0
    with Server(binary) as server:
        for index in range(number):
            data = generator.input()
            theirs, complaint = read_by_h11(data)
            ours = server.answers(data)
            good = [json.loads(body) for status, body in ours if status == 200 and body.startswith(b"{")]
            taken = [status for status, _ in ours if status < 400 or status in (404, 405)]
            accepted += len(taken)
            if len(taken) > len(theirs):
                reason = complaint or "incomplete"
                known += len(taken) - len(theirs)
                if not any(reason == complaint and re.search(pattern, data) for complaint, pattern, _ in KNOWN):
                    raise AssertionError(f"input {index} of seed {seed}: SocketHTTP took {len(taken)} requests, h11 {len(theirs)} ({reason}):\n{data!r}")
            for echo, (method, target, content) in zip(good, theirs):
                # A HEAD and the root say nothing of what was read.
                if len(good) != len(taken):
                    break
                read = (echo["method"], echo["target"], base64.urlsafe_b64decode(echo["content"] + "=="))
                if read != (method, target, content):
                    raise AssertionError(f"input {index} of seed {seed}: read differently: {read!r} and {(method, target, content)!r}:\n{data!r}")
                alike += 1
            if len(theirs) > len(taken):
                status = next((status for status, _ in ours if status >= 400), 0)
                stricter[(", ".join(sorted(generator.oddities)) or "nothing", status)] += 1
    print(f"ok   {number} inputs (seed {seed}): SocketHTTP took {accepted} requests, h11 all of them but {known} with a known reason; {alike} read alike to the byte")
    for (oddities, status), count in sorted(stricter.items()):
        if "," not in oddities:
            reason = STRICTER.get(oddities)
            if reason is None:
                raise AssertionError(f"SocketHTTP refuses with {status} what is not odd at all, {count} times")
            print(f"     h11 took, SocketHTTP answered {status or 'nothing'}: {count:3} (odd {oddities}: {reason})")


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 4:
        sys.exit(__doc__)
    try:
        main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3000, int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    except AssertionError as failure:
        sys.exit(f"FAIL {failure}")
