# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The difference between two builds of an image: packages, configuration, size, and when they were created.  Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Mapping, Sequence

from .._resolver.model.instant import Instant
from .._resolver.model.signature import Signature
from .apk_version import is_downgrade
from .contents import CONFIGURATION, Contents

AS_PUBLISHED = "as published, not verified"


@dataclass(frozen=True)
class PackageChanges:
    """The packages that differ between two builds.

    Attributes:
        added: the versions of those that only the new build has, by name.
        removed: the versions of those that only the old build has, by name.
        updated: the old and the new version of those that both have in different versions, by name.
        downgraded: the names of those of `updated` whose new version is earlier, in apk's order.
    """

    added: Mapping[str, str] = field(default_factory=dict)
    removed: Mapping[str, str] = field(default_factory=dict)
    updated: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    downgraded: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all of them, sorted."""
        return tuple(sorted({*self.added, *self.removed, *self.updated}))

    def to_dict(self) -> dict[str, Any]:
        """Returns them in the form of `--json` and of the results."""
        updated = {name: list(versions) for name, versions in self.updated.items()}
        return {
            "added": dict(self.added),
            "removed": dict(self.removed),
            "updated": updated,
            "downgraded": list(self.downgraded),
        }


@dataclass(frozen=True)
class BuildContents:
    """One build, and what is known about it.

    Attributes:
        digest: the digest of its index.
        created: when it was created, by its own annotation; none if it does not say.
        size: the size of its layers for the platform, compressed, in bytes; none if it is not known.
        contents: its packages and configuration; none if its publisher does not describe them.
        signature: the verified signature of the description; none if it was not verified.
        warnings: why something is not known.
    """

    digest: str
    created: Instant | None = None
    size: int | None = None
    contents: Contents | None = None
    signature: Signature | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Difference:
    """The difference between two builds of an image.

    Attributes:
        image: the image with its tag, or without a tag if only digests are known.
        platform: the platform that was compared, such as `linux/amd64`; none if it is not known.
        old: the old build.
        new: the new build.
        builds_between: how many builds the tag pointed at between them; none if the tag's history does not have both.
        packages: the packages that differ; none if they are not known for both builds.
        config: the old and the new value of the parts of the configuration that differ; none if it is not known for both.
        warnings: what the user should look at, such as a build without an attestation.
    """

    image: str
    platform: str | None
    old: BuildContents
    new: BuildContents
    builds_between: int | None = None
    packages: PackageChanges | None = None
    config: Mapping[str, tuple[Any, Any]] | None = None
    warnings: tuple[str, ...] = ()

    @property
    def is_verified(self) -> bool:
        """Whether the signatures of both descriptions were verified."""
        return bool(self.old.signature and self.new.signature)

    @property
    def source(self) -> str:
        """How far the packages can be trusted, for a person."""
        signers = [each.signature.by for each in (self.old, self.new) if each.signature]
        return f"verified, by {' and '.join(dict.fromkeys(signers))}" if self.is_verified else AS_PUBLISHED

    def without_contents(self) -> Difference:
        """Returns the difference without packages and configuration."""
        old, new = (replace(each, contents=None, signature=None) for each in (self.old, self.new))
        return replace(self, old=old, new=new, packages=None, config=None)

    def to_dict(self) -> dict[str, Any]:
        """Returns the difference in the form of `--json` and of the results, instants as text."""
        config = None if self.config is None else {name: list(values) for name, values in self.config.items()}
        return {
            "image": self.image,
            "platform": self.platform,
            "old": self.old.digest,
            "new": self.new.digest,
            "builds_between": self.builds_between,
            "packages": self.packages.to_dict() if self.packages else None,
            "config": config,
            "size": [self.old.size, self.new.size],
            "created": [str(each.created) if each.created else None for each in (self.old, self.new)],
            "verified": self.is_verified,
            "warnings": list(self.warnings),
        }


def compare(
    image: str, platform: str | None, old: BuildContents, new: BuildContents, builds_between: int | None = None
) -> Difference:
    """Compares two builds of an image.

    Args:
        image: the image.
        platform: the platform of which the contents are.
        old, new: the builds.
        builds_between: see `Difference`.
    """
    packages, config = None, None
    if old.contents and new.contents:
        packages = compare_packages(old.contents.packages, new.contents.packages)
        config = compare_configuration(old.contents.configuration, new.contents.configuration)
    warnings = tuple(dict.fromkeys((*old.warnings, *new.warnings)))
    return Difference(image, platform, old, new, builds_between, packages, config, warnings)


def compare_packages(old: Mapping[str, str], new: Mapping[str, str]) -> PackageChanges:
    """Compares the packages of two builds, each the versions by name."""
    both = [name for name in sorted(old) if name in new and old[name] != new[name]]
    return PackageChanges(
        added={name: new[name] for name in sorted(new) if name not in old},
        removed={name: old[name] for name in sorted(old) if name not in new},
        updated={name: (old[name], new[name]) for name in both},
        downgraded=tuple(name for name in both if is_downgrade(old[name], new[name])),
    )


def compare_configuration(
    old: Mapping[str, Any] | None, new: Mapping[str, Any] | None, names: Sequence[str] = CONFIGURATION
) -> dict[str, tuple[Any, Any]] | None:
    """Returns the old and the new value of what differs between two configurations; `None` if one is not known."""
    if old is None or new is None:
        return None
    return {name: (old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)}
