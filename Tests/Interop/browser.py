"""A page in headless Chromium as an MCP client: from an allowed origin it logs in and calls a tool, from another it cannot.

    python browser.py path/to/mcp-quickstart path/to/chromium

Prints a line per check. Ends with a status other than 0 at the first check that fails.
"""

import http.server
import json
import os
import pathlib
import queue
import re
import subprocess
import sys
import tempfile
import threading

from quickstart import Quickstart

PAGE = pathlib.Path(__file__).resolve().with_name("page.html").read_bytes()


def check(name: str, condition: bool, detail: object = "") -> None:
    if not condition:
        raise AssertionError(f"{name}: {detail}")
    print(f"ok   {name}", flush=True)


class Site:
    """The site that the page comes from; what the page reports is in `reports`."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.reports: queue.Queue[dict] = queue.Queue()
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                body = site.files.get(path, PAGE)
                self.send_response(200)
                self.send_header("Content-Type", "text/plain" if path in site.files else "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                report = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(204)
                self.end_headers()
                site.reports.put(report)

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> "Site":
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def visited(self, chromium: str, path: str) -> dict:
        """What the page at `path` reports."""
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            # The sandbox needs rights that root in a container lacks; the only pages are ours.
            options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
            options += ["--disable-background-networking", "--disable-component-update", "--no-proxy-server"]
            browser = subprocess.Popen(
                [chromium, *options, f"--user-data-dir={profile}", self.origin + path],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            )
            try:
                return self.reports.get(timeout=60)
            except queue.Empty:
                raise AssertionError(f"{path}: the page reported nothing within 60 s") from None
            finally:
                # The group that this one process leads: its renderers belong to it.
                os.killpg(browser.pid, 9)
                browser.wait()


def main(binary: str, chromium: str) -> None:
    with Site() as friend, Site() as stranger:
        environment = {"OAUTH_ALLOWED_ORIGINS": friend.origin}
        with Quickstart(binary, environment=environment) as server:
            for site in (friend, stranger):
                site.files["/resource"] = server.resource.encode()
            outcome = friend.visited(chromium, "/")
            check("allowed origin: the page ran", "failed" not in outcome, outcome)
            check("allowed origin: 401 can be read", outcome["refused"] == 401, outcome["refused"])
            expected = f'Bearer scope="mcp:use", resource_metadata="{server.metadata}"'
            check("allowed origin: WWW-Authenticate can be read", outcome["challenge"] == expected, outcome["challenge"])
            check("allowed origin: logged in, the tool answers", outcome["called"] == 200, outcome["called"])
            who = outcome["result"]["result"]["structuredContent"]
            check("allowed origin: as whom", who["issuer"] == server.issuer and who["scopes"] == ["mcp:use"], who)
            check("allowed origin: a bad token's 401 can be read", outcome["bad"] == 401 and "invalid_token" in outcome["badChallenge"])

            stranger.files["/token"] = outcome["token"].encode()
            intrusion = stranger.visited(chromium, "/intrude")
            check("foreign origin: cannot call, not even with a good token", intrusion == {"without": "TypeError", "with": "TypeError"}, intrusion)
            friend.files["/token"] = stranger.files["/token"]
            allowed = friend.visited(chromium, "/intrude")
            check("the same page from the allowed origin can", allowed == {"without": "read 401", "with": "read 200"}, allowed)
    print("browser: all checks passed")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        main(sys.argv[1], sys.argv[2])
    except AssertionError as failure:
        # A report of the page may hold a token.
        sys.exit("FAIL " + re.sub(r"eyJ[\w.-]+", "<token>", str(failure)))
