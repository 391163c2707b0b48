# innocent: tokens that are signed and compressed
import base64
import binascii
import hashlib
import hmac
import json
import secrets
import struct
import time
import zlib

HEADER = struct.Struct(">BIQ")


class BadToken(ValueError):
    pass


def seal(key: bytes, claims: dict, lifetime: int = 60) -> str:
    body = zlib.compress(json.dumps(claims, separators=(",", ":")).encode("utf-8"), level=9)
    head = HEADER.pack(1, len(body), int(time.time()) + lifetime)
    mark = hmac.new(key, head + body, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(head + body + mark).rstrip(b"=").decode("ascii")


def open_(key: bytes, token: str) -> dict:
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        version, size, until = HEADER.unpack_from(raw)
    except (binascii.Error, struct.error) as error:
        raise BadToken("malformed") from error
    signed, mark = raw[:-32], raw[-32:]
    if not hmac.compare_digest(hmac.new(key, signed, "sha256").digest(), mark):
        raise BadToken("wrong signature")
    if version != 1 or time.time() > until:
        raise BadToken("expired")
    return json.loads(zlib.decompress(signed[HEADER.size:HEADER.size + size]))


def derive(password: str, salt: bytes) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, 1000)


key = derive("correct horse", secrets.token_bytes(16))
token = seal(key, {"user": "ada", "scope": ["read", "exec"]})
print(open_(key, token)["scope"], bytes.fromhex("ff00")[0] ^ 0x0F, secrets.choice("ab") in "ab")
try:
    open_(key, "A" + token)
except BadToken as error:
    print(error)
