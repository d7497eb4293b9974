# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`cgr-images rollback`."""

from __future__ import annotations

from typing import Annotated

import typer

from .._bridge import RuleArguments, lock_key, read_lock
from ..changes import digest_in
from ..lockfile.rollback import rollback as roll_back
from ..lockfile.rollback import rollback_to
from ..resolver import InvalidArgument, Resolver
from . import options, uses
from .decorators import takes_resolver, takes_rule
from .lock_path import lock_of
from .lock_report import report_changes

Image = Annotated[str, typer.Argument(metavar="IMAGE", help="The image, which must be in the lock.")]
To = Annotated[
    str | None,
    typer.Option(
        "--to", metavar="DIGEST", help="Go back to this build, and exclude all to which the tag moved after it."
    ),
]
Builds = Annotated[int, typer.Option("--builds", metavar="NUMBER", min=1, help="How many builds to go back.")]


@takes_rule("current", "stale_after", "details")
@takes_resolver()
def rollback(
    locked: Image,
    builds: Builds = 1,
    to: To = None,
    lock_file: options.LockFile = None,
    *,
    rule: RuleArguments,
    resolver: Resolver,
    as_json: options.Json = False,
) -> None:
    """Goes back to an earlier build in the lock, and excludes the bad one, so that no later update takes it again.

    The rule's options say which entry is meant, if the lock has several for the image; `--builds-back 0` is the one without a
    rule.
    """
    path = lock_of(lock_file)
    query = uses.own_rule(read_lock(path), locked, rule, resolver)
    if to is None:
        report_changes(path, [roll_back(path, resolver, query, builds)], as_json)
        return
    if builds != 1:
        raise InvalidArgument("--to and --builds cannot be combined.", "to")
    key = lock_key(query)
    report_changes(path, rollback_to(path, resolver, key.image, digest_in(resolver, to, key.image), key=key), as_json)
