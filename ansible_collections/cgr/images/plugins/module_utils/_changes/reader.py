# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Reading what a build contains: its index, its image for one platform, and the attestations of that image.

Sources: cosign's tag `sha256-HEX.att`, whose layers are DSSE envelopes; and Sigstore bundles that refer to the image by the
API for referrers.  Chainguard attests the packages of the image for each platform, not those of the index.

Nothing is verified here.  To verify, pass a `Verify`: then only attestations that it accepts are used, and a build without one
is refused.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Callable, Iterator, Mapping, Optional, Tuple

from .._resolver.errors import (
    CgrError,
    InvalidRule,
    NotSigned,
    SignatureRefused,
    UnknownPlatform,
    UntrustworthyAnswer,
)
from .._resolver.model.attestation import PREDICATE_TYPE_ANNOTATIONS, Attestation, parse_attestation
from .._resolver.model.manifest import Manifest
from .._resolver.model.platform import Platform
from .._resolver.model.signature import Signature
from .._resolver.registry.content import Content
from .contents import IMAGE_CONFIGURATION, SPDX, Contents, parse_predicate
from .difference import BuildContents

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
DEFAULT_PLATFORM = "linux/amd64"
LARGEST_DOCUMENT = 16 * 1024 * 1024
MOST_DOCUMENTS = 32
MOST_PROBLEMS = 5

Verify = Callable[[Attestation], Signature]
"""Returns the verified signature of an attestation; raises `SignatureRefused` with a predicate if it is not valid."""

_Read = Tuple[Contents, Optional[Signature]]


class _NotAttested(ValueError):
    """An image has no attestation of its packages."""


@dataclass(frozen=True)
class _Published:
    """A document that was published with an image, and is not read yet."""

    digest: str
    size: int
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def predicate_type(self) -> str:
        """The type of its predicate, as its annotations say; empty if they do not."""
        return next((self.annotations[name] for name in PREDICATE_TYPE_ANNOTATIONS if name in self.annotations), "")


def read_build(
    content: Content, digest: str, platform: str | None = None, verify: Verify | None = None
) -> tuple[BuildContents, str | None]:
    """Reads what a build contains.

    Args:
        content: the content of its repository.
        digest: the digest of its index, or of an image for one platform.
        platform: the platform; by default `linux/amd64`, or the first one if the image is not built for it.
        verify: verifies the attestations; by default they are taken as published.

    Returns:
        The build, and its platform; `None` for an image without an index. If its packages are not known, a warning says why.

    Raises:
        UnknownPlatform, InvalidRule: the image is not built for the platform, or it is malformed.
        Gone, DeniedByPolicy, AccessRefused, NoSuchBuild, RegistryUnavailable, UntrustworthyAnswer: as for `Content.manifest`.
        NotSigned, SignatureRefused: no attestation of its packages is there, or is verified; only with `verify`.
    """
    index = content.manifest(digest, "the index")
    named, child = _child(index, platform)
    image = content.manifest(child, "the image") if child != digest else index
    created, size = index.created or image.created, sum(layer.size for layer in image.layers)
    try:
        contents, signature = _contents(content, child, verify)
    except ValueError as error:
        if verify:
            raise _refusal(child, error) from error
        warning = f"the packages of {digest} are not known: the image {error}."
        return BuildContents(digest, created, size, warnings=(warning,)), named
    return BuildContents(digest, created, size, contents, signature), named


def _refusal(child: str, error: ValueError) -> CgrError:
    if isinstance(error, _NotAttested):
        return NotSigned(f"the image {child} {error}, so that nothing can be verified. Compare it without 'signed'.")
    return SignatureRefused(
        f"the image {child} {error}. If you trust another signer, add it to 'signers'; otherwise do not rely on its packages."
    )


def _child(index: Manifest, platform: str | None) -> tuple[str | None, str]:
    """Returns the platform and the digest of the image for it."""
    wanted = str(Platform.parse(platform)) if platform else None
    if not index.is_index:
        if wanted:
            raise InvalidRule(f"{index.digest} is one image, not an index of several: omit 'platform'.", "platform")
        return None, index.digest
    try:
        platforms = index.platforms
    except ValueError as error:
        raise UntrustworthyAnswer(f"The index {index.digest} {error}.") from error
    if not platforms:
        raise UnknownPlatform(f"The index {index.digest} lists no image for a platform.")
    named = wanted or (DEFAULT_PLATFORM if DEFAULT_PLATFORM in platforms else next(iter(platforms)))
    if named not in platforms:
        raise UnknownPlatform(f"{index.digest} is not built for {named}, only for {', '.join(platforms)}.")
    return named, platforms[named]


def _contents(content: Content, child: str, verify: Verify | None) -> _Read:
    """Returns what an image contains, as its attestations say, and who signed that.

    What is not verified is kept permanently, because a digest never changes; signatures have a cache of their own.

    Raises:
        ValueError: it has no attestation that can be used; the message is a predicate.
    """
    if verify:
        return _attested(content, child, verify)

    def fetch() -> bytes:
        return json.dumps(_attested(content, child, None)[0].to_dict()).encode()

    kept = content.keep(f"contents of {child}", fetch)
    try:
        return Contents.from_dict(json.loads(kept)), None
    except (ValueError, KeyError, TypeError, AttributeError):
        return _attested(content, child, None)  # what was kept is damaged


def _attested(content: Content, child: str, verify: Verify | None) -> _Read:
    published = [*_tagged(content, child), *_referring(content, child)]
    if len(published) > MOST_DOCUMENTS:
        raise ValueError(f"has more than {MOST_DOCUMENTS} attestations")
    problems: list[str] = []
    for kind in (IMAGE_CONFIGURATION, SPDX):
        wanted = [each for each in published if not each.predicate_type or each.predicate_type.startswith(kind)]
        found = list(_read(content, child, kind, wanted, verify, problems))
        if any(contents != found[0][0] for contents, _signature in found):
            raise ValueError(f"has {len(found)} attestations that contradict each other")
        if found:
            return found[0]
    if not problems:
        raise _NotAttested("has no attestation of its packages")
    raise ValueError(
        "; ".join(f"has an attestation that {problem}" for problem in dict.fromkeys(problems[:MOST_PROBLEMS]))
    )


def _read(
    content: Content,
    child: str,
    kind: str,
    published: list[_Published],
    verify: Verify | None,
    problems: list[str],
) -> Iterator[_Read]:
    """Yields what the attestations of one kind say, and who signed each; adds the problems of those that cannot be used."""
    for each in published:
        try:
            if each.size > LARGEST_DOCUMENT:
                raise ValueError(f"is larger than {LARGEST_DOCUMENT // 1024 // 1024} MiB")
            document = content.blob(each.digest, LARGEST_DOCUMENT)
            attestation = parse_attestation(document, child, each.annotations)
            if not attestation.predicate_type.startswith(kind):
                continue
            contents = parse_predicate(kind, attestation.predicate)
            yield contents, verify(attestation) if verify else None
        except ValueError as error:
            problems.append(str(error))
        except SignatureRefused as error:
            problems.append(error.message)
        except UntrustworthyAnswer as error:
            problems.append(f"cannot be read: {error.message}")


def _tagged(content: Content, child: str) -> Iterator[_Published]:
    manifest = content.tagged(f"{child.replace(':', '-')}.att")
    for layer in manifest.layers if manifest else ():
        yield _Published(layer.digest, layer.size, layer.annotations)


def _referring(content: Content, child: str) -> Iterator[_Published]:
    for descriptor in content.referrers(child, BUNDLE)[: MOST_DOCUMENTS + 1]:
        kind = _Published(descriptor.digest, descriptor.size, descriptor.annotations).predicate_type
        if kind and not kind.startswith((IMAGE_CONFIGURATION, SPDX)):
            continue
        manifest = content.manifest(descriptor.digest, "the attestation")
        if manifest.subject == child:
            for layer in manifest.layers:
                annotations = {**manifest.annotations, **layer.annotations}
                yield _Published(layer.digest, layer.size, annotations)
