"""The consent page of mcp-quickstart in headless Chromium: what a person sees, clicks and types, and what others cannot.

    python consent.py path/to/mcp-quickstart path/to/chromium path/to/chromedriver [FOLDER]

Prints a line per check. With a folder, keeps pictures of the pages there.
"""

import base64
import http.server
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from checking import check, conclude
from client_documents import DocumentSite
from issuer import Authority
from quickstart import Quickstart

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Chromium:
    """A browser, driven by WebDriver (W3C) with the standard library alone."""

    def __init__(self, chromium: str, driver: str, profile: str) -> None:
        self._driver = subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in self._driver.stdout:
            if found := re.search(r"started successfully on port (\d+)", line):
                self._base = f"http://127.0.0.1:{found[1]}"
                break
        else:
            raise AssertionError("chromedriver did not start")
        # The sandbox needs rights that root in a container lacks; the only pages are ours.
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
        flags += ["--disable-background-networking", "--no-proxy-server", f"--user-data-dir={profile}", "--window-size=900,900"]
        options = {"binary": chromium, "args": flags}
        answer = self._call("POST", "/session", {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}})
        self._session = f"/session/{answer['sessionId']}"

    def _call(self, method: str, path: str, body: dict | None = None) -> object:
        data = json.dumps(body).encode() if method == "POST" else None
        request = urllib.request.Request(self._base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"webdriver: {json.load(error)['value']['message'][:200]}") from None

    def do(self, command: str, **body: object) -> object:
        return self._call("POST", f"{self._session}/{command}", body)

    def look(self, what: str) -> object:
        return self._call("GET", f"{self._session}/{what}")

    def run(self, script: str, *arguments: object) -> object:
        return self.do("execute/sync", script=script, args=list(arguments))

    def open(self, url: str) -> None:
        self.do("url", url=url)

    def click(self, selector: str) -> None:
        element = self.do("element", using="css selector", value=selector)[ELEMENT]
        self.do(f"element/{element}/click")

    def type(self, keys: str) -> None:
        actions = [part for key in keys for part in ({"type": "keyDown", "value": key}, {"type": "keyUp", "value": key})]
        self.do("actions", actions=[{"type": "key", "id": "keyboard", "actions": actions}])

    def wait(self, what: str, condition) -> object:
        for _ in range(200):
            if found := condition():
                return found
            time.sleep(0.05)
        raise AssertionError(f"{what}: not within 10 s; the page is {self.look('url').partition('?')[0]}")

    def scheme(self, name: str) -> None:
        features = [{"name": "prefers-color-scheme", "value": name}]
        self.do("goog/cdp/execute", cmd="Emulation.setEmulatedMedia", params={"features": features})

    def picture(self) -> bytes:
        return base64.b64decode(self.look("screenshot"))

    def close(self) -> None:
        try:
            self._call("DELETE", self._session)
        finally:
            self._driver.terminate()
            self._driver.wait()


class Pages:
    """Pages by path, and what came to each path."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.seen: list[str] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.seen.append(self.path)
                body = outer.pages.get(self.path.partition("?")[0], "<title>callback</title>").encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def question(server: Quickstart, client: str, redirect: str, scope: str = "mcp:use notes:read") -> str:
    parameters = {
        "response_type": "code", "client_id": client, "redirect_uri": redirect, "state": "s1", "scope": scope,
        "code_challenge": CHALLENGE, "code_challenge_method": "S256", "resource": server.resource,
    }
    return f"{server.issuer}/authorize?{urlencode(parameters)}"


def answered(browser: Chromium, app: Pages) -> dict[str, list[str]]:
    """What the client's callback received."""
    browser.wait("the callback", lambda: browser.look("url").startswith(app.origin + "/cb?"))
    return parse_qs(urlsplit(browser.look("url")).query)


def asks_and_answers(browser: Chromium, server: Quickstart, app: Pages, client: str, keep) -> None:
    redirect = app.origin + "/cb"
    for scheme in ("light", "dark"):
        browser.scheme(scheme)
        browser.open(question(server, client, redirect))
        keep(f"consent-{scheme}")
        colour = browser.run("return getComputedStyle(document.querySelector('main')).backgroundColor")
        check(f"{scheme}: the page follows the scheme", (colour == "rgb(255, 255, 255)") == (scheme == "light"), colour)
    text = browser.run("return document.body.innerText")
    for words in ("Interop & Co <b>", "localhost:", "unverified", "runs on your own computer", "Read your notes."):
        check(f"the page shows {words!r}", words in text, text)
    check("no script runs in the page's markup", browser.run("return document.scripts.length") == 0)
    browser.click("button[value=allow]")
    allowed = answered(browser, app)
    check("allow: a code, the state and the issuer", {"code", "state", "iss"} <= set(allowed) and allowed["iss"] == [server.issuer], sorted(allowed))
    browser.open(question(server, client, redirect))
    browser.click("button[value=deny]")
    check("deny: access_denied", answered(browser, app)["error"] == ["access_denied"])

    # Tab leads to Deny, then to Allow; Enter presses.
    for keys, expected in (("\ue004\ue007", "error"), ("\ue004\ue004\ue007", "code")):
        browser.open(question(server, client, redirect))
        browser.type(keys)
        check(f"by keyboard: {expected}", expected in answered(browser, app))
    browser.open(question(server, client, redirect))
    browser.type("\ue004")
    outline = browser.run("return getComputedStyle(document.activeElement).outlineStyle")
    check("the focus can be seen", outline == "solid", outline)


def others_cannot(browser: Chromium, server: Quickstart, app: Pages, stranger: Pages, client: str) -> None:
    target = question(server, client, app.origin + "/cb")
    # Another host name than the issuer's, so that it is another site.
    elsewhere = stranger.origin.replace("127.0.0.1", "localhost")
    app.pages["/inside"] = "<p>Allow this page</p>"
    for name, url, is_shown in (("another page", app.origin + "/inside", True), ("the question", target, False)):
        stranger.pages["/frame"] = f'<title>frame</title><iframe src="{url.replace("&", "&amp;")}"></iframe>'
        for origin in (elsewhere, stranger.origin):
            browser.open(origin + "/frame")
            browser.do("frame", id=0)
            browser.wait("the frame", lambda: browser.run("return document.readyState") == "complete")
            text = browser.run("return document.body ? document.body.innerText : ''")
            browser.do("frame", id=None)
            verb = "can" if is_shown else "cannot"
            check(f"a page of {urlsplit(origin).hostname} {verb} frame {name}", ("Allow" in text) == is_shown, text[:80])

    browser.open(target)
    name = browser.run("return document.querySelector('input[name=request]').value")
    before = len([path for path in app.seen if "code=" in path])
    for origin in (elsewhere, stranger.origin):
        stranger.pages["/post"] = (
            f'<title>post</title><form method="post" action="{server.issuer}/consent">'
            f'<input name="request" value="{name}"><input name="answer" value="allow"></form>'
            "<script>document.forms[0].submit()</script>"
        )
        browser.open(origin + "/post")
        browser.wait("the answer", lambda: browser.look("url").startswith(server.issuer))
        text = browser.run("return document.body.innerText")
        check(f"a form of {urlsplit(origin).hostname} is refused", "code=" not in browser.look("url") and "Allow" not in text, text[:80])
    check("no code left", len([path for path in app.seen if "code=" in path]) == before, app.seen[-3:])


def errors(browser: Chromium, server: Quickstart, app: Pages, client: str, keep) -> None:
    for name, url in (
        ("unknown client", question(server, "nobody", app.origin + "/cb")),
        ("bad redirect URI", question(server, client, "https://evil.example/cb")),
        ("bad document", question(server, client.replace("client.json", "broken.json"), app.origin + "/cb")),
    ):
        browser.open(url)
        text = browser.run("return document.body.innerText")
        check(f"{name}: a page that stays here", browser.look("url") == url and "cannot be answered" in text, text[:80])
    for scheme in ("light", "dark"):
        browser.scheme(scheme)
        keep(f"error-{scheme}")


def verified(browser: Chromium, binary: str, flags: list[str], app: Pages, client: str) -> None:
    with Quickstart(binary, *flags, "--verified-client-host", "localhost") as server:
        browser.open(question(server, client, app.origin + "/cb"))
        check("a host that the operator knows", "verified domain" in browser.run("return document.body.innerText"))


def main(binary: str, chromium: str, driver: str, folder: str = "") -> None:
    with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        authority = Authority(pathlib.Path(scratch))
        site, app, stranger = DocumentSite(authority), Pages(), Pages()
        client = site.publish("/client.json", client_name="Interop & Co <b>", redirect_uris=["http://127.0.0.1/cb"])
        site.publish("/broken.json", client_secret="s")
        browser = Chromium(chromium, driver, profile)

        def keep(name: str) -> None:
            if folder:
                pathlib.Path(folder, f"{name}.png").write_bytes(browser.picture())

        try:
            flags = ["--ca-file", str(authority.file), "--dangerously-allow-loopback-clients", "--consent"]
            with Quickstart(binary, *flags) as server:
                asks_and_answers(browser, server, app, client, keep)
                others_cannot(browser, server, app, stranger, client)
                errors(browser, server, app, client, keep)
            verified(browser, binary, flags, app, client)
        finally:
            browser.close()
            for each in (site, app, stranger):
                each.close()


if __name__ == "__main__":
    if len(sys.argv) == 5:
        main(*sys.argv[1:])
    else:
        conclude(main, 3, __doc__)
