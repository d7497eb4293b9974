# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The resolver, as a library of its own: it needs requests, and neither Pulumi nor Ansible.

    >>> from pulumi_cgr.resolver import Resolver
    >>> Resolver().resolve("cgr.dev/chainguard/python:latest-dev", at="2024-06-01").ref

The code lives in the Ansible collection, because Ansible can ship it to other hosts only from there.  This is the one
place that reaches over.
"""

from ansible_collections.cgr.images.plugins.module_utils._resolver.credentials import Considered
from ansible_collections.cgr.images.plugins.module_utils._resolver.errors import (
    AccessRefused,
    BeforeFirstBuild,
    BrokenCredentials,
    CgrError,
    CredentialsExpired,
    CredentialsRefused,
    DeniedByPolicy,
    InvalidImage,
    InvalidInstant,
    InvalidQuestion,
    MissingDependency,
    NoSuchBuild,
    NotEntitled,
    NotSignedIn,
    RegistryUnavailable,
    UnknownOrganisation,
    UnknownRepository,
    UnknownTag,
    UntrustworthyAnswer,
    WrongAudience,
)
from ansible_collections.cgr.images.plugins.module_utils._resolver.instant import AtLike, Instant
from ansible_collections.cgr.images.plugins.module_utils._resolver.reference import Reference
from ansible_collections.cgr.images.plugins.module_utils._resolver.reference import is_digest as is_digest
from ansible_collections.cgr.images.plugins.module_utils._resolver.reference import parse as parse_image
from ansible_collections.cgr.images.plugins.module_utils._resolver.resolver import Answer, Resolver, Trace, parse_at
from ansible_collections.cgr.images.plugins.module_utils._resolver.settings import NAMES as SETTINGS
from ansible_collections.cgr.images.plugins.module_utils._resolver.settings import Settings

__all__ = [
    "SETTINGS",
    "AccessRefused",
    "Answer",
    "AtLike",
    "BeforeFirstBuild",
    "BrokenCredentials",
    "CgrError",
    "Considered",
    "CredentialsExpired",
    "CredentialsRefused",
    "DeniedByPolicy",
    "Instant",
    "InvalidImage",
    "InvalidInstant",
    "InvalidQuestion",
    "MissingDependency",
    "NoSuchBuild",
    "NotEntitled",
    "NotSignedIn",
    "Reference",
    "RegistryUnavailable",
    "Resolver",
    "Settings",
    "Trace",
    "UnknownOrganisation",
    "UnknownRepository",
    "UnknownTag",
    "UntrustworthyAnswer",
    "WrongAudience",
    "is_digest",
    "parse_at",
    "parse_image",
]
