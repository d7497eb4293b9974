# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The resolver, as a library of its own: it needs requests, and neither Pulumi nor Ansible.

    >>> from pulumi_cgr.resolver import Resolver
    >>> Resolver().resolve("cgr.dev/chainguard/python:latest-dev", at="2024-06-01").ref

The code lives in the Ansible collection, because Ansible can ship it to other hosts only from there.  This is the one
place that reaches over.
"""

from ansible_collections.cgr.images.plugins.module_utils._files.atomic import replace as replace_file
from ansible_collections.cgr.images.plugins.module_utils._lockfile.codec import change as change_lock
from ansible_collections.cgr.images.plugins.module_utils._lockfile.codec import read_if_there as read_lock_if_there
from ansible_collections.cgr.images.plugins.module_utils._lockfile.codec import read_lock
from ansible_collections.cgr.images.plugins.module_utils._lockfile.lookup import (
    lock_command,
    pin_command,
    refuse_other_upstream,
)
from ansible_collections.cgr.images.plugins.module_utils._lockfile.model import (
    LOCK_FILE_NAME,
    Entry,
    Key,
    Lock,
    key_of,
    merged,
    unpinned,
)
from ansible_collections.cgr.images.plugins.module_utils._resolver.auth.credentials import Considered
from ansible_collections.cgr.images.plugins.module_utils._resolver.cache.cache import Memory, ProcessMemory
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
    InvalidLock,
    InvalidQuestion,
    InvalidRule,
    MissingDependency,
    NoBuildFits,
    NoSuchBuild,
    NotEntitled,
    NotLocked,
    NotSignedIn,
    RegistryUnavailable,
    SeveralFailed,
    UnknownOrganisation,
    UnknownRepository,
    UnknownTag,
    UntrustworthyAnswer,
    WrongAudience,
    quoted,
)
from ansible_collections.cgr.images.plugins.module_utils._resolver.history.reader import Record as Build
from ansible_collections.cgr.images.plugins.module_utils._resolver.history.reader import Stretch
from ansible_collections.cgr.images.plugins.module_utils._resolver.history.selection import (
    REPLACED,
    Choice,
    never_back,
)
from ansible_collections.cgr.images.plugins.module_utils._resolver.history.timeline import SINCE, Past, Stay
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.duration import parse_span
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.instant import (
    DAY,
    HOUR,
    SECOND,
    AtLike,
    Instant,
    duration,
)
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.mirrors import Mirrors
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.query import RULES, Question, parse_at
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.reference import Reference, parse_ref
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.reference import is_digest as is_digest
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.reference import parse as parse_image
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.resolution import Answer, Answers
from ansible_collections.cgr.images.plugins.module_utils._resolver.resolve.concurrency import in_parallel
from ansible_collections.cgr.images.plugins.module_utils._resolver.resolve.single import Trace
from ansible_collections.cgr.images.plugins.module_utils._resolver.resolve.snapshot import Progress
from ansible_collections.cgr.images.plugins.module_utils._resolver.resolver import Resolver
from ansible_collections.cgr.images.plugins.module_utils._resolver.settings import NAMES as SETTINGS
from ansible_collections.cgr.images.plugins.module_utils._resolver.settings import Settings

__all__ = [
    "DAY",
    "HOUR",
    "LOCK_FILE_NAME",
    "REPLACED",
    "RULES",
    "SECOND",
    "SETTINGS",
    "SINCE",
    "AccessRefused",
    "Answer",
    "Answers",
    "AtLike",
    "BeforeFirstBuild",
    "BrokenCredentials",
    "Build",
    "CgrError",
    "Choice",
    "Considered",
    "CredentialsExpired",
    "CredentialsRefused",
    "DeniedByPolicy",
    "Entry",
    "Instant",
    "InvalidImage",
    "InvalidInstant",
    "InvalidLock",
    "InvalidQuestion",
    "InvalidRule",
    "Key",
    "Lock",
    "Memory",
    "Mirrors",
    "MissingDependency",
    "NoBuildFits",
    "NoSuchBuild",
    "NotEntitled",
    "NotLocked",
    "NotSignedIn",
    "Past",
    "ProcessMemory",
    "Progress",
    "Question",
    "Reference",
    "RegistryUnavailable",
    "Resolver",
    "Settings",
    "SeveralFailed",
    "Stay",
    "Stretch",
    "Trace",
    "UnknownOrganisation",
    "UnknownRepository",
    "UnknownTag",
    "UntrustworthyAnswer",
    "WrongAudience",
    "change_lock",
    "duration",
    "in_parallel",
    "is_digest",
    "key_of",
    "lock_command",
    "merged",
    "never_back",
    "parse_at",
    "parse_image",
    "parse_ref",
    "parse_span",
    "pin_command",
    "quoted",
    "read_lock",
    "read_lock_if_there",
    "refuse_other_upstream",
    "replace_file",
    "unpinned",
]
