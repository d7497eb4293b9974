# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Reading what a query needs from the manifest of a build: its platforms, when it was built, whether it may be pulled.

An index and the images that it lists have digests of their own.  A tag's history, `exclude` and `current` speak of the index.
"""

from __future__ import annotations

from typing import Iterable, Mapping

from ..errors import DeniedByPolicy, Gone, InvalidRule, UnknownPlatform, UntrustworthyAnswer
from ..model.details import Details
from ..model.instant import Instant
from ..model.manifest import Manifest
from ..model.platform import Platform
from ..model.rule import Rule
from ..registry.content import Content

DEFAULT_PLATFORM = Platform("linux", "amd64")
"""The platform whose image says when it was built, if the index does not."""


def read_details(content: Content, rule: Rule, index: str) -> Details:
    """Reads what a rule needs of a build.

    Args:
        content: the content of the repository.
        rule: the rule.
        index: the digest that the tag pointed at.

    Raises:
        UnknownPlatform: the build has no image for the platform.
        InvalidRule: `exclude` contains the digest of an image that the index lists.
        DeniedByPolicy, Gone: the build may not be pulled, or is no longer served.
        UntrustworthyAnswer: its manifest cannot be trusted.
        AccessRefused, RegistryUnavailable: as for a history.
    """
    manifest = content.manifest(index, "the index", anew=rule.pullable)
    platforms = _platforms(manifest)
    _reject_excluded_image(rule, platforms, index)
    wanted = _wanted(rule, manifest, platforms)
    pulled = {
        platform: content.manifest(digest, f"the image for {platform}", anew=True)
        for platform, digest in wanted.items()
        if rule.pullable
    }
    named = str(rule.platform or DEFAULT_PLATFORM)
    created = manifest.created or (pulled[named].created if named in pulled else None)
    if created is None and rule.details and named not in pulled:
        created = _created_of_image(content, platforms, rule.platform)
    return Details(index, str(rule.platform or ""), platforms, created)


def read_created(content: Content, index: str, platform: Platform | None) -> Instant | None:
    """Returns when a build was built; `None` if it does not say.

    Args:
        content: the content of the repository.
        index: the digest that the tag pointed at.
        platform: the platform whose image is asked if the index does not say; by default `linux/amd64`.

    Raises:
        DeniedByPolicy, Gone: its manifest may not be pulled, or is no longer served.
        UntrustworthyAnswer, AccessRefused, RegistryUnavailable: as for a history.
    """
    manifest = content.manifest(index, "the index")
    return manifest.created or _created_of_image(content, _platforms(manifest), platform)


def index_of(content: Content, image: str, candidates: Iterable[str]) -> str | None:
    """Returns which of some indexes lists an image; `None` for a digest that is itself that of an index.

    Args:
        content: the content of the repository.
        image: the digest of the image.
        candidates: the digests of the indexes, in the order in which to look.

    Raises:
        UntrustworthyAnswer, AccessRefused, RegistryUnavailable: as for a history.
    """
    if _is_index(content, image):
        return None
    return next(
        (candidate for candidate in candidates if image in _readable_platforms(content, candidate).values()), None
    )


def images_to_pull(details: Details) -> Mapping[str, str]:
    """Returns the digests that a pull asks for, by what they are."""
    images = {details.platform: details.platforms[details.platform]} if details.platform else details.platforms
    return {"the index": details.index, **{f"the image for {name}": digest for name, digest in images.items()}}


def _platforms(manifest: Manifest) -> Mapping[str, str]:
    try:
        return manifest.platforms
    except ValueError as error:
        raise UntrustworthyAnswer(f"The index {manifest.digest} {error}, so it is unknown which one to use.") from error


def _is_index(content: Content, digest: str) -> bool:
    """Whether a digest is known to be that of an index."""
    try:
        return content.manifest(digest, "the manifest").is_index
    except (DeniedByPolicy, Gone):
        return False


def _readable_platforms(content: Content, index: str) -> Mapping[str, str]:
    try:
        return _platforms(content.manifest(index, "the index"))
    except (DeniedByPolicy, Gone):
        return {}


def _wanted(rule: Rule, manifest: Manifest, platforms: Mapping[str, str]) -> Mapping[str, str]:
    """Returns the images that must be there, by their platforms."""
    if rule.platform is None:
        return platforms
    name = str(rule.platform)
    if not manifest.is_index:
        raise UnknownPlatform(
            f"{manifest.digest} is a single image without a list of platforms, so platform {name} cannot be chosen. Omit"
            " platform."
        )
    if name not in platforms:
        listed = ", ".join(sorted(platforms)) or "none"
        raise UnknownPlatform(f"the image is not built for {name}. Its platforms: {listed}.")
    return {name: platforms[name]}


def _reject_excluded_image(rule: Rule, platforms: Mapping[str, str], index: str) -> None:
    for platform, digest in platforms.items():
        if digest in rule.exclude:
            raise InvalidRule(
                f"exclude contains {digest}, which is the image for {platform} in the index {index}. Exclude the index"
                " instead.",
                "exclude",
            )


def _created_of_image(content: Content, platforms: Mapping[str, str], platform: Platform | None) -> Instant | None:
    name = str(platform or DEFAULT_PLATFORM)
    return content.manifest(platforms[name], f"the image for {name}").created if name in platforms else None
