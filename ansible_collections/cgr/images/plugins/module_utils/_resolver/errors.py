# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The errors of the resolver, by whose fault they are and what to do about them.

    CgrError
    ├── InvalidArgument          an argument or a setting is wrong: change it
    │   ├── InvalidImage             … the image
    │   ├── InvalidInstant           … the instant `at`
    │   └── InvalidRule              … another part of the rule
    ├── NoSuchBuild              the registry has nothing that matches: change the arguments
    │   ├── UnknownOrganisation
    │   ├── UnknownRepository
    │   ├── UnknownTag
    │   ├── BeforeFirstBuild
    │   └── NoBuildFits              … no build is old enough, all are excluded, or there are not that many
    ├── AccessRefused            the credentials are missing or do not suffice: sign in
    │   ├── NotSignedIn              … none were found, and the image is not public
    │   ├── BrokenCredentials        … a place that should hold some is broken
    │   ├── WrongAudience            … they were issued for another service
    │   ├── CredentialsExpired       … they have expired
    │   ├── CredentialsRefused       … the registry does not accept them
    │   ├── NotEntitled              … they are valid, but not for this image
    │   └── DeniedByPolicy           … the organisation's pull policy denies the image
    ├── RegistryUnavailable      no answer in time: try again later
    ├── UntrustworthyAnswer      an answer that cannot be trusted: tell the registry's owner
    ├── MissingDependency        a Python library is not installed
    ├── NotLocked                the lock file does not contain the image: lock it
    ├── InvalidLock              the lock file cannot be used: fix it
    └── SeveralFailed            some images of a set failed, each for a reason of its own


Every message is one sentence or two that a person can act on, without secrets (see `redaction.py`).  An error never comes with
a result: whoever catches one has changed nothing.  `docs/reference/errors.md` is made from the docstrings: the problem, then
`Fix:`.
"""

from __future__ import annotations

from typing import Any, Mapping

from .redaction import hide_secrets

MOST_ALIKE = 5
"""How many images of a set are listed one by one that fail for the same reason."""


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
    considered: tuple[Any, ...] = ()  # the outcome of each source of credentials that was asked

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
    """An argument or a setting is wrong.

    Fix: Change the argument, setting or variable that the message names.
    """

    error_code = "invalid"


class InvalidImage(InvalidArgument):
    """The image is not a reference, is in another registry than `cgr.dev`, or still contains a template.

    Fix: Write `cgr.dev/ORG/IMAGE[:TAG]`, and render templates before.
    """

    error_code = "invalid_image"


class InvalidInstant(InvalidArgument):
    """`at` is not an instant, or is in the future by the registry's clock.

    Fix: Write it like `2026-01-31T12:00:00Z` or `2026-01-31`; omit it to get the latest build.
    """

    error_code = "invalid_at"
    argument = "at"


class InvalidRule(InvalidArgument):
    """A part of the rule is malformed, or cannot be combined with another; `argument` names it.

    Fix: Correct that part, or remove one of the two.
    """

    error_code = "invalid_rule"


class NoSuchBuild(CgrError):
    """The registry answered, but has nothing that matches.

    Fix: Compare the image and the rule with what the registry has.
    """

    error_code = "not_found"


class UnknownOrganisation(NoSuchBuild):
    """The organisation does not exist in the registry.

    Fix: Check its spelling: `chainctl iam organizations list` shows yours.
    """

    error_code = "unknown_organisation"


class UnknownRepository(NoSuchBuild):
    """The repository does not exist in the registry.

    Fix: Check its spelling: `chainctl images repos list --parent ORG` shows those of an organisation.
    """

    error_code = "unknown_repository"


class UnknownTag(NoSuchBuild):
    """The tag does not exist in the repository, or has no history.

    Fix: Check its spelling, and that the repository still has it; not every tag of an upstream image exists.
    """

    error_code = "unknown_tag"


class BeforeFirstBuild(NoSuchBuild):
    """`at` is before the first build that the tag pointed at.

    Fix: Ask for an instant after the one in the message, or for an older tag.
    """

    error_code = "before_first_build"
    argument = "at"


class NoBuildFits(NoSuchBuild):
    """No build is old enough, all of them are excluded, or the tag does not have that many.

    Fix: Reduce `min_age` or `builds_back`, or remove a digest from `exclude`; `digest` pins one regardless of the rule.
    """

    error_code = "no_build_fits"


class AccessRefused(CgrError):
    """The registry requires other credentials, or the caller may not see the repository.

    Fix: Sign in, or ask for access; `credentials_for` says which credentials were used, and why.
    """

    error_code = "access_refused"


class NotSignedIn(AccessRefused):
    """No credentials were found, and the image is not public, or does not exist.

    Fix: Check the image's spelling; then run `chainctl auth configure-docker`, or set `CGR_TOKEN`.
    """

    error_code = "not_signed_in"


class BrokenCredentials(AccessRefused):
    """A place that should hold credentials is broken: a file, a helper, a setting.

    Fix: Repair or remove what the message names; later places are not used, so that no other credentials are sent unnoticed.
    """

    error_code = "broken_credentials"


class WrongAudience(AccessRefused):
    """The token was issued for another service; it was not sent.

    Fix: Get one for `cgr.dev`: `chainctl auth token --audience cgr.dev`.
    """

    error_code = "wrong_audience"


class CredentialsExpired(AccessRefused):
    """The credentials have expired.

    Fix: Create a new pull token: `chainctl auth configure-docker --pull-token --parent ORG`.
    """

    error_code = "credentials_expired"


class CredentialsRefused(AccessRefused):
    """The registry or the issuer does not accept the credentials: malformed, expired or untrusted; or the image does not exist.

    Fix: Renew them where the message says they come from; for an identity, see `chainctl iam identities list`.
    """

    error_code = "credentials_refused"


class NotEntitled(AccessRefused):
    """The credentials are valid, but do not give access to this image, or it does not exist.

    Fix: `chainctl images repos list --parent ORG` lists what they may pull; ask the organisation's owner for a role.
    """

    error_code = "not_entitled"


class DeniedByPolicy(AccessRefused):
    """A pull policy of the organisation denies the image.

    Fix: Ask for an older build (`min_age`, `builds_back`), or ask whoever set the policy what it allows.
    """

    error_code = "denied_by_policy"


class RegistryUnavailable(CgrError):
    """The registry, or a proxy in front of it, could not be reached, failed, or did not answer in time.

    Fix: Try again later; check network, proxy and `REQUESTS_CA_BUNDLE`; increase `timeout` on a slow network.
    """

    error_code = "unavailable"


class UntrustworthyAnswer(CgrError):
    """The answer of the registry, or of something in front of it, cannot be trusted, so no digest is taken from it.

    Fix: Find out what is in between (a proxy, a sign-in page, a test registry); until it is fixed, pin the digest yourself.
    """

    error_code = "untrustworthy_answer"


class MissingDependency(CgrError):
    """A Python library is not installed: requests, or PyYAML to read YAML files.

    Fix: Install it with the Python that runs Ansible or the program: `python -m pip install requests PyYAML`.
    """

    error_code = "missing_dependency"


class NotLocked(CgrError):
    """The lock file has no pin for this image and rule, and images are resolved only from it.

    Fix: Run the command in the message and commit the lock file; or set `lock` to nothing for this image.
    """

    error_code = "not_locked"


class InvalidLock(CgrError):
    """The lock file is missing, malformed, contradicts itself, or cannot be written.

    Fix: Restore it from git, or write it anew with `cgr-images lock`. Do not edit it by hand.
    """

    error_code = "invalid_lock"
    argument = "lock"


class SeveralFailed(CgrError):
    """Some images of a set cannot be resolved, so none is; `errors` holds the reasons, by the keys of the set.

    Fix: Handle each of them by its own error code; if all have the same one, the set has it, too.
    """

    error_code = "several_failed"
    argument = "images"

    def __init__(self, errors: Mapping[str, CgrError], total: int) -> None:
        head = f"{len(errors)} of {total} images cannot be resolved, so none is:"
        super().__init__("\n".join([head, *_listed(errors)]))
        self.errors = dict(errors)
        self.total = total
        codes = {error.error_code for error in errors.values()}
        self.error_code = codes.pop() if len(codes) == 1 else type(self).error_code

    def to_dict(self) -> dict[str, Any]:
        """Returns the error and those it consists of as JSON data."""
        errors = {key: error.to_dict() for key, error in self.errors.items()}
        return {**super().to_dict(), "errors": errors, "total": self.total}


def _listed(errors: Mapping[str, CgrError]) -> list[str]:
    """Returns a line for each error, or one for all that have the same message if they are many."""
    alike: dict[str, list[str]] = {}
    for key, error in errors.items():
        alike.setdefault(error.message, []).append(key)
    lines = []
    for key, error in errors.items():
        keys = alike[error.message]
        if len(keys) <= MOST_ALIKE:
            lines.append(f"- {error}" if error.image == key else f"- {key}: {error}")
        elif key == keys[0]:
            lines.append(f"- {', '.join(keys[:MOST_ALIKE])} and {len(keys) - MOST_ALIKE} more: {error.message}")
    return lines


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
    return kind(str(data["message"]), data.get("argument"), image=data.get("image"))  # Pulumi drops what is None


def _all_kinds() -> list[type[CgrError]]:
    kinds: list[type[CgrError]] = [CgrError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return kinds
