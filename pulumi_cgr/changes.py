# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Changes between two builds of an image, and of many images between two instants.  Needs requests only.

    >>> from pulumi_cgr.changes import compare_digests, list_changes
    >>> from pulumi_cgr.resolver import Resolver
    >>> list_changes(Resolver(), {"cgr.dev/chainguard/python:latest": []}, since="2d").images[0].moves

Packages and configuration are those that the publisher attests.  They are not verified, unless `signed` is true.

The code lives beside the resolver in the Ansible collection.
"""

from ansible_collections.cgr.images.plugins.module_utils._changes.apk_version import is_downgrade, version_key
from ansible_collections.cgr.images.plugins.module_utils._changes.compare import (
    Pair,
    compare_builds,
    compare_digests,
    compare_or_warn,
    compare_pairs,
)
from ansible_collections.cgr.images.plugins.module_utils._changes.contents import Contents
from ansible_collections.cgr.images.plugins.module_utils._changes.difference import (
    BuildContents,
    Difference,
    PackageChanges,
)
from ansible_collections.cgr.images.plugins.module_utils._changes.ends import Ends, digest_in, find_ends
from ansible_collections.cgr.images.plugins.module_utils._changes.listing import list_changes
from ansible_collections.cgr.images.plugins.module_utils._changes.moves import Changes, ImageMoves

__all__ = [
    "BuildContents",
    "Changes",
    "Contents",
    "Difference",
    "Ends",
    "ImageMoves",
    "PackageChanges",
    "Pair",
    "compare_builds",
    "compare_digests",
    "compare_or_warn",
    "compare_pairs",
    "digest_in",
    "find_ends",
    "is_downgrade",
    "list_changes",
    "version_key",
]
