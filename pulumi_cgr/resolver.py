# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The resolver, as a library of its own: it needs requests, and neither Pulumi nor Ansible.

    >>> from pulumi_cgr.resolver import Resolver
    >>> Resolver().resolve("cgr.dev/chainguard/python:latest-dev", at="2024-06-01").ref

The code lives in the Ansible collection, because Ansible can ship it to other hosts only from there.  This is the one
place that reaches over.
"""

from ansible_collections.cgr.images.plugins.module_utils._resolver.errors import (
    AccessRefused,
    BeforeFirstBuild,
    CgrError,
    InvalidImage,
    InvalidInstant,
    InvalidQuestion,
    MissingDependency,
    NoSuchBuild,
    RegistryUnavailable,
    UnknownRepository,
    UnknownTag,
    UntrustworthyAnswer,
)
from ansible_collections.cgr.images.plugins.module_utils._resolver.instant import AtLike, Instant
from ansible_collections.cgr.images.plugins.module_utils._resolver.reference import Reference
from ansible_collections.cgr.images.plugins.module_utils._resolver.reference import is_digest as is_digest
from ansible_collections.cgr.images.plugins.module_utils._resolver.reference import parse as parse_image
from ansible_collections.cgr.images.plugins.module_utils._resolver.resolver import Answer, Resolver, parse_at

__all__ = [
    "AccessRefused",
    "Answer",
    "AtLike",
    "BeforeFirstBuild",
    "CgrError",
    "Instant",
    "InvalidImage",
    "InvalidInstant",
    "InvalidQuestion",
    "MissingDependency",
    "NoSuchBuild",
    "Reference",
    "RegistryUnavailable",
    "Resolver",
    "UnknownRepository",
    "UnknownTag",
    "UntrustworthyAnswer",
    "is_digest",
    "parse_at",
    "parse_image",
]
