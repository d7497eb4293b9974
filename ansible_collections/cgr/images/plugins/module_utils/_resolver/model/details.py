# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The content of the manifest of a build: its platforms, and when it was built."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping

from .grammar import is_digest
from .instant import Instant


@dataclass(frozen=True)
class Details:
    """The content of the manifest of a build.

    Attributes:
        index: the digest that the tag pointed at: that of the index of all platforms.
        platform: the platform that was asked for, such as `linux/arm64`; empty if none was.
        platforms: the digests of the images for the platforms, such as `linux/amd64`; empty for a single image.
        created: when it was built, in UTC; `None` if it does not say, or was not asked.
    """

    index: str
    platform: str = ""
    platforms: Mapping[str, str] = field(default_factory=dict)
    created: Instant | None = None

    def to_dict(self) -> dict[str, Any]:
        """Returns the details as JSON data, for another process; `from_dict` reads it."""
        created = str(self.created) if self.created else None
        return {"index": self.index, "platform": self.platform, "platforms": dict(self.platforms), "created": created}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Details:
        """Reads what `to_dict` returned.

        Raises:
            ValueError, KeyError, TypeError, AttributeError: it is something else.
        """
        platforms = {str(name): str(digest) for name, digest in data.get("platforms", {}).items()}
        if not all(map(is_digest, (data["index"], *platforms.values()))):
            raise ValueError("is not a digest")
        created = data.get("created")  # Pulumi drops what is None
        return cls(data["index"], str(data.get("platform", "")), platforms, Instant.parse(created) if created else None)
