# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Durations, as users write them: `7d`, `36h`, `1d12h`, or in ISO 8601 `P7D`, `PT36H`, `P1W`."""

from __future__ import annotations

import re

from .instant import DAY, HOUR, MINUTE, SECOND

_UNITS = (("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND))
_SHORT = re.compile(r"(?:(?P<w>[0-9]+)w)?(?:(?P<d>[0-9]+)d)?(?:(?P<h>[0-9]+)h)?(?:(?P<m>[0-9]+)m)?(?:(?P<s>[0-9]+)s)?")
_ISO = re.compile(
    r"P(?:(?P<w>[0-9]+)W)?(?:(?P<d>[0-9]+)D)?(?:T(?=[0-9])(?:(?P<h>[0-9]+)H)?(?:(?P<m>[0-9]+)M)?(?:(?P<s>[0-9]+)S)?)?"
)
LONGEST = 100_000 * DAY


def parse_duration(text: object) -> int:
    """Parses a duration.

    Args:
        text: whole weeks, days, hours, minutes and seconds, each at most once and in this order: `7d`, `36h`, `1d12h`, or
            as an ISO 8601 duration without years, months and fractions: `P7D`, `PT36H`.

    Returns:
        Nanoseconds, more than 0.

    Raises:
        ValueError: `text` is something else; the message is a predicate, such as "is not a duration".
    """
    match = (_SHORT.fullmatch(text) or _ISO.fullmatch(text)) if isinstance(text, str) else None
    parts = {unit: int(count) for unit, count in match.groupdict().items() if count and len(count) < 9} if match else {}
    found = parts.pop("w", 0) * 7 * DAY + sum(parts.get(unit, 0) * size for unit, size in _UNITS)
    if not 0 < found <= LONGEST:
        raise ValueError("is not a duration; write it like 7d, 36h or P7D")
    return found


def format_duration(nanoseconds: int) -> str:
    """Returns the one text form of a duration of whole seconds: `7d`, `1d12h`."""
    text = ""
    for unit, size in _UNITS:
        count, nanoseconds = divmod(nanoseconds, size)
        text += f"{count}{unit}" if count else ""
    return text


def humanize_duration(nanoseconds: int) -> str:
    """Returns a duration for a person, in its two largest units: `2 d 4 h`, `3 min 20 s`, `0 s`."""
    parts = []
    rest = max(nanoseconds, 0)
    for unit, name in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (SECOND, "s")):
        count, rest = divmod(rest, unit)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2]) or "0 s"
