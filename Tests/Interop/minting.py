"""Keys and tokens made with `cryptography` alone, so that exactly one thing can be wrong with each."""

import base64
import json

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

HASHES = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}
CURVES = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1}
ALGORITHMS = [family + size for family in ("RS", "PS", "ES") for size in HASHES] + ["EdDSA"]


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def b64decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def as_json(value: object) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def new_key(algorithm: str, bits: int = 2048):
    if algorithm in CURVES:
        return ec.generate_private_key(CURVES[algorithm]())
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(65537, bits)


def jwk(key, **members) -> dict:
    """The public half as a JWK, made by PyJWT. A member given as None is left out."""
    makers = {rsa.RSAPublicKey: RSAAlgorithm, ec.EllipticCurvePublicKey: ECAlgorithm}
    public = key.public_key()
    maker = next((maker for kind, maker in makers.items() if isinstance(public, kind)), OKPAlgorithm)
    made = maker.to_jwk(public, as_dict=True)
    made.pop("key_ops", None)
    return {name: value for name, value in (made | members).items() if value is not None}


def pem(key) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def side_by_side(r: int, s: int, size: int) -> bytes:
    """RFC 7518 §3.4."""
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def coordinate_size(key) -> int:
    return (key.curve.key_size + 7) // 8


def sign(key, algorithm: str, message: bytes, salt: int | None = None, mgf_hash=None) -> bytes:
    """The signature of RFC 7518 §3 or RFC 8037 §3.1; `salt` and `mgf_hash` for PS* that are no longer that."""
    if algorithm in ("EdDSA", "Ed25519"):
        return key.sign(message)
    digest = HASHES[algorithm[2:]]()
    if algorithm.startswith("RS"):
        return key.sign(message, padding.PKCS1v15(), digest)
    if algorithm.startswith("PS"):
        salt = digest.digest_size if salt is None else salt
        return key.sign(message, padding.PSS(padding.MGF1(mgf_hash or digest), salt), digest)
    return side_by_side(*utils.decode_dss_signature(key.sign(message, ec.ECDSA(digest))), coordinate_size(key))


def token(header: object, claims: object, signer) -> str:
    """A compact JWS. `signer` makes the signature of the signing input; bytes are taken as they are."""
    signed = b64(as_json(header)) + "." + b64(as_json(claims))
    return signed + "." + b64(signer if isinstance(signer, bytes) else signer(signed.encode()))


def changed(part: str) -> str:
    """Base64url with another character inside, still canonical."""
    middle = len(part) // 2
    return part[:middle] + ("A" if part[middle] != "A" else "B") + part[middle + 1 :]


def thumbprint(key: dict) -> str:
    """RFC 7638 §3."""
    members = {"RSA": ["e", "kty", "n"], "EC": ["crv", "kty", "x", "y"], "OKP": ["crv", "kty", "x"]}[key["kty"]]
    digest = hashes.Hash(hashes.SHA256())
    digest.update(json.dumps({name: key[name] for name in members}, separators=(",", ":"), sort_keys=True).encode())
    return b64(digest.finalize())
