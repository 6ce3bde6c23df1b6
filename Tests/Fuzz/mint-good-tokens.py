"""Makes new fixed keys and a good token of every algorithm, for the fuzz targets `jws`, `jws-header` and `jwks`.

Writes Sources/fuzz/GoodTokens.swift and the seeds `good-*` of the three corpora; the private keys are forgotten. It was
run once, and has to be run again only when there is an algorithm more. Needs the package `cryptography`.
"""

import base64
import json
import pathlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

PACKAGE = pathlib.Path(__file__).resolve().parents[2]
CORPUS = PACKAGE / "Tests/Fuzz/Corpus"
HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
CURVES = {"256": (ec.SECP256R1(), "P-256", 32), "384": (ec.SECP384R1(), "P-384", 48), "512": (ec.SECP521R1(), "P-521", 66)}

CLAIMS = {
    "iss": "https://issuer.example", "sub": "alice", "aud": "https://mcp.example/mcp", "exp": 1800000600,
    "nbf": 1799999990, "iat": 1799999990, "jti": "j1", "client_id": "c1", "scope": "mcp:use",
}


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact(value):
    return json.dumps(value, separators=(",", ":"))


def number(value, size=None):
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ec_keys = {size: ec.generate_private_key(CURVES[size][0]) for size in CURVES}
ed_key = ed25519.Ed25519PrivateKey.generate()


def sign(algorithm, message):
    kind, size = algorithm[:2], algorithm[2:]
    if kind == "RS":
        return rsa_key.sign(message, padding.PKCS1v15(), HASHES[size])
    if kind == "PS":
        pss = padding.PSS(padding.MGF1(HASHES[size]), HASHES[size].digest_size)
        return rsa_key.sign(message, pss, HASHES[size])
    if kind == "ES":
        r, s = utils.decode_dss_signature(ec_keys[size].sign(message, ec.ECDSA(HASHES[size])))
        bytes_each = CURVES[size][2]
        return r.to_bytes(bytes_each, "big") + s.to_bytes(bytes_each, "big")
    return ed_key.sign(message)


def keys():
    public = rsa_key.public_key().public_numbers()
    yield {"kty": "RSA", "n": number(public.n), "e": number(public.e), "use": "sig", "kid": "rsa"}
    for size, (_, name, bytes_each) in CURVES.items():
        point = ec_keys[size].public_key().public_numbers()
        yield {"kty": "EC", "crv": name, "x": number(point.x, bytes_each), "y": number(point.y, bytes_each), "kid": name}
    yield {"kty": "OKP", "crv": "Ed25519", "x": b64(ed_key.public_key().public_bytes_raw()), "kid": "ed"}


def key_id(algorithm):
    if algorithm[:2] in ("RS", "PS"):
        return "rsa"
    return CURVES[algorithm[2:]][1] if algorithm[:2] == "ES" else "ed"


headers = {
    algorithm.lower(): {"alg": algorithm, "kid": key_id(algorithm), "typ": "at+jwt"}
    for algorithm in [k + s for k in ("RS", "PS", "ES") for s in ("256", "384", "512")] + ["EdDSA", "Ed25519"]
}
headers["es256-no-kid"] = {"alg": "ES256", "typ": "JWT"}
headers["es256-no-typ"] = {"kid": "P-256", "x5u": "https://attacker.example", "alg": "ES256"}

tokens = {}
for name, header in headers.items():
    signing_input = b64(compact(header).encode()) + "." + b64(compact(CLAIMS).encode())
    tokens[name] = header["alg"], signing_input + "." + b64(sign(header["alg"], signing_input.encode()))

key_set = compact({"keys": list(keys())})
for target in ("jws", "jws-header", "jwks"):
    (CORPUS / target).mkdir(parents=True, exist_ok=True)
for name, (_, token) in tokens.items():
    (CORPUS / "jws" / f"good-{name}").write_text(token)
    (CORPUS / "jws-header" / f"good-{name}").write_text(compact(headers[name]))
(CORPUS / "jwks" / "good-fixed").write_text(key_set)


def literal(text, indent):
    """The lines of a multi-line literal, joined by backslashes."""
    width = 118 - indent
    return ("\\#\n" + " " * indent).join(text[i : i + width] for i in range(0, len(text), width))


entries = "\n".join(
    f'        (\n            "{algorithm}",\n            #"""\n            {literal(token, 12)}\n            """#\n        ),'
    for algorithm, token in tokens.values()
)
(PACKAGE / "Sources/fuzz/GoodTokens.swift").write_text(f'''\
/// Tokens that verify, and the only ones that do: the private keys are gone. Made by `Tests/Fuzz/mint-good-tokens.py`.
enum GoodTokens {{
    static let issuer = "{CLAIMS["iss"]}"
    static let resource = "{CLAIMS["aud"]}"
    static let now = 1_800_000_000.0

    /// The public keys, one for each kind of key; they name no algorithm.
    static let keySet = #"""
        {literal(key_set, 8)}
        """#

    /// The algorithm and the token.
    static let all: [(algorithm: String, token: String)] = [
{entries}
    ]
}}
''')
