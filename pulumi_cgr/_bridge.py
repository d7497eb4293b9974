# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Names of the resolver that only this package uses, beside the public ones in `resolver.py`.  They may change at any time."""

from ansible_collections.cgr.images.plugins.module_utils._files.atomic import locked as lock_folder
from ansible_collections.cgr.images.plugins.module_utils._files.atomic import remove_partial as remove_partial_file
from ansible_collections.cgr.images.plugins.module_utils._files.atomic import replace as replace_file
from ansible_collections.cgr.images.plugins.module_utils._files.ignored import IGNORED
from ansible_collections.cgr.images.plugins.module_utils._files.status import NOT_DONE, exit_status
from ansible_collections.cgr.images.plugins.module_utils._files.status import skipped as skipped_rows
from ansible_collections.cgr.images.plugins.module_utils._lockfile.codec import (
    conflict_message as lock_conflict_message,
)
from ansible_collections.cgr.images.plugins.module_utils._lockfile.codec import decode as decode_lock
from ansible_collections.cgr.images.plugins.module_utils._lockfile.codec import decode_file as decode_lock_file
from ansible_collections.cgr.images.plugins.module_utils._lockfile.codec import encode as encode_lock
from ansible_collections.cgr.images.plugins.module_utils._lockfile.codec import encode_entry, has_conflict, read_lock
from ansible_collections.cgr.images.plugins.module_utils._lockfile.codec import read_content as read_lock_content
from ansible_collections.cgr.images.plugins.module_utils._lockfile.codec import read_if_there as read_lock_if_there
from ansible_collections.cgr.images.plugins.module_utils._lockfile.lookup import (
    lock_command,
    naming_options,
    pin_command,
    reject_other_upstream,
    rule_options,
)
from ansible_collections.cgr.images.plugins.module_utils._lockfile.model import (
    LOCK_FILE_NAME,
    Entry,
    Key,
    Lock,
    lock_key,
    locked_rule,
    upstream_of,
    without_digest,
)
from ansible_collections.cgr.images.plugins.module_utils._resolver.border import border, log_debug
from ansible_collections.cgr.images.plugins.module_utils._resolver.errors import error_from_dict
from ansible_collections.cgr.images.plugins.module_utils._resolver.history.selection import REPLACED, choose
from ansible_collections.cgr.images.plugins.module_utils._resolver.history.timeline import SINCE
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.build import HistoryRange
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.duration import (
    humanize_duration,
    parse_duration,
)
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.grammar import is_digest
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.instant import DAY, HOUR, SECOND
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.kinds import parse_at
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.query import Query
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.query_set import ImageLike
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.reference import Reference, parse_ref
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.reference import parse as parse_image
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.rule import (
    PARTS,
    RULE_NAMES,
    Part,
    RuleArguments,
)
from ansible_collections.cgr.images.plugins.module_utils._resolver.redaction import redact
from ansible_collections.cgr.images.plugins.module_utils._resolver.resolve.access import Trace
from ansible_collections.cgr.images.plugins.module_utils._resolver.resolve.concurrency import run_concurrently
from ansible_collections.cgr.images.plugins.module_utils._resolver.resolve.current import keep_current
from ansible_collections.cgr.images.plugins.module_utils._resolver.resolve.snapshot import Progress
from ansible_collections.cgr.images.plugins.module_utils._resolver.settings import SETTINGS, Setting, Settings
from ansible_collections.cgr.images.plugins.module_utils._resolver.version import VERSION

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
    "VERSION",
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
    "border",
    "choose",
    "decode_lock",
    "decode_lock_file",
    "encode_entry",
    "encode_lock",
    "error_from_dict",
    "exit_status",
    "has_conflict",
    "humanize_duration",
    "is_digest",
    "keep_current",
    "lock_command",
    "lock_conflict_message",
    "lock_folder",
    "lock_key",
    "locked_rule",
    "log_debug",
    "naming_options",
    "parse_at",
    "parse_duration",
    "parse_image",
    "parse_ref",
    "pin_command",
    "read_lock",
    "read_lock_content",
    "read_lock_if_there",
    "redact",
    "reject_other_upstream",
    "remove_partial_file",
    "replace_file",
    "rule_options",
    "run_concurrently",
    "skipped_rows",
    "upstream_of",
    "without_digest",
]
