# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Everything that can go wrong, by whose fault it is and what to do about it.

    CgrError
    ├── InvalidQuestion          what was asked has no answer: change the arguments
    │   ├── InvalidImage             … the image
    │   ├── InvalidInstant           … the instant `at`
    │   └── InvalidRule              … another part of the rule
    ├── NoSuchBuild              the registry has nothing that fits: change the arguments
    │   ├── UnknownOrganisation
    │   ├── UnknownRepository
    │   ├── UnknownTag
    │   ├── BeforeFirstBuild
    │   └── NoBuildFits              … no build old enough, all of them excluded, or not that many
    ├── AccessRefused            the credentials are missing or do not suffice: sign in
    │   ├── NotSignedIn              … there are none, and the image is not public
    │   ├── BrokenCredentials        … a place that should hold some is broken
    │   ├── WrongAudience            … they were issued for another service
    │   ├── CredentialsExpired       … they were good once
    │   ├── CredentialsRefused       … the registry does not take them
    │   ├── NotEntitled              … they are good, but not for this image
    │   └── DeniedByPolicy           … the organisation's pull policy is against it
    ├── RegistryUnavailable      no answer in time: try again later
    ├── UntrustworthyAnswer      an answer that cannot be believed: tell the registry's owner
    ├── MissingDependency        requests is not installed here
    └── SeveralFailed            some images of a set have no answer, each for a reason of its own

Every message is one sentence or two that a person can act on.  None of these errors ever comes with an answer: whoever
catches one has changed nothing.
"""

from __future__ import annotations

import re
from typing import Any, Mapping

LONGEST_QUOTE = 200

# What looks like a secret: a JSON Web Token, what follows Bearer or Basic, and any long run of letters and digits that is
# no digest.
_SECRET = re.compile(
    r"[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}"
    r"|(?<=bearer )\S+|(?<=basic )\S+"
    r"|(?<![:/\w-])(?=[\w+=-]*[0-9])(?=[\w+=-]*[A-Za-z])[\w+=-]{32,}",
    re.IGNORECASE,
)


class CgrError(Exception):
    """The base of all errors of the resolver.

    `failed_because` is one stable word a program can branch on, `argument` the name of the argument at fault.
    """

    failed_because = "error"
    argument = "image"

    def about(self, image: str) -> CgrError:
        """Returns the error with a message that begins with the image it is about."""
        message = str(self)
        if not message.startswith(image.partition("@")[0].partition(":")[0]):
            self.args = (f"{image}: {message}", *self.args[1:])
        return self


class InvalidQuestion(CgrError):
    """What was asked has no answer: change the arguments."""

    failed_because = "invalid"


class InvalidImage(InvalidQuestion):
    """The image is no reference, names another registry, or still holds a template."""

    failed_because = "invalid_image"


class InvalidInstant(InvalidQuestion):
    """`at` is no instant, or lies in the future."""

    failed_because = "invalid_at"
    argument = "at"


class InvalidRule(InvalidQuestion):
    """A part of the rule is malformed, or does not go together with another; `argument` names it."""

    failed_because = "invalid_rule"

    def __init__(self, message: str, argument: str = "image") -> None:
        super().__init__(message)
        self.argument = argument


class NoSuchBuild(CgrError):
    """The registry answered, but has nothing that fits the question."""

    failed_because = "not_found"


class UnknownOrganisation(NoSuchBuild):
    """The registry has no such organisation."""

    failed_because = "unknown_organisation"


class UnknownRepository(NoSuchBuild):
    """The registry has no such repository."""

    failed_because = "unknown_repository"


class UnknownTag(NoSuchBuild):
    """The repository has no such tag, or no history of it."""

    failed_because = "unknown_tag"


class BeforeFirstBuild(NoSuchBuild):
    """`at` lies before the first build the tag ever pointed at."""

    failed_because = "before_first_build"
    argument = "at"


class NoBuildFits(NoSuchBuild):
    """No build is old enough, all of them are excluded, or there are not that many."""

    failed_because = "no_build_fits"


class AccessRefused(CgrError):
    """The registry wants other credentials, or the caller may not see the repository."""

    failed_because = "access_refused"
    considered: tuple[Any, ...] = ()  # what each source of credentials had to say, as far as they were asked


class NotSignedIn(AccessRefused):
    """No credentials were found, and the image is not public."""

    failed_because = "not_signed_in"


class BrokenCredentials(AccessRefused):
    """A place that should hold credentials is broken: a file, a helper, a setting."""

    failed_because = "broken_credentials"


class WrongAudience(AccessRefused):
    """The token was issued for another service; it was not sent."""

    failed_because = "wrong_audience"


class CredentialsExpired(AccessRefused):
    """The credentials were good once."""

    failed_because = "credentials_expired"


class CredentialsRefused(AccessRefused):
    """The registry, or the issuer, does not take the credentials."""

    failed_because = "credentials_refused"


class NotEntitled(AccessRefused):
    """The credentials are good, but do not give access to this image."""

    failed_because = "not_entitled"


class DeniedByPolicy(AccessRefused):
    """A pull policy of the organisation refuses the image."""

    failed_because = "denied_by_policy"


class RegistryUnavailable(CgrError):
    """The registry could not be reached or did not answer in time: try again later."""

    failed_because = "unavailable"


class UntrustworthyAnswer(CgrError):
    """The registry answered something that cannot be believed, so no digest is taken from it."""

    failed_because = "untrustworthy_answer"


class MissingDependency(CgrError):
    """The Python library requests is not installed where the question is asked."""

    failed_because = "missing_dependency"


class SeveralFailed(CgrError):
    """Some images of a set have no answer, so none is taken; `errors` holds why, by the keys of the set."""

    failed_because = "several_failed"
    argument = "images"
    errors: Mapping[str, CgrError]

    @classmethod
    def of(cls, errors: Mapping[str, CgrError], asked: int) -> SeveralFailed:
        """Makes the error that lists each one."""
        lines = [f"- {key}: {error}" for key, error in errors.items()]
        failed = cls("\n".join([f"{len(errors)} of {asked} images have no answer, so none is taken:", *lines]))
        failed.errors = dict(errors)
        words = {error.failed_because for error in errors.values()}
        failed.failed_because = words.pop() if len(words) == 1 else cls.failed_because
        return failed


def of_word(failed_because: str, message: str) -> CgrError:
    """Makes the error of a word again, as another process has seen it."""
    kinds = [CgrError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return next((kind for kind in kinds if kind.failed_because == failed_because), CgrError)(message)


def quoted(text: str) -> str:
    """Returns `text` in quotes, on one line, without control characters and secrets, cut to a readable length.

    For whatever came from outside and goes into a message.
    """
    text = _SECRET.sub("…", text[: 20 * LONGEST_QUOTE])
    plain = "".join(c if c.isprintable() else " " for c in text[: LONGEST_QUOTE + 1])
    if len(plain) > LONGEST_QUOTE:
        plain = plain[:LONGEST_QUOTE] + "…"
    return f"'{plain}'"
