"""Tokens that are bound to a key (RFC 9449): a client made with `cryptography` alone against mcp-quickstart.

    python dpop.py path/to/mcp-quickstart

Logs in, calls and refreshes with proofs, with and without nonces; wrong proofs are refused. Prints a line per check.
"""

import hashlib
import pathlib
import tempfile
import time
from urllib.parse import urlencode

from checking import check, conclude
from client_documents import DocumentSite
from dpop_client import FORM, Answer, BoundClient, ProofKey, b64, send, structured, tool
from issuer import Authority
from quickstart import Quickstart

WHOAMI = tool("whoami")
# The sentences of the challenges.
BAD_TOKEN = "The access token is malformed, expired or not valid for this resource."
BAD_PROOF = "The DPoP proof is missing, malformed, not recent, used before or for another request."
NO_NONCE = "The DPoP proof must contain the nonce of the DPoP-Nonce field."
ALGORITHMS = "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA"


def challenge(server: Quickstart, error: str | None = None, sentence: str = "", scheme: str = "DPoP") -> str:
    """The exact value of the field."""
    parts = [f'error="{error}"', f'error_description="{sentence}"'] if error else []
    parts += ['scope="mcp:use"', f'resource_metadata="{server.metadata}"']
    parts += [f'algs="{ALGORITHMS}"'] if scheme == "DPoP" else []
    return f"{scheme} {', '.join(parts)}"


def refused(name: str, server: Quickstart, answer: Answer, error: str, sentence: str) -> None:
    """401 with exactly one challenge."""
    check(f"{name}: 401", answer.status == 401, answer.status)
    found = answer.values("www-authenticate")
    check(f"{name}: the challenge", found == [challenge(server, error, sentence)], found)


def log_in(server: Quickstart, algorithm: str, client_id: str | None = None) -> BoundClient:
    client = BoundClient(server.resource, server.issuer, ProofKey(algorithm), client_id)
    if client_id is None:
        client.register()
    tokens = client.obtain(client.authorize())
    check(f"{algorithm}: token_type", tokens["token_type"] == "DPoP", tokens.get("token_type"))
    who = structured(client.call(WHOAMI))
    check(f"{algorithm}: whoami", (who["subject"], who["client_id"]) == ("developer", client.client_id), who)
    return client


def refresh(server: Quickstart, client: BoundClient) -> None:
    url, old = client.metadata["token_endpoint"], client.access_token
    answer = send("POST", url, FORM, urlencode(client.refreshing()).encode())
    check("refresh without a proof", (answer.status, answer.json["error"]) == (400, "invalid_dpop_proof"), answer.body)
    answer = client.request_token(client.refreshing(), ProofKey())
    check("refresh with another key", (answer.status, answer.json["error"]) == (400, "invalid_grant"), answer.body)
    client.obtain(client.refreshing())
    check("refresh: another token", client.access_token != old)
    check("refresh: whoami", structured(client.call(WHOAMI))["subject"] == "developer")


def code_is_bound(client: BoundClient) -> None:
    form = client.authorize()
    answer = client.request_token(form, ProofKey())
    check("a code with another key", (answer.status, answer.json["error"]) == (400, "invalid_grant"), answer.body)
    check("the code with its key", client.request_token(form).status == 200)


def wrong_proofs(server: Quickstart, client: BoundClient) -> None:
    """Each has one thing wrong, and a new `jti`."""
    token, other = client.access_token, ProofKey()
    now = int(time.time())
    nonce = client.nonces.get(client.resource)
    foreign = other.proof("POST", client.resource, token, nonce)
    cases = {
        "no proof": [],
        "two proofs": [client.proof(), client.proof()],
        "two proofs in one field": [f"{client.proof()}, {client.proof()}"],
        "signed with another key": [other.proof("POST", client.resource, token, nonce, {"jwk": client.key.jwk})],
        "private key": [client.proof(header={"jwk": client.key.jwk | {"d": b64(b"x" * 32)}})],
        "typ": [client.proof(header={"typ": "JWT"})],
        "HS256": [client.proof(header={"alg": "HS256"})],
        "method": [client.proof(method="GET")],
        "URL": [client.proof(url=server.resource + "/other")],
        "query": [client.proof(url=server.resource + "?x=1")],
        "no ath": [client.proof(ath=None)],
        "ath of another token": [client.proof(ath=b64(hashlib.sha256(b"other").digest()))],
        "too old": [client.proof(iat=now - 301)],
        "too new": [client.proof(iat=now + 360)],
        "no jti": [client.proof(jti=None)],
    }
    for name, proofs in cases.items():
        refused(name, server, client.post(WHOAMI, proofs), "invalid_dpop_proof", BAD_PROOF)
    # RFC 9449 §7.1: another proof does not help with this token.
    refused("another key", server, client.post(WHOAMI, [foreign]), "invalid_token", BAD_TOKEN)
    proof = client.proof()
    check("a proof once", client.post(WHOAMI, [proof]).status == 200)
    refused("a proof twice", server, client.post(WHOAMI, [proof]), "invalid_dpop_proof", BAD_PROOF)
    answer = client.post(WHOAMI, scheme="Bearer")
    refused("a bound token as Bearer", server, answer, "invalid_token", BAD_TOKEN)


def nonces(server: Quickstart, client: BoundClient) -> None:
    without = client.post(WHOAMI, [client.proof(nonce=None)])
    refused("no nonce", server, without, "use_dpop_nonce", NO_NONCE)
    check("no nonce: a nonce", len(without.values("dpop-nonce")) == 1, without.fields)
    check("no nonce: not to be stored", without.first("cache-control") == "no-store", without.first("cache-control"))
    wrong = client.post(WHOAMI, [client.proof(nonce="AAAA")])
    refused("a wrong nonce", server, wrong, "use_dpop_nonce", NO_NONCE)
    url = client.metadata["token_endpoint"]
    answer = send("POST", url, FORM | {"DPoP": client.key.proof("POST", url)}, urlencode(client.refreshing()).encode())
    check("token endpoint: no nonce", (answer.status, answer.json["error"]) == (400, "use_dpop_nonce"), answer.body)


def described(server: Quickstart) -> None:
    """What a client reads before it begins."""
    metadata = send("GET", server.metadata).json
    check("resource: tokens must be bound", metadata.get("dpop_bound_access_tokens_required") is True, metadata)
    names = metadata.get("dpop_signing_alg_values_supported")
    check("resource: algorithms", names == ALGORITHMS.split(), names)
    names = send("GET", server.issuer + "/.well-known/oauth-authorization-server").json.get(
        "dpop_signing_alg_values_supported")
    check("issuer: algorithms", names == ALGORITHMS.split(), names)
    answer = send("POST", server.resource, {"Content-Type": "application/json"}, b"{}")
    found = answer.values("www-authenticate")
    check("no token: one challenge", (answer.status, found) == (401, [challenge(server)]), found)


def optional(binary: str) -> None:
    """Both kinds of tokens are good, each with its own scheme."""
    with Quickstart(binary, "--dpop", "optional") as server:
        bound = log_in(server, "ES256")
        plain = BoundClient(server.resource, server.issuer, ProofKey())
        plain.register()
        url = plain.metadata["token_endpoint"]
        plain.tokens = send("POST", url, FORM, urlencode(plain.authorize(binds_code=False)).encode()).json
        check("optional: a bearer token", plain.tokens["token_type"] == "Bearer", plain.tokens.get("token_type"))
        check("optional: Bearer", plain.post(WHOAMI, [], scheme="Bearer").status == 200)
        for name, answer in [
            ("optional: a bound token as Bearer", bound.post(WHOAMI, scheme="Bearer")),
            ("optional: an unbound token as DPoP", plain.post(WHOAMI)),
        ]:
            check(f"{name}: 401", answer.status == 401, answer.status)
        answer = send("POST", server.resource, {"Content-Type": "application/json"}, b"{}")
        schemes = sorted(value.split(" ")[0] for value in answer.values("www-authenticate"))
        check("optional: two challenges, each in its own line", schemes == ["Bearer", "DPoP"], schemes)


def by_document(binary: str) -> None:
    """A client whose document says that all its tokens are bound: nothing is registered."""
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(pathlib.Path(folder))
        site = DocumentSite(authority)
        try:
            flags = ["--ca-file", str(authority.file), "--dangerously-allow-loopback-clients", "--dpop", "optional"]
            with Quickstart(binary, *flags) as server:
                grants = ["authorization_code", "refresh_token"]
                client_id = site.publish("/dpop.json", grant_types=grants, dpop_bound_access_tokens=True)
                client = log_in(server, "ES256", client_id)
                form = urlencode(client.authorize(binds_code=False)).encode()
                answer = send("POST", client.metadata["token_endpoint"], FORM, form)
                check(
                    "document: a token request without a proof",
                    (answer.status, answer.json["error"]) == (400, "invalid_dpop_proof"), answer.body,
                )
                refresh(server, client)
        finally:
            site.close()


def main(binary: str) -> None:
    for flags in (["--dpop", "required"], ["--dpop", "required", "--dpop-nonces"]):
        has_nonces = "--dpop-nonces" in flags
        print(f"--- {' '.join(flags)}", flush=True)
        with Quickstart(binary, *flags) as server:
            described(server)
            for algorithm in ("ES256", "EdDSA", "RS256"):
                client = log_in(server, algorithm)
                servers = [client.metadata["token_endpoint"], client.resource] if has_nonces else []
                check(f"{algorithm}: each server asked for a nonce once", client.asked == servers, client.asked)
            refresh(server, client)
            code_is_bound(client)
            wrong_proofs(server, client)
            if has_nonces:
                nonces(server, client)
    optional(binary)
    by_document(binary)
    print("dpop: all checks passed")


if __name__ == "__main__":
    conclude(main, 1, __doc__)
