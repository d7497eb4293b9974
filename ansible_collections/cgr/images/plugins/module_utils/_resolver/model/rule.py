# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Rules: which build of a tag to choose.

`Rule` is the one declaration of a rule's parts.  Their names, kinds and texts are read from it wherever they are needed: the
arguments of the resolver, the options of Ansible and of the command, the properties of Pulumi, lock entries, documentation.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Callable, Iterable, Mapping, NamedTuple, TypedDict

from ..errors import InvalidArgument, InvalidRule, all_of
from .instant import AtLike, Instant
from .kinds import COUNT, DIGEST, DIGESTS, DURATION, FLAG, INSTANT, PLATFORM, Kind, choice
from .platform import Platform

if TYPE_CHECKING:
    from typing_extensions import Unpack


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
            choice("tag", "build"),
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
            choice("fail", "older"),
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
            " excluded or `builds_back` is given. With `platform` or `pullable`, it is kept even if it may no longer be pulled.",
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
            InvalidInstant, InvalidRule: parts are malformed, or two parts cannot be combined.
            TypeError: a part does not exist.
        """
        values: Mapping[str, Any] = given
        unknown = sorted(set(values) - set(RULE_NAMES))
        if unknown:
            raise TypeError(f"{unknown[0]!r} is not part of a rule; the parts are {', '.join(RULE_NAMES)}")
        found: dict[str, Any] = {}
        wrong: list[InvalidArgument] = []
        for part in PARTS:
            if values.get(part.name) is not None:
                try:
                    found[part.name] = part.kind.parse(part.name, values[part.name])
                except InvalidArgument as error:
                    wrong.append(error)
        if wrong:
            raise all_of(wrong)
        rule = cls(**found)
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
        """Returns the rule with another `current` digest, if it can make a difference."""
        return replace(self, current=digest if self.uses_current else None)

    @property
    def uses_current(self) -> bool:
        """Whether it matters what is deployed: it may be newer than an old enough build, or no longer be pulled."""
        return bool(self.min_age or self.needs_content)

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
        if self.current and not self.uses_current:
            raise InvalidRule(
                "current requires min_age, platform or pullable: without them, the latest build is chosen whatever is deployed.",
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
