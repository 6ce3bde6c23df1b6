"""Starts mcp-quickstart, reads what it says, and stops it again."""

import contextlib
import os
import re
import selectors
import signal
import subprocess

READY = re.compile(r"ready resource=(\S+) issuer=(\S+)\n")


class Quickstart:
    """A running mcp-quickstart: `resource` and `issuer` as its ready line names them."""

    def __init__(
        self, binary: str, *arguments: str, embedded: bool = True, port: int = 0,
        environment: dict[str, str] | None = None,
    ) -> None:
        ports = ["--port", str(port)] + (["--issuer-port", "0"] if embedded else [])
        self.process = subprocess.Popen(
            [binary, *ports, *arguments], stdout=subprocess.PIPE, text=True, env=os.environ | (environment or {})
        )
        try:
            line = self._first_line(20)
            match = READY.fullmatch(line)
            if match is None:
                raise AssertionError(f"the first line is not the ready line: {line!r}")
            self.resource, self.issuer = match.groups()
            self.origin = self.resource.removesuffix("/mcp")
            self.metadata = f"{self.origin}/.well-known/oauth-protected-resource/mcp"
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    def _first_line(self, seconds: float) -> str:
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            if not selector.select(seconds):
                raise AssertionError(f"no ready line within {seconds} s")
        return self.process.stdout.readline()

    def address(self) -> str:
        """Where it really listens, which is in the first command that it prints; call it once."""
        for line in self.process.stdout:
            if line.startswith("  curl "):
                return line.split()[-1].removesuffix("/mcp")
        raise AssertionError("no command was printed")

    def __enter__(self) -> "Quickstart":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(signal.SIGTERM)

    def stop(self, how: signal.Signals) -> int:
        """Stops it and gives its exit code; kills it when it does not obey within 15 s."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        # Nobody reads the rest of its output; an unread pipe of this size never fills.
        try:
            code = self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        with contextlib.suppress(OSError):
            self.process.stdout.close()
        return code


def run_to_the_end(binary: str, *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of an mcp-quickstart that is expected to end by itself."""
    done = subprocess.run([binary, *arguments], capture_output=True, text=True, timeout=20, check=False)
    return done.returncode, done.stdout, done.stderr
