# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Random responses, configurations and settings, which depend on a number only."""

from __future__ import annotations

import base64
import gzip
import json
import random
from typing import Any

from .machine import token

SECRET = "planted-s3cret/value"
PAIR = base64.b64encode(f"acme/pull:{SECRET}".encode()).decode()
RECORD = {"updateTimestamp": "2026-01-31T00:00:00Z", "digest": "sha256:" + 64 * "a"}
HISTORY = json.dumps({"history": [RECORD]}).encode()
TOKEN = b'{"token": "granted"}'

ODD = [
    "",
    " ",
    "\0",
    "\r\n",
    "\ufeff",
    "\ud800",
    "\u20ac",
    "-1",
    "0",
    "9" * 30,
    "null",
    "true",
    "{",
    "[",
    '"',
    "%",
    "http://[",
    "🎉",
]
STATUSES = [200] * 12 + [
    100,
    101,
    103,
    204,
    206,
    301,
    302,
    304,
    307,
    400,
    401,
    403,
    404,
    407,
    418,
    429,
    500,
    502,
    503,
    511,
    0,
    999,
    20,
]
DATES = [
    "Sun, 01 Feb 2026 00:00:00 GMT",
    "noon",
    "",
    "Sun, 99 Feb 99999 00:00:00 GMT",
    "Thu, 01 Jan 1970 00:00:00 -9999",
]
URLS = [
    "http://[",
    "//",
    "https://user:planted-s3cret%2Fvalue@example.com/x",
    "https://cgr.dev:99999999/",
    "\x00",
    "ftp:",
    "http://127.0.0.1:9/",
]


def value(chance: random.Random, depth: int = 0) -> Any:
    """Returns random JSON data."""
    kind = chance.randrange(9 if depth < 3 else 6)
    if kind < 6:
        return chance.choice([None, True, -1, 1e308, text(chance), SECRET])
    if kind == 6:
        return [value(chance, depth + 1) for _each in range(chance.randrange(4))]
    return {text(chance): value(chance, depth + 1) for _each in range(chance.randrange(4))}


def text(chance: random.Random) -> str:
    """Returns random text, some of it unusual."""
    letters = "".join(chance.choice("abcXYZ019.:/-_@ ") for _each in range(chance.randrange(20)))
    return letters + (chance.choice(ODD) if chance.random() < 0.3 else "")


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Returns content with a few bytes changed, removed or doubled."""
    changed = bytearray(content)
    for _each in range(chance.randrange(1, 4)):
        at = chance.randrange(len(changed) + 1)
        changed[at : at + chance.randrange(3)] = bytes(chance.randrange(256) for _other in range(chance.randrange(3)))
    return bytes(changed)


def answer(number: int, is_token: bool, authorization: str) -> bytes:
    """Returns the bytes of a response of a registry."""
    chance = random.Random(abs(number) * 2 + is_token)
    good = TOKEN if is_token else HISTORY
    if is_token and chance.random() < 0.6:
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(good), good)
    if chance.random() < 0.05:
        return bytes(chance.randrange(256) for _each in range(chance.randrange(200)))
    echo = json.dumps({"errors": [{"code": "DENIED", "message": authorization + SECRET}]}).encode()
    page = b"<html>" + authorization.encode() + b"</html>"
    body = chance.choice([good, good, mutated(good, chance), json.dumps(value(chance)).encode(), echo, page, b""])
    body = chance.choice([body] * 8 + [gzip.compress(body), gzip.compress(bytes(3_000_000)), b"[" * 5000])
    status = chance.choice(STATUSES)
    head = [f"HTTP/1.{chance.choice('0111')} {status} {text(chance)}".encode("utf-8", "replace")]
    head += [f"{name}: {each}".encode("utf-8", "replace") for name, each in _headers(chance, len(body))]
    raw = b"\r\n".join(head) + b"\r\n\r\n" + (_chunks(body, chance) if b"chunked" in b"".join(head) else body)
    return mutated(raw, chance) if chance.random() < 0.1 else raw


def _headers(chance: random.Random, length: int) -> list[tuple[str, str]]:
    found = [("Date", chance.choice(DATES))]
    if chance.random() < 0.3:
        found.append(("Transfer-Encoding", chance.choice(["chunked", "chunked", "gzip, chunked", text(chance)])))
    if chance.random() < 0.7:
        found.append(
            (
                "Content-Length",
                chance.choice([str(length)] * 6 + [str(length + 9), "-5", "1e3", "9" * 30, text(chance)]),
            )
        )
    for name, each in (
        ("Location", chance.choice(URLS)),
        ("Retry-After", chance.choice([*ODD, "0", *DATES])),
        ("Content-Encoding", chance.choice(["gzip", "br", "deflate", *ODD])),
        ("Set-Cookie", "a=b"),
        (text(chance), text(chance)),
    ):
        if chance.random() < 0.2:
            found.append((name, each))
    return found


def _chunks(body: bytes, chance: random.Random) -> bytes:
    size = chance.choice(
        [f"{len(body):x}"] * 6 + ["-5", "zz", "", "7fffffffffffffff", f"{len(body):x};" + 1000 * "x", "0x1"]
    )
    return size.encode() + b"\r\n" + body + chance.choice([b"\r\n0\r\n\r\n", b"\r\n", b""])


def configuration(number: int) -> bytes:
    """Returns the contents of a configuration of Docker or Podman."""
    chance = random.Random(abs(number))
    keys = [
        "cgr.dev",
        "https://cgr.dev",
        "https://cgr.dev/v1/",
        "cgr.dev/acme.com",
        "cgr.dev/acme.com/web",
        "http://[",
        text(chance),
    ]
    fields = ["auth", "Auth", "username", "password", "identitytoken", "registrytoken", text(chance)]
    contents = [
        PAIR,
        SECRET,
        SECRET + "\n",
        "\ufeff" + SECRET,
        token(),
        PAIR[:-3],
        "%%%",
        base64.b64encode(SECRET.encode()).decode(),
        value(chance),
        {},
    ]
    auths = {
        chance.choice(keys): chance.choice(
            [{chance.choice(fields): chance.choice(contents) for _each in range(3)}, value(chance)]
        )
        for _other in range(3)
    }
    helpers = {chance.choice(keys): chance.choice(["", "missing", "../evil", "a\0b", value(chance)])}
    config = {
        chance.choice(["auths", "Auths", "AUTHS"]): chance.choice([auths, auths, auths, value(chance)]),
        "credHelpers": chance.choice([{}, {}, helpers, value(chance)]),
        "credsStore": chance.choice(["", "", "missing", value(chance)]),
    }
    content = json.dumps(chance.choice([config] * 9 + [value(chance)])).encode()
    return mutated(content, chance) if chance.random() < 0.2 else content


def settings(number: int, names: list[str]) -> dict[str, Any]:
    """Returns settings, some of them with the secret."""
    chance = random.Random(abs(number))
    odd = [
        text(chance),
        SECRET,
        f"https://me:{SECRET}@example.com",
        f"http://{text(chance)}",
        "https://cgr.dev:443",
        "nan",
        "1e400",
        value(chance),
        "anonymous",
        f"{SECRET}=cgr.dev",
        5,
        0.5,
    ]
    return {chance.choice(names): chance.choice(odd) for _each in range(chance.randrange(1, 5))}
