"""mcp-quickstart against authorization servers that publish their metadata in different places, or not at all for a while.

    python discovery.py path/to/mcp-quickstart

Prints a line per check. Ends with a status other than 0 at the first check that fails.
"""

import os
import pathlib
import socket
import sys
import tempfile
import time

import httpx2

from issuer import KEYS, OPENID, RFC_8414, Authority, Issuer
from quickstart import Quickstart, run_to_the_end

LOOPBACK = {"OAUTH_ALLOW_INSECURE_HTTP": "loopback"}


def check(name: str, condition: bool, detail: object = "") -> None:
    if not condition:
        raise AssertionError(f"{name}: {detail}")
    print(f"ok   {name}", flush=True)


def call(server: Quickstart, token: str | None) -> httpx2.Response:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "whoami"}}
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx2.post(server.resource, json=body, headers=headers, timeout=15)


def accepted(name: str, server: Quickstart, issuer: Issuer) -> None:
    response = call(server, issuer.token(server.resource))
    check(f"{name}: 200", response.status_code == 200, response.status_code)
    who = response.json()["result"]["structuredContent"]
    check(f"{name}: the issuer", who["issuer"] == issuer.name, who["issuer"])


def one_location(binary: str, authority: Authority, published: str) -> None:
    """RFC 8414 §3 first, OpenID Connect Discovery §4 after it: whichever the issuer has."""
    name = published.rpartition("/")[2]
    with Issuer(published, authority=authority) as issuer:
        arguments = ["--issuer", issuer.name, "--ca-file", str(authority.file)]
        with Quickstart(binary, *arguments, embedded=False) as server:
            check(f"{name}: ready line", server.issuer == issuer.name, server.issuer)
            accepted(name, server, issuer)
            expected = [RFC_8414, KEYS] if published == RFC_8414 else [RFC_8414, OPENID, KEYS]
            check(f"{name}: asked in order, once", issuer.asked == expected, issuer.asked)
            metadata = httpx2.get(server.metadata).json()
            check(f"{name}: clients are sent there", metadata["authorization_servers"] == [issuer.name], metadata)


def untrusted_certificate(binary: str, authority: Authority) -> None:
    with Issuer(RFC_8414, authority=authority) as issuer, Quickstart(binary, "--issuer", issuer.name, embedded=False) as server:
        response = call(server, issuer.token(server.resource))
        check("certificate of a stranger: 503", response.status_code == 503, response.status_code)
        check("certificate of a stranger: nothing was asked", issuer.asked == [], issuer.asked)


def several(binary: str, authority: Authority) -> None:
    with Issuer(RFC_8414, authority=authority) as one, Issuer(OPENID, authority=authority) as two:
        with Issuer(RFC_8414, authority=authority) as stranger:
            arguments = ["--issuer", one.name, "--issuer", two.name, "--ca-file", str(authority.file)]
            with Quickstart(binary, *arguments, embedded=False) as server:
                metadata = httpx2.get(server.metadata).json()
                check("two issuers: metadata", metadata["authorization_servers"] == [one.name, two.name], metadata)
                accepted("two issuers: the first", server, one)
                accepted("two issuers: the second", server, two)
                # RFC 8725 §3.8: the second issuer's key does not speak for the first.
                crossed = two.token(server.resource, iss=one.name)
                check("two issuers: crossed: 401", call(server, crossed).status_code == 401)
                check("two issuers: a third: 401", call(server, stranger.token(server.resource)).status_code == 401)
                check("two issuers: the third is never asked", stranger.asked == [], stranger.asked)


def named_keys(binary: str) -> None:
    """--jwks-url: nothing is discovered."""
    with Issuer() as issuer:
        arguments = ["--issuer", issuer.name, "--jwks-url", issuer.name + KEYS]
        with Quickstart(binary, *arguments, embedded=False, environment=LOOPBACK) as server:
            accepted("--jwks-url", server, issuer)
            check("--jwks-url: no discovery", issuer.asked == [KEYS], issuer.asked)


def unreachable(binary: str) -> None:
    """Starts, says 503 to tokens and 401 to none, and recovers by itself."""
    with Issuer(RFC_8414) as issuer:
        port, token = issuer.port, issuer.token
        keys = issuer.signing
    with Quickstart(binary, "--issuer", issuer.name, embedded=False, environment=LOOPBACK) as server:
        check("unreachable: without a token 401", call(server, None).status_code == 401)
        response = call(server, token(server.resource))
        check("unreachable: with a token 503", response.status_code == 503, response.status_code)
        wait = response.headers.get("retry-after", "")
        check("unreachable: Retry-After", wait.isdigit() and 1 <= int(wait) <= 60, wait)
        check("unreachable: no challenge", "www-authenticate" not in response.headers)
        check("unreachable: body", response.json() == {"error": "temporarily_unavailable"}, response.text)
        with Issuer(RFC_8414, port=port) as back:
            back.signing = keys
            deadline = time.monotonic() + 70
            while (status := call(server, back.token(server.resource)).status_code) == 503:
                check_not_over(deadline, "unreachable: still 503 after 70 s")
                time.sleep(0.5)
            check("unreachable: recovers by itself", status == 200, status)


def check_not_over(deadline: float, what: str) -> None:
    if time.monotonic() > deadline:
        raise AssertionError(what)


def refused_starts(binary: str) -> None:
    """What is configured wrongly never starts: exit 78, on stderr what is wrong and what to do, nothing on stdout."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
        for name, arguments, words in [
            ("http issuer on loopback without leave", ["--issuer", nobody], ["OAUTH_ALLOW_INSECURE_HTTP", "loopback"]),
            ("http issuer elsewhere", ["--issuer", "http://login.example.com"], ["https"]),
            ("--jwks-url alone", ["--jwks-url", "https://login.example.com/keys"], ["--issuer"]),
            ("a CA file that is none", ["--issuer", "https://login.example.com", "--ca-file", "/nowhere"], ["--ca-file"]),
        ]:
            code, out, err = run_to_the_end(binary, "--port", "0", *arguments)
            check(f"start: {name}: exit 78", code == 78, (code, err))
            check(f"start: {name}: says so", all(word in err for word in words), err)
            check(f"start: {name}: not ready", out == "", out)


def main(binary: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(pathlib.Path(folder))
        one_location(binary, authority, OPENID)
        one_location(binary, authority, RFC_8414)
        untrusted_certificate(binary, authority)
        several(binary, authority)
    named_keys(binary)
    unreachable(binary)
    refused_starts(binary)
    print("discovery: all checks passed")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for name in [name for name in os.environ if name.startswith("OAUTH_")]:
        del os.environ[name]
    try:
        main(sys.argv[1])
    except AssertionError as failure:
        sys.exit(f"FAIL {failure}")
