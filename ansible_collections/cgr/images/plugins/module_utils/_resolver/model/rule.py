# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Rules: which build of a tag to choose.

`Rule` is the one declaration of a rule's parts.  Their names, kinds and texts are read from it wherever they are needed: the
arguments of the resolver, the options of Ansible and of the command, the properties of Pulumi, lock entries, documentation.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Callable, Iterable, Mapping, NamedTuple, TypedDict

from ..errors import InvalidInstant, InvalidRule
from ..redaction import redact
from .duration import format_duration, parse_duration
from .grammar import is_digest
from .instant import AtLike, Instant
from .platform import Platform

if TYPE_CHECKING:
    from typing_extensions import Unpack

MAX_BUILDS_BACK = 10_000


class RuleArguments(TypedDict, total=False):
    """The parts of a rule as a user writes them; see `Rule` for what they mean."""

    at: AtLike | None
    min_age: str | None
    min_age_from: str | None
    builds_back: int | None
    exclude: Iterable[str] | None
    platform: str | None
    pullable: bool | None
    on_denied: str | None
    check_mirror: bool | None
    details: bool | None
    current: str | None
    stale_after: str | None
    signed: bool | None


class Kind(NamedTuple):
    """The kind of value that a part holds.

    Attributes:
        name: its name.
        parse: reads a value from what a user wrote, by the name of the argument.
        to_json: writes a value as JSON data.
        choices: the values to choose from, the default first; none for a value that is free.
    """

    name: str
    parse: Callable[[str, Any], Any]
    to_json: Callable[[Any], Any]
    choices: tuple[str, ...] = ()


class Part(NamedTuple):
    """One part of a rule.

    Attributes:
        name: the name of the argument, option or property.
        kind: the kind of its values.
        text: what it means, in Markdown.
        is_locked: whether it belongs to the key of a lock entry, and to the state of a resource.
        is_shared: whether a set of images may share it.
        chooses: whether it can change the result.
    """

    name: str
    kind: Kind
    text: str
    is_locked: bool
    is_shared: bool
    chooses: bool


def parse_at(at: AtLike, name: str = "at") -> Instant:
    """Parses the instant a user asks for.

    Args:
        at: RFC 3339 or ISO 8601 text, a date or a datetime; UTC if it has no time zone.
        name: the name of the argument, for the error.

    Raises:
        InvalidInstant: it is empty, a bare number, or malformed.
    """
    try:
        if isinstance(at, str) and not at.strip():
            raise ValueError("is empty; omit it to get the latest build")
        return Instant.of(at)
    except ValueError as error:
        raise InvalidInstant(f"{name} {redact(at)} {error}.", name) from error


def parse_current(value: object, name: str = "current") -> str | None:
    """Parses the digest that is deployed; `None` if none is given.

    Raises:
        InvalidRule: it is neither a digest nor a ref that ends with one.
    """
    if value is None or value == "":
        return None
    digest = value.rpartition("@")[2] if isinstance(value, str) else ""
    if not is_digest(digest):
        raise InvalidRule(f"{name} {redact(value)} is neither a digest nor a ref that ends with one.", name)
    return digest


def _parse_duration(name: str, value: object) -> int:
    try:
        return parse_duration(value)
    except ValueError as error:
        raise InvalidRule(f"{name} {redact(value)} {error}.", name) from error


def _parse_count(name: str, value: object) -> int:
    # Pulumi passes every number as a float, and Ansible may pass it as text.
    count = int(value) if _is_whole(value) else -1  # type: ignore[call-overload]
    if not 0 <= count <= MAX_BUILDS_BACK:
        raise InvalidRule(f"{name} {redact(value)} is not a whole number from 0 to {MAX_BUILDS_BACK}.", name)
    return int(count)


def _is_whole(value: object) -> bool:
    if isinstance(value, str):
        return value.isascii() and value.isdecimal() and len(value) < 10
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, int) and not isinstance(value, bool)


def _parse_digests(name: str, value: object) -> frozenset[str]:
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, Iterable) or isinstance(found, (Mapping, bytes)):
        raise InvalidRule(f"{name} {redact(value)} is not a list of digests.", name)
    digests = list(found)
    for digest in digests:
        if not is_digest(digest):
            raise InvalidRule(
                f"{name} contains {redact(digest)}, which is not a digest: write sha256: and 64 lower-case hex digits.",
                name,
            )
    return frozenset(digests)


def _parse_flag(name: str, value: object) -> bool:
    # A command line and Ansible's variables may hold it as text.
    text = str(value).strip().lower()
    if text not in ("true", "false"):
        raise InvalidRule(f"{name} {redact(value)} is neither true nor false.", name)
    return text == "true"


def _choice(*choices: str) -> Kind:
    """Returns the kind of a choice; the first one is the default, and is held as the empty text."""

    def parse(name: str, value: object) -> str:
        if value not in choices:
            raise InvalidRule(f"{name} {redact(value)} is unknown: write {' or '.join(choices)}.", name)
        return "" if value == choices[0] else str(value)

    return Kind("choice", parse, str, choices)


INSTANT = Kind("instant", lambda name, value: parse_at(value, name), str)
DURATION = Kind("duration", _parse_duration, format_duration)
COUNT = Kind("count", _parse_count, int)
DIGESTS = Kind("digests", _parse_digests, sorted)
PLATFORM = Kind("platform", lambda name, value: Platform.parse(value, name), str)
FLAG = Kind("flag", _parse_flag, bool)
DIGEST = Kind("digest", lambda name, value: parse_current(value, name), str)


def _part(
    kind: Kind, text: str, is_locked: bool = True, is_shared: bool = True, chooses: bool = True
) -> dict[str, Any]:
    return {"kind": kind, "text": text, "is_locked": is_locked, "is_shared": is_shared, "chooses": chooses}


@dataclass(frozen=True)
class Rule:
    """Which build to choose; every part is valid, and they fit together.

    Durations are in nanoseconds, 0 if not given.
    """

    at: Instant | None = field(
        default=None,
        metadata=_part(
            INSTANT,
            "Resolve as of this instant, such as `2026-01-31T12:00:00Z` or `2026-01-31` (midnight): RFC 3339 or ISO 8601 text, a"
            " date, or a date and time. Without a time zone it means UTC. The default is the present.",
        ),
    )
    min_age: int = field(
        default=0,
        metadata=_part(
            DURATION,
            "The minimum age of the build by the registry's clock, such as `7d`, `36h` or `P7D`. Cannot be combined with `at`.",
        ),
    )
    min_age_from: str = field(
        default="",
        metadata=_part(
            _choice("tag", "build"),
            "The time from which `min_age` counts: `tag` is when the tag moved to the build, `build` is when it was built, as"
            " Chainguard's pull policy `cooldown` counts. A build that gives no time is not old enough. By default `tag`.",
        ),
    )
    builds_back: int = field(
        default=0,
        metadata=_part(
            COUNT,
            "How many builds to go back from the one that would be chosen otherwise. A return to an earlier digest counts, too.",
        ),
    )
    exclude: frozenset[str] = field(
        default=frozenset(),
        metadata=_part(DIGESTS, "Digests of builds known to be bad. The next older build is chosen instead."),
    )
    platform: Platform | None = field(
        default=None,
        metadata=_part(
            PLATFORM,
            "The platform whose image to pin, such as `linux/arm64`; the name of an architecture (`x86_64`, `aarch64`) means"
            " Linux. By default, the index of all platforms is pinned.",
        ),
    )
    pullable: bool = field(
        default=False,
        metadata=_part(
            FLAG,
            "Check that the registry serves the build to these credentials: that it still exists and that no pull policy denies"
            " it. A build that is deployed already is kept even if it is denied.",
            is_locked=False,
        ),
    )
    on_denied: str = field(
        default="",
        metadata=_part(
            _choice("fail", "older"),
            "What to do about a build that may not be used: `fail`, or choose the newest `older` one that may be used. Requires"
            " `pullable` or `signed`. With `at` it always fails. By default `fail`.",
            is_locked=False,
        ),
    )
    check_mirror: bool = field(
        default=False,
        metadata=_part(
            FLAG,
            "For an image on a mirror, check that the mirror serves the build, with the credentials that Docker has for it. A"
            " mirror that pulls through fetches the build when it is asked.",
            is_locked=False,
        ),
    )
    details: bool = field(
        default=False,
        metadata=_part(FLAG, "Also return the platforms of the image and when it was built.", is_locked=False),
    )
    current: str | None = field(
        default=None,
        metadata=_part(
            DIGEST,
            "The digest or the `ref` that is deployed now. With `min_age`, an older build never replaces it, unless it is"
            " excluded or `builds_back` is given. With `pullable`, it is kept even if it may no longer be pulled.",
            is_locked=False,
            is_shared=False,
        ),
    )
    stale_after: int = field(
        default=0,
        metadata=_part(
            DURATION,
            "Warn if the newest build is older than this, such as `30d`.",
            is_locked=False,
            chooses=False,
        ),
    )
    signed: bool = field(
        default=False,
        metadata=_part(
            FLAG,
            "Whether the digest must be signed by one of the `signers`, which cosign verifies. If it is not, resolving it is an"
            " error. The digest of an image that is already pinned is verified, too.",
        ),
    )

    @classmethod
    def parse(cls, **given: Unpack[RuleArguments]) -> Rule:
        """Parses the parts of a rule as a user writes them; `None` means that a part is not given.

        Raises:
            InvalidInstant, InvalidRule: a part is malformed, or two parts cannot be combined.
            TypeError: a part does not exist.
        """
        values: Mapping[str, Any] = given
        unknown = sorted(set(values) - set(RULE_NAMES))
        if unknown:
            raise TypeError(f"{unknown[0]!r} is not part of a rule; the parts are {', '.join(RULE_NAMES)}")
        parts = (part for part in PARTS if values.get(part.name) is not None)
        rule = cls(**{part.name: part.kind.parse(part.name, values[part.name]) for part in parts})
        rule._reject_contradictions()
        return rule

    def to_dict(self, is_wanted: Callable[[Part], bool] = lambda part: part.chooses) -> dict[str, Any]:
        """Returns the parts that are given as JSON data, each in its one text form.

        Args:
            is_wanted: which parts to return; by default those that can change which build is chosen.
        """
        return {
            part.name: part.kind.to_json(value)
            for part in PARTS
            if is_wanted(part) and (value := getattr(self, part.name))
        }

    def with_current(self, digest: str | None) -> Rule:
        """Returns the rule with another `current` digest, which only `min_age` and `pullable` use."""
        return replace(self, current=digest if self.min_age or self.pullable else None)

    @property
    def checks_build(self) -> bool:
        """Whether the chosen build must be looked at, not only the history."""
        return self.needs_content or self.signed

    @property
    def needs_content(self) -> bool:
        """Whether the manifest of the chosen build is needed, not only its digest."""
        return bool(self.platform or self.pullable or self.check_mirror or self.details)

    def _reject_contradictions(self) -> None:
        for other in ("min_age", "stale_after"):
            if self.at is not None and getattr(self, other):
                raise InvalidRule(
                    f"at and {other} cannot be combined: at names the instant, and {other} counts from now.", other
                )
        if self.current and not self.min_age and not self.pullable:
            raise InvalidRule(
                "current requires min_age or pullable: without them, the latest build is chosen whatever is deployed.",
                "current",
            )
        for name, required in (("min_age_from", ("min_age",)), ("on_denied", ("pullable", "signed"))):
            if getattr(self, name) and not any(getattr(self, each) for each in required):
                raise InvalidRule(
                    f"{name} {getattr(self, name)} requires {' or '.join(required)}: give it, too, or omit {name}.",
                    name,
                )


PARTS = tuple(
    Part(each.name, **{key: each.metadata[key] for key in ("kind", "text", "is_locked", "is_shared", "chooses")})
    for each in fields(Rule)
)
RULE_NAMES = tuple(part.name for part in PARTS)
