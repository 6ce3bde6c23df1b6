"""A login with the standard library alone: what a client does, step by step, and the browser of its user.

    python login.py URL        is a browser: opens the URL and follows the redirects
"""

import base64
import hashlib
import html.parser
import http.cookiejar
import json
import secrets
import sys
import time
import urllib.error
import urllib.request
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

CALLBACK = "http://127.0.0.1:3030/callback"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


class Form(html.parser.HTMLParser):
    """The hidden fields of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag == "input" and given.get("type") == "hidden" and given.get("name"):
            self.fields[given["name"]] = given.get("value") or ""


class Browser:
    """A user at a browser with cookies, who fills in a login form if there is one."""

    def __init__(self, name: str | None = None, password: str | None = None) -> None:
        self._credentials = {"username": name, "password": password}
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(NoRedirect, cookies)

    def authorize(self, url: str, callback: str = CALLBACK) -> dict[str, str]:
        """What the client's callback would receive."""
        for _ in range(6):
            status, location, page = self._get(url)
            if status == 200 and self._credentials["username"] is not None:
                form = urlencode(Form(page).fields | self._credentials).encode()
                status, location, page = self._get(url, form)
            if status not in (301, 302, 303):
                raise AssertionError(f"authorize: {status} from {url.partition('?')[0]}: {page[:300]}")
            url = urljoin(url, location)
            if url.startswith(callback + "?"):
                return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        raise AssertionError(f"authorize: redirected too often, at last to {url.partition('?')[0]}")

    def _get(self, url: str, form: bytes | None = None) -> tuple[int, str, str]:
        try:
            with self._opener.open(urllib.request.Request(url, form), timeout=20) as answer:
                return answer.status, "", answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers.get("Location", ""), error.read().decode()


def fetched(url: str, body: dict | bytes | None = None, headers: dict[str, str] | None = None) -> dict:
    """The JSON of a good answer; `body` is sent as JSON, or as a form if it is bytes."""
    fields = dict(headers or {})
    if isinstance(body, dict):
        fields["Content-Type"], body = "application/json", json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, fields), timeout=20) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{error.code} from {url}: {error.read()[:300]!r}") from None


def registered(server: dict) -> str:
    """The identifier of a new public client, RFC 7591."""
    wanted = {"client_name": "interop", "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none"}
    return fetched(server["registration_endpoint"], wanted)["client_id"]


def token(server: dict, client: str, scope: str, resource: str | None, browser: Browser | None = None) -> str:
    """An access token by the code flow with PKCE. `server` is the authorization server's metadata."""
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    named = {"resource": resource} if resource else {}
    query = {
        "response_type": "code", "client_id": client, "redirect_uri": CALLBACK, "scope": scope, "state": state,
        "code_challenge": challenge, "code_challenge_method": "S256", **named,
    }
    answer = (browser or Browser()).authorize(f"{server['authorization_endpoint']}?{urlencode(query)}")
    if answer.get("state") != state or "code" not in answer:
        raise AssertionError(f"authorize: {sorted(answer)} {answer.get('error_description', '')}")
    form = {
        "grant_type": "authorization_code", "code": answer["code"], "redirect_uri": CALLBACK, "client_id": client,
        "code_verifier": verifier, **named,
    }
    return fetched(server["token_endpoint"], urlencode(form).encode())["access_token"]


def visit(url: str) -> None:
    """Follows every redirect, the last one to a callback whose server may not listen yet."""
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(url, timeout=60).read()
            return
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError) or time.monotonic() > deadline:
                raise
        time.sleep(0.1)


if __name__ == "__main__":
    visit(sys.argv[1])
