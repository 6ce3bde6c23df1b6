"""Tokens and keys made with PyJWT, `cryptography` and `openssl`, judged by mcp-auth, and the other way round.

    python jose.py path/to/mcp-auth path/to/mcp-quickstart

Prints a line per group of checks. Ends with a status other than 0 at the first check that fails.
"""

import hmac
import json
import sys
import tempfile
import time

import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, utils, x25519

from authtool import AUDIENCE, EVERY_ALGORITHM, ISSUER, AuthTool, check
from jose_edges import other_places, reverse, terminal
from minting import ALGORITHMS, CURVES, b64, b64decoded, changed, coordinate_size, jwk, new_key, pem, sign, thumbprint, token

NOW = int(time.time())
CLAIMS = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "exp": NOW + 600, "iat": NOW, "jti": "1", "client_id": "c"}
KEY_ID = "key-1"


class Signer:
    """One algorithm with its key."""

    def __init__(self, algorithm: str, key=None) -> None:
        self.algorithm = algorithm
        self.key = key or new_key(algorithm)
        self.jwk = jwk(self.key, kid=KEY_ID, alg=algorithm, use="sig")
        self.header = {"alg": algorithm, "kid": KEY_ID, "typ": "at+jwt"}

    def signature(self, message: bytes) -> bytes:
        return sign(self.key, self.algorithm, message)

    def token(self, header: object = None, claims: object = None, signer=None) -> str:
        return token(header or self.header, claims or CLAIMS, signer or self.signature)


def good_tokens(tool: AuthTool, signer: Signer) -> None:
    name = signer.algorithm
    made = jwt.encode(CLAIMS, signer.key, name, headers={"kid": KEY_ID, "typ": "at+jwt"})
    answer = tool.accepts(f"{name}: by PyJWT", made, [signer.jwk], alg=name)
    check(f"{name}: the claims", answer["claims"] == CLAIMS and answer["alg"] == name, answer)
    tool.accepts(f"{name}: rfc9068", made, [signer.jwk], "--profile", "rfc9068")
    tool.accepts(f"{name}: by cryptography", signer.token(), [signer.jwk])
    tool.accepts(f"{name}: a key without alg and use", made, [jwk(signer.key, kid=KEY_ID)])
    tool.accepts(f"{name}: a JWK by itself", made, signer.jwk)
    tool.accepts(f"{name}: a PEM key", made, pem(signer.key))
    tool.accepts(f"{name}: audiences", signer.token(claims=CLAIMS | {"aud": ["x", AUDIENCE]}), [signer.jwk])
    tool.accepts(f"{name}: no kid, one key", signer.token({"alg": name}), [signer.jwk])
    tool.inspects(f"{name}: inspect", made)
    # RFC 9864 renames EdDSA; a key may say either.
    if name == "EdDSA":
        renamed = signer.token(signer.header | {"alg": "Ed25519"})
        tool.accepts("Ed25519", renamed, [signer.jwk], alg="Ed25519")
        tool.accepts("Ed25519", renamed, [jwk(signer.key, kid=KEY_ID, alg="Ed25519")])


def bad_tokens(tool: AuthTool, signer: Signer) -> None:
    name, keys, good = signer.algorithm, [signer.jwk], signer.token()
    header, payload, signature = good.split(".")
    raw = b64decoded(signature)

    def refuses(what: str, reason: str, bad: str, *arguments: str, keys: object = keys, **options) -> None:
        tool.refuses(f"{name}: {what}", reason, bad, keys, *arguments, **options)

    refuses("tampered payload", "bad_signature", f"{header}.{b64(json.dumps(CLAIMS | {'sub': 'mallory'}).encode())}.{signature}")
    refuses("tampered header", "bad_signature", f"{b64(json.dumps(signer.header | {'x': 1}).encode())}.{payload}.{signature}")
    refuses("tampered signature", "bad_signature", f"{header}.{payload}.{changed(signature)}")
    refuses("wrong key", "bad_signature", good, keys=[Signer(name).jwk])
    refuses("unknown key", "key_unknown", signer.token(signer.header | {"kid": KEY_ID.upper()}))
    for what, bytes_ in [("short", raw[:-1]), ("long", raw + b"\0"), ("padded", b"\0" + raw), ("zero", bytes(len(raw)))]:
        refuses(f"{what} signature", "bad_signature", f"{header}.{payload}.{b64(bytes_)}")
    refuses("of another token", "bad_signature", f"{header}.{payload}.{signer.token(claims=CLAIMS | {'jti': '2'}).split('.')[2]}")
    refuses("no signature", "token_parts", f"{header}.{payload}.")
    refuses("padding", "token_base64url", good + "=")
    others = [other for other in EVERY_ALGORITHM.split(",") if other != name]
    refuses("not allowed", "alg_not_allowed", good, alg=",".join(others))
    for other in others:
        labelled = signer.token(signer.header | {"alg": other})
        refuses(f"labelled {other}", "key_algorithm_mismatch", labelled)
        # A key without alg is for every algorithm of its kind, so that the signature itself must fail then.
        is_same_kind = other[:2] in ("RS", "PS") and name[:2] in ("RS", "PS")
        reason = "bad_signature" if is_same_kind else "key_algorithm_mismatch"
        refuses(f"labelled {other}, any alg", reason, labelled, keys=[jwk(signer.key, kid=KEY_ID)])
    for what, reason, claims in [
        ("expired", "exp_expired", {"exp": NOW - 61}),
        ("wrong audience", "aud_mismatch", {"aud": "https://other.example/mcp"}),
        ("wrong issuer", "iss_mismatch", {"iss": ISSUER + "/"}),
        ("not yet valid", "nbf_not_yet_valid", {"nbf": NOW + 600}),
        ("issued in the future", "iat_issued_in_future", {"iat": NOW + 600}),
        ("bound", "cnf_unsatisfied", {"cnf": {"jkt": "x"}}),
    ]:
        refuses(what, reason, signer.token(claims=CLAIMS | claims))


def bad_padding(tool: AuthTool, signer: Signer) -> None:
    """RFC 7518 §3.5: a salt as long as the hash, and MGF1 with the same hash."""
    size = int(signer.algorithm[2:]) // 8
    for salt in (0, 1, size - 1, size + 1, 2048 // 8 - size - 2):
        bad = signer.token(signer=lambda message, salt=salt: sign(signer.key, signer.algorithm, message, salt=salt))
        tool.refuses(f"{signer.algorithm}: salt of {salt}", "bad_signature", bad, [signer.jwk])
    other = hashes.SHA512() if size == 32 else hashes.SHA256()
    bad = signer.token(signer=lambda message: sign(signer.key, signer.algorithm, message, mgf_hash=other))
    tool.refuses(f"{signer.algorithm}: MGF1 with another hash", "bad_signature", bad, [signer.jwk])


def bad_points(tool: AuthTool, signer: Signer) -> None:
    """RFC 7518 §3.4: r and s side by side, each in [1, n − 1]."""
    name, size, hash_ = signer.algorithm, coordinate_size(signer.key), getattr(hashes, "SHA" + signer.algorithm[2:])()
    der = lambda message: signer.key.sign(message, ec.ECDSA(hash_))
    tool.refuses(f"{name}: DER", "bad_signature", signer.token(signer=der), [signer.jwk])
    parts = lambda message: [number.to_bytes(size, "big") for number in utils.decode_dss_signature(der(message))]
    zero, ones = bytes(size), b"\xff" * size
    for what, mixed in [
        ("r = 0", lambda r, s: zero + s), ("s = 0", lambda r, s: r + zero), ("r ≥ n", lambda r, s: ones + s),
        ("s ≥ n", lambda r, s: r + ones), ("s before r", lambda r, s: s + r), ("r twice", lambda r, s: r + r),
        ("both longer", lambda r, s: b"\0" + r + b"\0" + s),
    ]:
        bad = signer.token(signer=lambda message, mixed=mixed: mixed(*parts(message)))
        tool.refuses(f"{name}: {what}", "bad_signature", bad, [signer.jwk])


def confusion(tool: AuthTool, signer: Signer) -> None:
    """RFC 8725 §2.1 and §3.1: none, HMAC with what everybody knows, and headers that bring their own key."""
    unsigned = [token({"alg": alg, "kid": KEY_ID}, CLAIMS, b"x") for alg in ("none", "None", "NONE", "nOnE")]
    for bad in unsigned:
        tool.refuses("alg none, some signature", "alg_not_allowed", bad, [signer.jwk])
    tool.refuses("alg none, no signature", "token_parts", unsigned[0].rsplit(".", 1)[0] + ".", [signer.jwk])

    public = signer.key.public_key()
    encoding, formats = serialization.Encoding, serialization.PublicFormat
    secrets = {
        "PEM": pem(signer.key), "PEM without line break": pem(signer.key).strip(),
        "DER": public.public_bytes(encoding.DER, formats.SubjectPublicKeyInfo),
        "JWK": json.dumps(signer.jwk).encode(), "compact JWK": json.dumps(signer.jwk, separators=(",", ":")).encode(),
        "n or x": (signer.jwk.get("n") or signer.jwk["x"]).encode(), "nothing": b"",
    }
    for size in ("256", "384", "512"):
        for what, secret in secrets.items():
            bad = token(
                signer.header | {"alg": f"HS{size}"}, CLAIMS,
                lambda message, secret=secret, size=size: hmac.digest(secret, message, f"sha{size}"))
            tool.refuses(f"{signer.algorithm}: HS{size} with {what}", "alg_not_allowed", bad, [signer.jwk])
            tool.refuses(f"{signer.algorithm}: HS{size} with {what}, PEM", "alg_not_allowed", bad, pem(signer.key))

    mine = Signer(signer.algorithm)
    brought = {"jwk": mine.jwk, "jku": "https://evil.example/jwks", "x5u": "https://evil.example/x", "x5c": ["AA=="]}
    for member, value in brought.items():
        good = signer.token(signer.header | {member: value})
        tool.accepts(f"{member} is not looked at", good, [signer.jwk])
        tool.refuses(f"{member} is not used", "bad_signature", mine.token(mine.header | {member: value}), [signer.jwk])


def bad_headers_and_claims(tool: AuthTool, signer: Signer) -> None:
    keys, header, name = [signer.jwk], signer.header, signer.algorithm
    text = json.dumps(header)[:-1]
    for what, reason, bad in [
        ("crit", "crit_present", header | {"crit": ["exp"]}), ("empty crit", "crit_present", header | {"crit": []}),
        ("b64", "b64_not_true", header | {"b64": False}), ("no alg", "alg_missing", {"kid": KEY_ID}),
        ("enc", "token_encrypted", header | {"enc": "A256GCM"}), ("zip", "token_encrypted", header | {"zip": "DEF"}),
        ("cty is a number", "cty_malformed", header | {"cty": 1}),
        ("alg is a list", "alg_missing", header | {"alg": [name]}),
        ("alg in lower case", "alg_not_allowed", header | {"alg": name.lower()}),
        ("alg with a space", "alg_not_allowed", header | {"alg": name + " "}),
        ("alg with NUL", "alg_not_allowed", header | {"alg": name + "\0"}),
        ("kid is a number", "kid_malformed", header | {"kid": 1}), ("a long kid", "kid_malformed", header | {"kid": "k" * 513}),
        ("typ of a proof", "typ_not_acceptable", header | {"typ": "dpop+jwt"}), ("typ is null", "typ_not_acceptable", header | {"typ": None}),
        ("alg twice", "header_json", (text + f',"alg":"{name}"}}').encode()), ("a list", "header_json", b"[]"),
        ("a byte order mark", "header_json", b"\xef\xbb\xbf" + json.dumps(header).encode()),
    ]:
        tool.refuses(f"header: {what}", reason, signer.token(bad), keys)
    without = lambda *names: {name: value for name, value in CLAIMS.items() if name not in names}
    text = json.dumps(CLAIMS)[:-1]
    for what, reason, bad in [
        ("no exp", "exp_missing", without("exp")), ("exp is text", "exp_wrong_type", CLAIMS | {"exp": str(NOW + 9)}),
        ("exp is true", "exp_wrong_type", CLAIMS | {"exp": True}), ("exp beyond 2^53", "exp_wrong_type", CLAIMS | {"exp": 2**53}),
        ("no iss", "iss_missing", without("iss")), ("iss is a list", "iss_wrong_type", CLAIMS | {"iss": [ISSUER]}),
        ("no aud", "aud_missing", without("aud")), ("aud holds a number", "aud_wrong_type", CLAIMS | {"aud": [AUDIENCE, 1]}),
        ("no audience", "aud_mismatch", CLAIMS | {"aud": []}), ("a prefix", "aud_mismatch", CLAIMS | {"aud": AUDIENCE + "/x"}),
        ("sub is a number", "sub_wrong_type", CLAIMS | {"sub": 1}), ("exp twice", "payload_json", (text + ',"exp":9}').encode()),
        ("no object", "payload_json", b'"x"'), ("nested too deep", "payload_json", (text + ',"x":' + "[" * 99 + "]" * 99 + "}").encode()),
    ]:
        tool.refuses(f"claims: {what}", reason, signer.token(claims=bad), keys)
    # The whole token, with typ JWT: an ID token.
    for claim in ("at_hash", "c_hash"):
        bad = signer.token(header | {"typ": "JWT"}, CLAIMS | {claim: "x"})
        tool.refuses(f"claims: {claim}", "not_an_access_token", bad, keys)
    for claim in ("sub", "client_id", "jti", "iat"):
        bad = signer.token(claims=without(claim))
        tool.refuses(f"rfc9068: no {claim}", f"{claim}_missing", bad, keys, "--profile", "rfc9068")
    tool.refuses("rfc9068: typ", "typ_not_acceptable", signer.token(header | {"typ": "JWT"}), keys, "--profile", "rfc9068")
    long = signer.token(claims=CLAIMS | {"x": "x" * 65_536})
    tool.refuses("longer than 64 KiB", "token_too_large", long, keys)


def bad_keys(tool: AuthTool, signers: dict[str, Signer]) -> None:
    """A key that is not usable is no key, and the answer and the table say why."""
    rs, es, ed = signers["RS256"], signers["ES256"], signers["EdDSA"]
    small = Signer("RS256", new_key("RS256", 1024))
    private = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(rs.key)) | {"kid": KEY_ID}
    number = lambda value: b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))
    modulus = rs.key.public_key().public_numbers().n
    raw = lambda key: b64(key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw))
    for what, reason, signer, bad in [
        ("RSA 1024", "rsa_too_small", small, small.jwk), ("a private JWK", "private_material", rs, private),
        ("EC with d", "private_material", es, es.jwk | {"d": "AA"}), ("OKP with d", "private_material", ed, ed.jwk | {"d": "AA"}),
        ("use enc", "use_not_sig", rs, rs.jwk | {"use": "enc"}), ("use SIG", "use_not_sig", rs, rs.jwk | {"use": "SIG"}),
        ("key_ops sign", "key_ops_without_verify", es, es.jwk | {"key_ops": ["sign"]}),
        ("alg of another kind", "alg_unsupported", rs, rs.jwk | {"alg": "ES256"}), ("alg HS256", "alg_unsupported", rs, rs.jwk | {"alg": "HS256"}),
        ("alg of another curve", "alg_unsupported", es, es.jwk | {"alg": "ES384"}),
        ("oct", "kty_unsupported", rs, {"kty": "oct", "k": "AAAA", "kid": KEY_ID}), ("rsa", "kty_unsupported", rs, rs.jwk | {"kty": "rsa"}),
        ("secp256k1", "crv_unsupported", es, jwk(ec.generate_private_key(ec.SECP256K1()), kid=KEY_ID)),
        ("X25519", "crv_unsupported", ed, {"kty": "OKP", "crv": "X25519", "x": raw(x25519.X25519PrivateKey.generate()), "kid": KEY_ID}),
        ("Ed448", "crv_unsupported", ed, {"kty": "OKP", "crv": "Ed448", "x": raw(ed448.Ed448PrivateKey.generate()), "kid": KEY_ID}),
        ("off the curve", "ec_point", es, es.jwk | {"y": changed(es.jwk["y"])}), ("P-256 named P-384", "ec_point", es, es.jwk | {"crv": "P-384", "alg": None}),
        ("Ed25519 of order 1", "ec_point", ed, ed.jwk | {"x": b64(b"\1" + bytes(31))}),
        ("even modulus", "rsa_modulus_even", rs, rs.jwk | {"n": number(modulus - 1)}), ("e = 1", "rsa_exponent", rs, rs.jwk | {"e": "AQ"}),
        ("e = 2", "rsa_exponent", rs, rs.jwk | {"e": "Ag"}), ("e beyond 2^32", "rsa_exponent", rs, rs.jwk | {"e": number(2**32 + 1)}),
        ("RSA beyond 8192", "rsa_too_large", rs, rs.jwk | {"n": number(2**8192 + 1)}),
        ("n with padding", "key_malformed", rs, rs.jwk | {"n": rs.jwk["n"] + "=="}),
        ("kid is a number", "key_malformed", rs, rs.jwk | {"kid": 1}), ("no object", "key_malformed", rs, "x"),
    ]:
        if isinstance(bad, dict):
            bad = {name: value for name, value in bad.items() if value is not None}
        tool.refuses(f"key: {what}", "key_unknown", signer.token(), [bad], key_reason=reason)
        rows = tool.shows_keys(f"key: {what}: table", [bad], status=1)
        check(f"key: {what}: table", rows[0][-1].startswith(f"no: {reason}: "), rows)
        # The rest of the set works.
        good = es if signer is not es else rs
        tool.accepts(f"key: {what}: beside a good one", good.token(good.header | {"kid": "good"}), [bad, good.jwk | {"kid": "good"}])


def selection(tool: AuthTool, signers: dict[str, Signer]) -> None:
    rs, es = signers["RS256"], signers["ES256"]
    second = Signer("RS256")
    tool.refuses("no kid, two keys fit", "key_ambiguous", rs.token({"alg": "RS256"}), [rs.jwk, second.jwk])
    tool.accepts("no kid, keys of different kinds", rs.token({"alg": "RS256"}), [rs.jwk, es.jwk])
    tool.accepts("one kid, keys of different kinds", es.token(), [rs.jwk, es.jwk])
    tool.accepts("one kid, the second key of a kind", second.token(), [rs.jwk, second.jwk])
    tool.refuses("one kid, the fifth key", "bad_signature", second.token(), [rs.jwk] * 4 + [second.jwk])
    tool.refuses("the key's alg is another", "key_algorithm_mismatch", rs.token(), [jwk(rs.key, kid=KEY_ID, alg="PS256")])
    many = [jwk(es.key, kid=str(number)) for number in range(999)]
    tool.accepts("the last of 1000 keys", rs.token(), many + [rs.jwk])
    tool.refuses("the 1001st key", "key_unknown", rs.token(), many + [es.jwk | {"kid": "x"}, rs.jwk], key_reason="too_many_keys")


def tables(tool: AuthTool, signers: dict[str, Signer]) -> None:
    keys = [signer.jwk | {"kid": name} for name, signer in signers.items()]
    types = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "EdDSA": "Ed25519"}
    rows = tool.shows_keys("table", keys, status=0)
    expected = [
        [str(index), name, types.get(name, "RSA 2048"), name, "sig", thumbprint(signer.jwk), "yes"]
        for index, (name, signer) in enumerate(signers.items())
    ]
    check("table: kid, type, alg, use, thumbprint, usable", rows == expected, rows)


def main(binary: str, quickstart: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        tool = AuthTool(binary, folder)
        # RSA keys take long to make, and six algorithms may share one.
        shared = new_key("RS256")
        signers = {name: Signer(name, shared if name[1] == "S" and name[0] in "RP" else None) for name in ALGORITHMS}
        groups = [(f"{name}: good tokens", lambda name=name: good_tokens(tool, signers[name])) for name in ALGORITHMS]
        groups += [(f"{name}: bad tokens", lambda name=name: bad_tokens(tool, signers[name])) for name in ALGORITHMS]
        groups += [(f"{name}: salt and MGF1", lambda name=name: bad_padding(tool, signers[name])) for name in ("PS256", "PS384", "PS512")]
        groups += [(f"{name}: r and s", lambda name=name: bad_points(tool, signers[name])) for name in CURVES]
        groups += [(f"{name}: confusion", lambda name=name: confusion(tool, signers[name])) for name in ("RS256", "ES256", "EdDSA")]
        groups += [
            ("headers and claims", lambda: bad_headers_and_claims(tool, signers["ES256"])),
            ("keys that are not used", lambda: bad_keys(tool, signers)), ("selection", lambda: selection(tool, signers)),
            ("table of keys", lambda: tables(tool, signers)),
            ("openssl, standard input and URLs", lambda: other_places(tool, CLAIMS, KEY_ID)),
            ("colours", lambda: terminal(tool, signers["EdDSA"].token(), [signers["EdDSA"].jwk, 0])),
            ("the development server's token by PyJWT", lambda: reverse(tool, quickstart)),
        ]
        for name, group in groups:
            group()
            print(f"ok   jose: {name}", flush=True)
    print(f"jose: {tool.checks} checks passed")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except AssertionError as failure:
        sys.exit(f"FAIL jose: {failure}")
