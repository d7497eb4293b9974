# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Everything that can go wrong, by whose fault it is and what to do about it.

    CgrError
    ├── InvalidArgument          what was asked has no answer: change the arguments
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
    ├── NotLocked                the lock has no answer: lock the image
    ├── InvalidLock              the lock cannot be used: mend it
    └── SeveralFailed            some images of a set have no answer, each for a reason of its own

Every message is one sentence or two that a person can act on, without secrets (see `redaction.py`).  None of these errors ever
comes with an answer: whoever catches one has changed nothing.  `docs/errors.md` is made of the docstrings: what is the matter,
then `Cure:`.
"""

from __future__ import annotations

from typing import Any, Mapping

from .redaction import hide_secrets
from .redaction import redact as redact  # what is quoted in messages


class CgrError(Exception):
    """The base of all errors of the resolver.

    Attributes:
        message: one sentence, or two, that a person can act on.
        image: the image it is about, if it is about one.
        argument: the name of the argument at fault.
        error_code: one stable word that a program can branch on.
    """

    error_code = "error"
    argument = "image"
    considered: tuple[Any, ...] = ()  # what each source of credentials had to say, as far as they were asked

    def __init__(self, message: str, argument: str | None = None, *, image: str | None = None) -> None:
        self.message = hide_secrets(message)
        super().__init__(self.message)
        self.image = hide_secrets(image) if image else None
        self.argument = argument or type(self).argument

    def __str__(self) -> str:
        """Returns the message, after the image it is about."""
        return f"{self.image}: {self.message}" if self.image else self.message

    def with_image(self, image: str) -> CgrError:
        """Says which image the error is about, unless it is known already; returns the error."""
        self.image = self.image or hide_secrets(image)
        return self

    def to_dict(self) -> dict[str, Any]:
        """Returns the error as JSON data, for another process; `error_from_dict` reads it."""
        return {"error_code": self.error_code, "message": self.message, "image": self.image, "argument": self.argument}


class InvalidArgument(CgrError):
    """What was asked has no answer, or a setting is malformed.

    Cure: Change the argument, setting or variable that the sentence names.
    """

    error_code = "invalid"


class InvalidImage(InvalidArgument):
    """The image is no reference, names another registry than `cgr.dev`, or still holds a template.

    Cure: Write `cgr.dev/ORG/IMAGE[:TAG]`; what a template is to fill in must be filled in before.
    """

    error_code = "invalid_image"


class InvalidInstant(InvalidArgument):
    """`at` is no instant, or lies in the future by the registry's clock.

    Cure: Write it like `2026-01-31T12:00:00Z` or `2026-01-31`; leave it out for the latest build.
    """

    error_code = "invalid_at"
    argument = "at"


class InvalidRule(InvalidArgument):
    """A part of the rule is malformed, or does not go together with another; `argument` names it.

    Cure: Mend that part, or drop one of the two.
    """

    error_code = "invalid_rule"


class NoSuchBuild(CgrError):
    """The registry answered, but has nothing that fits the question.

    Cure: Compare the image and the rule with what there is.
    """

    error_code = "not_found"


class UnknownOrganisation(NoSuchBuild):
    """The registry has no such organisation.

    Cure: Check its spelling: `chainctl iam organizations list` shows yours.
    """

    error_code = "unknown_organisation"


class UnknownRepository(NoSuchBuild):
    """The registry has no such repository.

    Cure: Check its spelling: `chainctl images repos list --parent ORG` shows those of an organisation.
    """

    error_code = "unknown_repository"


class UnknownTag(NoSuchBuild):
    """The repository has no such tag, or no history of it.

    Cure: Check its spelling, and that the repository still has it; not every tag of an upstream image exists.
    """

    error_code = "unknown_tag"


class BeforeFirstBuild(NoSuchBuild):
    """`at` lies before the first build the tag ever pointed at.

    Cure: Ask for an instant after the one that the sentence names, or for a tag that is older.
    """

    error_code = "before_first_build"
    argument = "at"


class NoBuildFits(NoSuchBuild):
    """No build is old enough, all of them are excluded, or there are not that many.

    Cure: Lessen `min_age` or `builds_back`, or take a digest out of `exclude`; `digest` pins one whatever the rule.
    """

    error_code = "no_build_fits"


class AccessRefused(CgrError):
    """The registry wants other credentials, or the caller may not see the repository.

    Cure: Sign in, or ask for access; `credentials_for` says which credentials were used, and why.
    """

    error_code = "access_refused"


class NotSignedIn(AccessRefused):
    """No credentials were found, and the image is not public, or does not exist.

    Cure: Check the image's spelling; then `chainctl auth configure-docker`, or set `CGR_TOKEN`, or what else suits the place.
    """

    error_code = "not_signed_in"


class BrokenCredentials(AccessRefused):
    """A place that should hold credentials is broken: a file, a helper, a setting.

    Cure: Mend or remove what the sentence names; the places after it are not asked, lest other credentials be used unnoticed.
    """

    error_code = "broken_credentials"


class WrongAudience(AccessRefused):
    """The token was issued for another service; it was not sent.

    Cure: Get one for `cgr.dev`: `chainctl auth token --audience cgr.dev`.
    """

    error_code = "wrong_audience"


class CredentialsExpired(AccessRefused):
    """The credentials were good once.

    Cure: Make a new pull token: `chainctl auth configure-docker --pull-token --parent ORG`.
    """

    error_code = "credentials_expired"


class CredentialsRefused(AccessRefused):
    """The registry, or the issuer, does not take the credentials: malformed, expired, not trusted; or the image does not exist.

    Cure: Renew them where the sentence says they come from; for an identity, see `chainctl iam identities list`.
    """

    error_code = "credentials_refused"


class NotEntitled(AccessRefused):
    """The credentials are good, but do not give access to this image, or it does not exist.

    Cure: `chainctl images repos list --parent ORG` shows what they may pull; ask the organisation's owner for a role that may.
    """

    error_code = "not_entitled"


class DeniedByPolicy(AccessRefused):
    """A pull policy of the organisation refuses the image.

    Cure: Ask for an older build (`min_age`, `builds_back`), or see with whoever set the policy what it allows.
    """

    error_code = "denied_by_policy"


class RegistryUnavailable(CgrError):
    """The registry, or what stands before it, could not be reached, failed, or did not answer in time.

    Cure: Try again later; check network, proxy and `REQUESTS_CA_BUNDLE`; raise `timeout` on a slow network.
    """

    error_code = "unavailable"


class UntrustworthyAnswer(CgrError):
    """The registry, or something before it, answered what cannot be believed, so no digest is taken from it.

    Cure: See what stands in between (a proxy, a sign-in page, a test registry); until it is mended, pin the digest yourself.
    """

    error_code = "untrustworthy_answer"


class MissingDependency(CgrError):
    """The Python library requests is not installed where the question is asked; or PyYAML, where YAML files are to be read.

    Cure: Install it: `python -m pip install requests PyYAML`, with the Python that runs Ansible or the program.
    """

    error_code = "missing_dependency"


class NotLocked(CgrError):
    """The lock has no pin for this image and this rule, and only the lock is asked.

    Cure: Run the command that the sentence ends with, and commit the lock; or set `lock` to nothing for this image.
    """

    error_code = "not_locked"


class InvalidLock(CgrError):
    """The lock is missing where there must be one, is malformed, contradicts itself, or cannot be written.

    Cure: Take it back from git, or let `cgr-images lock` write it anew. It is not to be written by hand.
    """

    error_code = "invalid_lock"
    argument = "lock"


class SeveralFailed(CgrError):
    """Some images of a set cannot be resolved, so none is; `errors` holds the reasons, by the keys of the set.

    Cure: Fix each of them by its own error code; if all have the same one, the set has it, too.
    """

    error_code = "several_failed"
    argument = "images"

    def __init__(self, errors: Mapping[str, CgrError], total: int) -> None:
        lines = [f"- {error}" if error.image == key else f"- {key}: {error}" for key, error in errors.items()]
        super().__init__("\n".join([f"{len(errors)} of {total} images cannot be resolved, so none is:", *lines]))
        self.errors = dict(errors)
        self.total = total
        codes = {error.error_code for error in errors.values()}
        self.error_code = codes.pop() if len(codes) == 1 else type(self).error_code

    def to_dict(self) -> dict[str, Any]:
        """Returns the error and those it consists of as JSON data."""
        errors = {key: error.to_dict() for key, error in self.errors.items()}
        return {**super().to_dict(), "errors": errors, "total": self.total}


def error_from_dict(data: Mapping[str, Any]) -> CgrError:
    """Reads what `CgrError.to_dict` returned, in this process or another one.

    Raises:
        KeyError, TypeError, AttributeError: it is something else.
    """
    if "errors" in data:
        errors = {str(key): error_from_dict(error) for key, error in data["errors"].items()}
        return SeveralFailed(errors, int(data["total"]))
    code = data["error_code"]
    kind = next((kind for kind in _all_kinds() if kind.error_code == code), CgrError)
    return kind(str(data["message"]), data["argument"], image=data["image"])


def _all_kinds() -> list[type[CgrError]]:
    kinds: list[type[CgrError]] = [CgrError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return kinds
