"""requests-oauth2client, an independent client with DPoP (RFC 9449), against mcp-quickstart.

    python dpop_library.py path/to/mcp-quickstart

Prints a line per check.
"""

from urllib.parse import parse_qs, urlsplit

import requests
from requests_oauth2client import DPoPKey, DPoPToken, InvalidGrant, OAuth2Client

from checking import check, conclude
from quickstart import Quickstart

CALLBACK = "http://127.0.0.1:3030/callback"
CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "whoami", "arguments": {}}}
FIELDS = {"Accept": "application/json, text/event-stream"}


def registered(server: Quickstart) -> str:
    wanted = {
        "client_name": "library", "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"], "dpop_bound_access_tokens": True,
    }
    answer = requests.post(f"{server.issuer}/register", json=wanted, timeout=20)
    check("the registration says that all tokens are bound", answer.json().get("dpop_bound_access_tokens") is True)
    return answer.json()["client_id"]


def called(server: Quickstart, token: DPoPToken) -> dict:
    answer = requests.post(server.resource, json=CALL, headers=FIELDS, auth=token, timeout=20)
    if answer.status_code != 200:
        raise AssertionError(f"call: {answer.status_code} {answer.headers.get('WWW-Authenticate')}")
    return answer.json()["result"]["structuredContent"]


def log_in(server: Quickstart, algorithm: str) -> None:
    client = OAuth2Client(
        token_endpoint=f"{server.issuer}/token", authorization_endpoint=f"{server.issuer}/authorize",
        issuer=server.issuer, redirect_uri=CALLBACK, client_id=registered(server), dpop_bound_access_tokens=True,
        dpop_alg=algorithm, authorization_response_iss_parameter_supported=True,
        # Its authorization server is on http here.
        testing=True,
    )
    request = client.authorization_request(scope="mcp:use", resource=server.resource, dpop=True, dpop_alg=algorithm)
    check(f"{algorithm}: the code is bound to the key", "dpop_jkt" in parse_qs(urlsplit(str(request)).query))
    location = requests.get(str(request), allow_redirects=False, timeout=20).headers["Location"]
    token = client.authorization_code(request.validate_callback(location), resource=server.resource)
    check(f"{algorithm}: the token is bound", isinstance(token, DPoPToken), type(token))
    for name in ("first call", "second call"):
        check(f"{algorithm}: {name}: whoami", called(server, token)["subject"] == "developer")
    fresh = client.refresh_token(token)
    check(f"{algorithm}: the refreshed token is bound", isinstance(fresh, DPoPToken), type(fresh))
    check(f"{algorithm}: the refreshed token: whoami", called(server, fresh)["subject"] == "developer")
    try:
        client.token_request(
            {"grant_type": "refresh_token", "refresh_token": fresh.refresh_token}, dpop_key=DPoPKey.generate("ES256"))
    except InvalidGrant:
        print(f"ok   {algorithm}: another key cannot refresh", flush=True)
    else:
        raise AssertionError(f"{algorithm}: another key has refreshed the token")


def main(binary: str) -> None:
    for flags in (["--dpop", "required"], ["--dpop", "required", "--dpop-nonces"]):
        with Quickstart(binary, *flags) as server:
            for algorithm in ("ES256", "RS256", "EdDSA"):
                log_in(server, algorithm)
    print("dpop library: all checks passed")


if __name__ == "__main__":
    conclude(main, 1, __doc__)
