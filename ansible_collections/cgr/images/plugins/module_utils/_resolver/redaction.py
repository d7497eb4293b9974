# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Keeping secrets out of all that is shown: messages, traces and tracebacks.

Every secret that this process reads is remembered here as soon as it is read.  What is shown goes through `hide_secrets`, which
finds each of them however it is spelled: as it is, percent-encoded, with escapes of JSON, or in Base64; and user info in URLs.
"""

from __future__ import annotations

import base64
import re
import threading
from typing import Iterator
from urllib.parse import unquote_to_bytes

LONGEST_QUOTE = 200
LONGEST_INPUT = 20_000
HIDDEN = "…"

MOST_SECRETS = 10_000
SHORTEST, SHORTEST_INSIDE = 4, 8
"""A secret of fewer characters is hidden in quotes only; one of fewer than the second number where it stands alone."""

# Text that looks like a secret: a JSON Web Token, text after Bearer or Basic, and any long run of letters and digits that is
# not a digest.
_LIKELY_SECRET = re.compile(
    r"[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}"
    r"|(?<=bearer )\S+|(?<=basic )\S+"
    r"|(?<![:/\w-])(?=[\w+=-]*[0-9])(?=[\w+=-]*[A-Za-z])[\w+=-]{32,}",
    re.IGNORECASE,
)
_WEB_TOKEN = re.compile(r"eyJ[\w-]{5,}\.[\w-]+\.[\w-]*")
# `USER:PASSWORD` is what messages say to write.
_USER_INFO = re.compile(
    r"(?<=://)(?!USER:PASSWORD@)[^\s/?#@'\"]*(?::[^\s@'\"]*)?@"
    r"|(?<![^\s'\"=(])[^\s/?#@:='\"]+:[^\s/@'\"]+@(?=[\w-]+[.:][\w.:-]+/)"  # without a scheme: user:password@cgr.dev/…
)
_ESCAPE = re.compile(r'\\u[0-9A-Fa-f]{4}|\\[\\/"]|(?:%[0-9A-Fa-f]{2})+')
_BASE64 = re.compile(r"[\w+/=-]")

_lock = threading.Lock()
_secrets: dict[str, tuple[str, ...]] = {}
# Their spellings: the short ones by their length, the others by how they begin.  A run reads a token for each repository, so
# there may be thousands, and every message is searched.
_short: dict[int, list[str]] = {}
_long: dict[str, list[str]] = {}


def remember_secret(secret: str) -> None:
    """Hides a text from now on in all that is shown; so each of its lines, if it has several."""
    with _lock:
        for part in {secret, *secret.splitlines()}:
            text = part.strip()
            if text and text not in _secrets:
                _secrets[text] = tuple(_spellings(text))
                for spelling in _secrets[text]:
                    _group(spelling).append(spelling)
        while len(_secrets) > MOST_SECRETS:
            for spelling in _secrets.pop(next(iter(_secrets))):
                _group(spelling).remove(spelling)


def _group(spelling: str) -> list[str]:
    if len(spelling) < SHORTEST_INSIDE:
        return _short.setdefault(len(spelling), [])
    return _long.setdefault(spelling[:SHORTEST_INSIDE], [])


def hide_secrets(text: str, shortest: int = SHORTEST) -> str:
    """Returns a text without the secrets that were remembered, and without user info in URLs.

    Args:
        text: what is to be shown.
        shortest: how many characters a secret has at least that is hidden.
    """
    text = _WEB_TOKEN.sub(HIDDEN, _USER_INFO.sub(f"{HIDDEN}@", text))
    if not _ESCAPE.search(text):
        with _lock:
            return _without(text, list(_places(text, shortest)))
    found: list[tuple[int, int]] = []
    plain, spans = text, [(index, index + 1) for index in range(len(text))]
    for _round in range(3):  # as it is, escaped, and escaped twice
        with _lock:
            places = list(_places(plain, shortest))
        found += [(spans[start][0], spans[end - 1][1]) for start, end in places]
        decoded, steps = _decoded(plain)
        if decoded == plain:
            break
        spans = [(spans[start][0], spans[end - 1][1]) for start, end in steps]
        plain = decoded
    return _without(text, found)


def redact(value: object, longest: int = LONGEST_QUOTE) -> str:
    """Returns a value in quotes, on one line, without control characters and secrets, cut to a readable length.

    For everything that comes from outside and appears in a message.
    """
    try:
        text = str(value)
    except ValueError:  # Python refuses to write out very long numbers
        text = f"a very long {type(value).__name__}"
    text = _LIKELY_SECRET.sub(HIDDEN, hide_secrets(text[:LONGEST_INPUT], shortest=1))
    plain = "".join(c if c.isprintable() else " " for c in text[: longest + 1])
    if len(plain) > longest:
        plain = plain[:longest] + HIDDEN
    return f"'{plain}'"


def _spellings(secret: str) -> Iterator[str]:
    yield secret
    if " " in secret:
        yield secret.replace(" ", "+")
    content = secret.encode("utf-8", "surrogatepass")
    for shift, skip in ((0, 0), (1, 2), (2, 3)):  # as it may stand behind a user name and a colon
        whole = base64.b64encode(bytes(shift) + content).decode()[skip : (shift + len(content)) * 8 // 6]
        if len(whole) >= SHORTEST_INSIDE:
            yield from {whole, whole.replace("+", "-").replace("/", "_")}


def _places(text: str, shortest: int) -> Iterator[tuple[int, int]]:
    for length in range(shortest, SHORTEST_INSIDE):
        for start in range(len(text) - length + 1) if _short.get(length) else ():
            end = start + length
            inside = _is_word(text[start - 1 : start]) or _is_word(text[end : end + 1])
            if not inside and text[start:end] in _short[length]:
                yield start, end
    starts = [text[start : start + SHORTEST_INSIDE] for start in range(len(text) - SHORTEST_INSIDE + 1)]
    for start, beginning in () if _long.keys().isdisjoint(starts) else enumerate(starts):
        for spelling in _long.get(beginning, ()):
            if text.startswith(spelling, start):
                yield start, start + len(spelling)


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _decoded(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Returns a text with its escapes undone, and for each character where it was."""
    plain: list[str] = []
    spans: list[tuple[int, int]] = []
    done = 0
    for match in _ESCAPE.finditer(text):
        plain.append(text[done : match.start()])
        spans += [(index, index + 1) for index in range(done, match.start())]
        meant = _meaning(match.group())
        plain.append(meant)
        spans += [match.span()] * len(meant)
        done = match.end()
    spans += [(index, index + 1) for index in range(done, len(text))]
    return "".join([*plain, text[done:]]), spans


def _meaning(escape: str) -> str:
    if escape.startswith("%"):
        return unquote_to_bytes(escape).decode("utf-8", "replace")
    return chr(int(escape[2:], 16)) if escape.startswith("\\u") else escape[1:]


def _without(text: str, found: list[tuple[int, int]]) -> str:
    """Returns a text without some stretches, and without the Base64 around them."""
    kept: list[str] = []
    done = 0
    for start, end in sorted(found):
        if end <= done:
            continue
        start = max(start, done)
        while end < len(text) and end - start >= SHORTEST_INSIDE and _BASE64.match(text[end]):
            end += 1
        kept += [text[done:start], HIDDEN] if start > done or not kept else []
        done = end
    return "".join([*kept, text[done:]])
