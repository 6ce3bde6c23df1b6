"""Runs the parts of the interop step side by side. Needs only the standard library: it makes the environments.

    python3 parts.py path/to/mcp-quickstart [PART ...]

Each part prints in one block when it ends. The status is 0 if all of them passed.
"""

import concurrent.futures
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field

HERE = pathlib.Path(__file__).resolve().parent
VENV = HERE.parent.parent / ".ci" / "venv"
# Most parts wait for most of their time. More of them at once would slow each other down on a machine with two cores.
AT_ONCE = 4
# Seconds after which a part is stopped. The longest one waits for a token to be over beyond the clock skew.
LIMIT = 240


@dataclass
class Part:
    """A program in this folder: `environment` is the name of its requirements, None for a program without Python."""

    name: str
    environment: str | None
    program: str
    arguments: list[str]
    process: subprocess.Popen | None = field(default=None, repr=False)


class Environments:
    """Makes each virtual environment once, two at a time."""

    def __init__(self) -> None:
        self._makers = concurrent.futures.ThreadPoolExecutor(2)
        self._made: dict[str, concurrent.futures.Future[str]] = {}

    def prepare(self, name: str) -> None:
        if name not in self._made:
            self._made[name] = self._makers.submit(self._make, name)

    def python(self, name: str) -> str:
        """Waits until it is there."""
        return self._made[name].result()

    def _make(self, name: str) -> str:
        file = HERE / "requirements.txt" if name == "main" else HERE / "requirements" / f"{name}.txt"
        folder = "interop-venv" if name == "main" else f"interop-venv-{name}"
        began = time.monotonic()
        done = subprocess.run([str(VENV), folder, str(file)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"no environment {name}:\n{done.stderr}")
        say(f"--- environment {name} ({time.monotonic() - began:.0f} s)\n")
        return done.stdout.strip() + "/bin/python"

    def stop(self) -> None:
        self._makers.shutdown(wait=False, cancel_futures=True)


printing = threading.Lock()


def say(text: str) -> None:
    with printing:
        sys.stdout.write(text)
        sys.stdout.flush()


def parts(quickstart: str) -> list[Part]:
    """The longest first."""
    folder = pathlib.Path(quickstart).parent
    benchmarks, auth = str(folder / "benchmarks"), str(folder / "mcp-auth")
    store = program("valkey-server") or program("redis-server") or "redis-server"
    all_parts = [
        Part("mcp 2", "main", "interop.py", [quickstart]),
        Part("instances", "main", "instances.py", [quickstart, program("nginx") or "nginx", store]),
        Part("discovery", "main", "discovery.py", [quickstart]),
        Part("jose", "main", "jose.py", [auth, quickstart]),
        Part("introspection", "main", "introspection.py", [quickstart]),
        Part("django-oauth-toolkit", "main", "django_introspection.py", [quickstart, "{django-oauth-toolkit}"]),
        Part("http", "main", "http_differential.py", [benchmarks]),
        Part("authlib", "main", "authlib_logins.py", [quickstart]),
        Part("nginx", "main", "behind_nginx.py", [quickstart, program("nginx") or "nginx"]),
        Part("client certificates", "main", "client_certificates.py", [quickstart, program("nginx") or "nginx"]),
        Part("client documents", "main", "client_documents.py", [quickstart]),
        Part("doctor", "main", "doctor.py", [auth, quickstart, "{django-oauth-toolkit}"]),
        Part("step up", "main", "stepup.py", [quickstart]),
        Part("dpop", "main", "dpop.py", [quickstart]),
        Part("dpop library", "requests-oauth2client", "dpop_library.py", [quickstart]),
        Part("mcp-use", "mcp-use", "mcp_use_client.py", [quickstart]),
        Part("smolagents", "smolagents", "smolagents_reader.py", [quickstart]),
        Part("mcp 1.30.0", "mcp-1.30.0", "mcp1_client.py", [quickstart, "2025-11-25"]),
        Part("mcp 1.12.4", "mcp-1.12.4", "mcp1_client.py", [quickstart, "2025-06-18"]),
        Part("mcp 1.9.4", "mcp-1.9.4", "mcp1_client.py", [quickstart, "2025-03-26"]),
        Part("pasted commands", None, "pasted-commands", [quickstart]),
    ]
    prometheus, promtool = shutil.which("prometheus"), shutil.which("promtool")
    if prometheus and promtool:
        all_parts.append(Part("prometheus", "main", "prometheus.py", [quickstart, prometheus, promtool]))
    if chromium := shutil.which("chromium"):
        all_parts.insert(3, Part("browser", "main", "browser.py", [quickstart, chromium]))
        if driver := shutil.which("chromedriver"):
            all_parts.insert(4, Part("consent", "main", "consent.py", [quickstart, chromium, driver]))
    return all_parts


def program(name: str) -> str | None:
    """Programs for administrators are not on every path."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


def command(part: Part, environments: Environments) -> list[str]:
    arguments = [
        environments.python(argument[1:-1]) if argument.startswith("{") else argument for argument in part.arguments
    ]
    interpreter = [] if part.environment is None else [environments.python(part.environment)]
    return [*interpreter, str(HERE / part.program), *arguments]


def run(part: Part, environments: Environments) -> bool:
    """Whether it passed."""
    try:
        words = command(part, environments)
    except RuntimeError as error:
        say(f"--- {part.name}: FAILED\n{error}\n")
        return False
    with tempfile.TemporaryFile("w+", errors="replace") as out, tempfile.TemporaryFile("w+", errors="replace") as err:
        began = time.monotonic()
        part.process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True
        )
        try:
            status = part.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            status = f"stopped after {LIMIT} s"
            end(part)
        seconds = time.monotonic() - began
        out.seek(0)
        text = f"--- {part.name} ({seconds:.1f} s){'' if status == 0 else ': FAILED, ' + str(status)}\n{out.read()}"
        # The events of the servers explain a failure, and say nothing otherwise.
        if status != 0:
            err.seek(0)
            text += err.read()
    say(text + "\n")
    return status == 0


def end(part: Part) -> None:
    """Ends the group that this part leads: what it started belongs to it."""
    if part.process is None or part.process.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(part.process.pid, signal.SIGTERM)
        try:
            part.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(part.process.pid, signal.SIGKILL)
            part.process.wait()


def main(quickstart: str, names: list[str]) -> int:
    chosen = [part for part in parts(quickstart) if not names or part.name in names]
    if unknown := set(names) - {part.name for part in chosen}:
        sys.exit(f"no such part: {', '.join(sorted(unknown))}")
    environments = Environments()
    for part in chosen:
        for name in [part.environment, *(word[1:-1] for word in part.arguments if word.startswith("{"))]:
            if name is not None:
                environments.prepare(name)
    runners = concurrent.futures.ThreadPoolExecutor(AT_ONCE)
    try:
        passed = dict(zip((part.name for part in chosen), runners.map(lambda part: run(part, environments), chosen)))
    finally:
        runners.shutdown(wait=False, cancel_futures=True)
        environments.stop()
        for part in chosen:
            end(part)
    if not names and "browser" not in passed:
        say("     browser: left out, Chromium is not installed\n")
    if not names and "prometheus" not in passed:
        say("     prometheus: left out, prometheus or promtool is not installed\n")
    if not names and "consent" not in passed:
        say("     consent: left out, Chromium or chromedriver is not installed\n")
    failed = [name for name, is_good in passed.items() if not is_good]
    say(f"interop: {len(passed) - len(failed)} of {len(passed)} parts passed\n")
    if failed:
        print(f"Tests/Interop/run: failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main(sys.argv[1], sys.argv[2:]))
