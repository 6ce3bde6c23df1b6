"""Runs mcp-auth, and says what it answered."""

import json
import pathlib
import subprocess
import tempfile

ISSUER = "https://issuer.example"
AUDIENCE = "https://mcp.example/mcp"
EVERY_ALGORITHM = "RS256,RS384,RS512,PS256,PS384,PS512,ES256,ES384,ES512,EdDSA"


def check(name: str, condition: bool, detail: object = "") -> None:
    if not condition:
        raise AssertionError(f"{name}: {detail}")


class AuthTool:
    def __init__(self, binary: str, folder: str) -> None:
        self.binary = binary
        self.folder = pathlib.Path(folder)
        self.checks = 0

    def run(self, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess:
        return subprocess.run([self.binary, *arguments], input=stdin, capture_output=True, timeout=60, check=False)

    def file(self, content: object) -> str:
        """A file with keys: bytes as they are, a list of JWKs as a set, anything else as JSON."""
        if isinstance(content, list):
            content = {"keys": content}
        with tempfile.NamedTemporaryFile(dir=self.folder, delete=False) as file:
            file.write(content if isinstance(content, bytes) else json.dumps(content).encode())
        return file.name

    def verify(self, token: str, keys: object, *arguments: str, issuer=ISSUER, audience=AUDIENCE, alg=EVERY_ALGORITHM):
        """Exit code and answer. `keys` is a URL, or the content of a file."""
        where = keys if isinstance(keys, str) else self.file(keys)
        options = ["--jwks", where, "--issuer", issuer, "--audience", audience, "--alg", alg, *arguments]
        done = self.run("token", "verify", *options, stdin=token.encode() + b"\n")
        check("nothing on stderr", done.stderr == b"", done.stderr)
        check("one line", done.stdout.count(b"\n") == 1, done.stdout)
        for part in filter(None, token.split(".")):
            check("no part of the token is repeated", len(part) < 20 or part.encode() not in done.stdout, done.stdout)
        return done.returncode, json.loads(done.stdout)

    def accepts(self, name: str, token: str, keys: object, *arguments: str, **options) -> dict:
        code, answer = self.verify(token, keys, *arguments, **options)
        check(name, code == 0 and answer["valid"] is True, (code, answer))
        self.checks += 1
        return answer

    def refuses(self, name: str, reason: str, token: str, keys: object, *arguments: str, key_reason=None, **options) -> None:
        code, answer = self.verify(token, keys, *arguments, **options)
        check(name, code == 1 and answer["valid"] is False, (code, answer))
        check(name, answer["code"] == reason, (reason, answer))
        check(name, bool(answer["explanation"]) and "claims" not in answer, answer)
        if key_reason:
            reasons = [key["reason"] for key in answer.get("unusable_keys", [])]
            check(name, reasons == [key_reason], answer)
        self.checks += 1

    def inspects(self, name: str, token: str) -> None:
        done = self.run("token", "inspect", stdin=token.encode())
        text = done.stdout.decode()
        check(name, done.returncode == 0 and done.stderr == b"", done)
        check(name, text.startswith("NOT VERIFIED") and '"iss": ' in text and '"alg": ' in text, text)
        check(f"{name}: no signature", token.rsplit(".", 1)[1] not in text, text)
        self.checks += 1

    def shows_keys(self, name: str, keys: object, status: int) -> list[list[str]]:
        """The rows of `jwks inspect`, cell by cell."""
        done = self.run("jwks", "inspect", self.file(keys))
        check(name, done.returncode == status and done.stderr == b"", done)
        rows = done.stdout.decode().split("\n\n")[0].splitlines()[1:]
        self.checks += 1
        return [[cell.strip() for cell in row.split("  ") if cell.strip()] for row in rows]
