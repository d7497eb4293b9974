# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""What the package itself uses of the resolver, beside the public names in `resolver.py`.  No API: it may change at any time."""

from ansible_collections.cgr.images.plugins.module_utils._files.atomic import replace as replace_file
from ansible_collections.cgr.images.plugins.module_utils._files.ignored import IGNORED
from ansible_collections.cgr.images.plugins.module_utils._files.status import NOT_DONE, exit_status
from ansible_collections.cgr.images.plugins.module_utils._files.status import skipped as skipped_rows
from ansible_collections.cgr.images.plugins.module_utils._lockfile.codec import change as change_lock
from ansible_collections.cgr.images.plugins.module_utils._lockfile.codec import read_if_there as read_lock_if_there
from ansible_collections.cgr.images.plugins.module_utils._lockfile.codec import read_lock
from ansible_collections.cgr.images.plugins.module_utils._lockfile.lookup import (
    lock_command,
    pin_command,
    refuse_other_upstream,
    rule_options,
)
from ansible_collections.cgr.images.plugins.module_utils._lockfile.model import (
    LOCK_FILE_NAME,
    Entry,
    Key,
    Lock,
    lock_key,
    merge_locks,
    without_digest,
)
from ansible_collections.cgr.images.plugins.module_utils._resolver.errors import error_from_dict, redact
from ansible_collections.cgr.images.plugins.module_utils._resolver.history.selection import REPLACED
from ansible_collections.cgr.images.plugins.module_utils._resolver.history.timeline import SINCE
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.build import HistoryRange
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.duration import (
    humanize_duration,
    parse_duration,
)
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.grammar import is_digest
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.instant import DAY, HOUR, SECOND
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.query import Query
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.query_set import ImageLike
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.reference import Reference, parse_ref
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.reference import parse as parse_image
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.rule import (
    PARTS,
    RULE_NAMES,
    Part,
    RuleArguments,
    parse_at,
)
from ansible_collections.cgr.images.plugins.module_utils._resolver.resolve.concurrency import run_concurrently
from ansible_collections.cgr.images.plugins.module_utils._resolver.resolve.current import keep_current
from ansible_collections.cgr.images.plugins.module_utils._resolver.resolve.single import Trace
from ansible_collections.cgr.images.plugins.module_utils._resolver.resolve.snapshot import Progress
from ansible_collections.cgr.images.plugins.module_utils._resolver.settings import SETTINGS, Setting, Settings

__all__ = [
    "DAY",
    "HOUR",
    "IGNORED",
    "LOCK_FILE_NAME",
    "NOT_DONE",
    "PARTS",
    "REPLACED",
    "RULE_NAMES",
    "SECOND",
    "SETTINGS",
    "SINCE",
    "Entry",
    "HistoryRange",
    "ImageLike",
    "Key",
    "Lock",
    "Part",
    "Progress",
    "Query",
    "Reference",
    "RuleArguments",
    "Setting",
    "Settings",
    "Trace",
    "change_lock",
    "error_from_dict",
    "exit_status",
    "humanize_duration",
    "is_digest",
    "keep_current",
    "lock_command",
    "lock_key",
    "merge_locks",
    "parse_at",
    "parse_duration",
    "parse_image",
    "parse_ref",
    "pin_command",
    "read_lock",
    "read_lock_if_there",
    "redact",
    "refuse_other_upstream",
    "replace_file",
    "rule_options",
    "run_concurrently",
    "skipped_rows",
    "without_digest",
]
