# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Pins Chainguard images to immutable digests, in Pulumi programs.

    import pulumi_cgr as cgr

    web = cgr.ImageDigest("web", image="cgr.dev/chainguard/python:latest-dev", at="2024-06-01T00:00:00Z")
    pulumi.export("web", web.ref)

Names that need pulumi are imported on first use, so that `pulumi_cgr.resolver` and `pulumi_cgr.testing` work without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .functions import (
        AwaitableGetImageDigestResult,
        Build,
        GetImageDigestResult,
        Signed,
        get_image_digest,
        get_image_digest_output,
    )
    from .image_changes import (
        AwaitableGetImageChangesResult,
        GetImageChangesResult,
        PackageChanges,
        get_image_changes,
        get_image_changes_output,
    )
    from .image_digest import ImageDigest
    from .image_digests import ImageDigests

__all__ = [
    "AwaitableGetImageChangesResult",
    "AwaitableGetImageDigestResult",
    "Build",
    "GetImageChangesResult",
    "GetImageDigestResult",
    "ImageDigest",
    "ImageDigests",
    "PackageChanges",
    "Signed",
    "get_image_changes",
    "get_image_changes_output",
    "get_image_digest",
    "get_image_digest_output",
]


_HOMES = {
    "ImageDigest": "image_digest",
    "ImageDigests": "image_digests",
    "AwaitableGetImageChangesResult": "image_changes",
    "GetImageChangesResult": "image_changes",
    "PackageChanges": "image_changes",
    "get_image_changes": "image_changes",
    "get_image_changes_output": "image_changes",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'functions')}"), name)
