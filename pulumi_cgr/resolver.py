# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The resolver, as a library of its own: it needs requests, and neither Pulumi nor Ansible.

    >>> from pulumi_cgr.resolver import Resolver
    >>> Resolver().resolve("cgr.dev/chainguard/python:latest-dev", at="2024-06-01").ref

The code lives in the Ansible collection, because Ansible can ship it to other hosts only from there.
"""

from ansible_collections.cgr.images.plugins.module_utils._resolver.auth.credentials import Considered
from ansible_collections.cgr.images.plugins.module_utils._resolver.cache.cache import Cache, MemoryCache
from ansible_collections.cgr.images.plugins.module_utils._resolver.errors import (
    AccessRefused,
    BeforeFirstBuild,
    BrokenCredentials,
    CgrError,
    CredentialsExpired,
    CredentialsRefused,
    DeniedByPolicy,
    Gone,
    InvalidArgument,
    InvalidImage,
    InvalidInstant,
    InvalidLock,
    InvalidRule,
    MissingDependency,
    NoBuildFits,
    NoSuchBuild,
    NotEntitled,
    NotLocked,
    NotSigned,
    NotSignedIn,
    RegistryUnavailable,
    SeveralFailed,
    SignatureError,
    SignatureRefused,
    UnknownOrganisation,
    UnknownPlatform,
    UnknownRepository,
    UnknownTag,
    UntrustworthyAnswer,
    WrongAudience,
)
from ansible_collections.cgr.images.plugins.module_utils._resolver.history.timeline import Interval, Timeline
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.build import Build
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.instant import AtLike, Instant
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.mirrors import Mirrors
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.resolution import Resolution, Resolutions
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.rule import Rule
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.signature import Signature
from ansible_collections.cgr.images.plugins.module_utils._resolver.resolver import Resolver

__all__ = [
    "AccessRefused",
    "AtLike",
    "BeforeFirstBuild",
    "BrokenCredentials",
    "Build",
    "Cache",
    "CgrError",
    "Considered",
    "CredentialsExpired",
    "CredentialsRefused",
    "DeniedByPolicy",
    "Gone",
    "Instant",
    "Interval",
    "InvalidArgument",
    "InvalidImage",
    "InvalidInstant",
    "InvalidLock",
    "InvalidRule",
    "MemoryCache",
    "Mirrors",
    "MissingDependency",
    "NoBuildFits",
    "NoSuchBuild",
    "NotEntitled",
    "NotLocked",
    "NotSigned",
    "NotSignedIn",
    "RegistryUnavailable",
    "Resolution",
    "Resolutions",
    "Resolver",
    "Rule",
    "SeveralFailed",
    "Signature",
    "SignatureError",
    "SignatureRefused",
    "Timeline",
    "UnknownOrganisation",
    "UnknownPlatform",
    "UnknownRepository",
    "UnknownTag",
    "UntrustworthyAnswer",
    "WrongAudience",
]
