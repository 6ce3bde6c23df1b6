"""mcp-auth as a client: doctor and login before mcp-quickstart, the Python SDK's own server, and Authlib and
django-oauth-toolkit as issuers.

    python doctor.py path/to/mcp-auth path/to/mcp-quickstart path/to/python

The other Python has django-oauth-toolkit. Prints a line per check.
"""

import json
import os
import pathlib
import re
import stat
import subprocess
import tempfile
import threading
import urllib.request
from urllib.parse import parse_qs, urlencode, urlsplit

from authlib_server import RFC_8414, FullServer
from checking import check, conclude
from django_introspection import environment, toolkit
from login import Browser
from quickstart import Quickstart
from sdk_server import SDKServer

LOOPBACK = {"OAUTH_ALLOW_INSECURE_HTTP": "loopback"}
URL = re.compile(r"http://\S+[?&]response_type=code\S*")


def examined(auth: str, url: str, *arguments: str, stdin: str = "") -> tuple[int, dict[str, dict]]:
    """Exit status, and the findings by code; a ✗ wins over a ✓ of the same code."""
    done = subprocess.run(
        [auth, "doctor", url, "--json", *arguments], input=stdin, capture_output=True, text=True, timeout=60, check=False
    )
    check("doctor: nothing on stderr", done.stderr == "", done.stderr)
    order = {"good": 0, "note": 1, "warning": 2, "fault": 3}
    findings: dict[str, dict] = {}
    for finding in json.loads(done.stdout)["checks"]:
        known = findings.get(finding["code"])
        if known is None or order[known["mark"]] < order[finding["mark"]]:
            findings[finding["code"]] = finding
    return done.returncode, findings


def marked(findings: dict[str, dict], mark: str) -> list[str]:
    return sorted(code for code, finding in findings.items() if finding["mark"] == mark)


def logged_in(auth: str, url: str, *arguments: str, browser: Browser | None = None) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of a login whose browser is this program."""
    process = subprocess.Popen(
        [auth, "login", url, "--no-browser", "--timeout", "30", *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    # A login that hangs is ended, and fails below.
    timer = threading.Timer(60, process.kill)
    timer.start()
    steps = []
    try:
        for line in process.stderr:
            steps.append(line)
            if found := URL.search(line):
                visit(found.group(), browser or Browser())
        return process.wait(), process.stdout.read(), "".join(steps)
    finally:
        timer.cancel()
        process.kill()
        process.wait()


def visit(url: str, browser: Browser) -> None:
    """Logs in, and comes back to the port on which mcp-auth waits."""
    callback = parse_qs(urlsplit(url).query)["redirect_uri"][0]
    answer = browser.authorize(url, callback)
    with urllib.request.urlopen(f"{callback}?{urlencode(answer)}", timeout=20) as page:
        check("the page says that the answer has arrived", b"has arrived" in page.read())


def quickstart(auth: str, binary: str) -> None:
    with Quickstart(binary) as server:
        status, findings = examined(auth, server.resource)
        others = [finding for finding in findings.values() if finding["mark"] != "good"]
        check("quickstart: every check is ✓", status == 0 and others == [], others)
        check("quickstart: many checks", len(findings) > 40, len(findings))
        text = subprocess.run([auth, "doctor", server.resource], capture_output=True, text=True, timeout=60, check=True)
        check("quickstart: the summary", "A client can log in here." in text.stdout, text.stdout)

        status, token, steps = logged_in(auth, server.resource, "--refresh")
        check("quickstart: login and refresh", status == 0 and token.count(".") == 2, steps)
        check("quickstart: no step shows the token", token.strip() not in steps)
        status, findings = examined(auth, server.resource, "--token-stdin", stdin=f"Bearer {token}")
        check("quickstart: the token is good", status == 0 and findings["token_accepted"]["mark"] == "good", findings)

        status, _, steps = logged_in(auth, server.resource, "--call", "add_note", "--arguments", '{"text":"x"}')
        check("quickstart: step-up", status == 0 and steps.count("log in at") == 2 and "notes:write" in steps, steps)

        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "token"
            status, out, _ = logged_in(auth, server.resource, "--output", str(file))
            mode = stat.S_IMODE(file.stat().st_mode)
            check("quickstart: the file of the token is its owner's", (status, out, mode) == (0, "", 0o600), oct(mode))
            environment = {name: value for name, value in os.environ.items() if not name.startswith("OAUTH_")}
            environment |= LOOPBACK | {"OAUTH_RESOURCE": server.resource, "OAUTH_ISSUERS": server.issuer}
            verify = [auth, "token", "verify", "--token-file", str(file), "--required-scope"]
            for scope, expected in [("mcp:use", 0), ("notes:write", 1)]:
                done = subprocess.run([*verify, scope], env=environment, capture_output=True, text=True, timeout=60)
                check(f"quickstart: token verify as the server, {scope}", done.returncode == expected, done)


def sdk(auth: str) -> None:
    with SDKServer() as server:
        status, findings = examined(auth, server.resource)
        check("SDK: a client can log in", marked(findings, "fault") == [] and status == 0, findings)
        warnings = marked(findings, "warning")
        wrong = ["as_iss_parameter", "challenge_scope", "foreign_origin", "no_error_without_token", "preflight"]
        check(f"SDK: doctor says what is wrong: {', '.join(wrong)}", warnings == wrong, findings)
        status, token, steps = logged_in(auth, server.resource, "--refresh", "--call", "hello")
        check("SDK: login, refresh and a call", status == 0 and token.strip() != "", steps)


def authlib(auth: str, binary: str) -> None:
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    with FullServer("RS256", RFC_8414, "", "keys and tokens") as issuer:
        with Quickstart(binary, "--issuer", issuer.issuer, embedded=False, environment=LOOPBACK) as server:
            status, findings = examined(auth, server.resource)
            check("Authlib: a client can log in", marked(findings, "fault") == [] and status == 0, findings)
            status, token, steps = logged_in(auth, server.resource, "--refresh")
            check("Authlib: login and refresh", status == 0 and token.count(".") == 2, steps)


def django(auth: str, binary: str, python: str) -> None:
    """Opaque tokens, a client that is registered already, and a login with a password."""
    with toolkit(python) as running:
        with Quickstart(binary, embedded=False, environment=environment(running)) as server:
            status, findings = examined(auth, server.resource)
            check("django-oauth-toolkit: a client can log in", marked(findings, "fault") == [] and status == 0, findings)
            status, token, steps = logged_in(
                auth, server.resource, "--client-id", running["client"], "--refresh", "--call", "add_note",
                "--arguments", '{"text":"x"}', browser=Browser("alice", running["users"]["alice"]),
            )
            check("django-oauth-toolkit: login, refresh and step-up", status == 0 and "notes:write" in steps, steps)
            check("django-oauth-toolkit: the token is opaque", token.strip() != "" and "." not in token)


def main(auth: str, binary: str, python: str) -> None:
    quickstart(auth, binary)
    sdk(auth)
    authlib(auth, binary)
    django(auth, binary, python)
    print("doctor and login: all checks passed")


if __name__ == "__main__":
    conclude(main, 3, __doc__)
